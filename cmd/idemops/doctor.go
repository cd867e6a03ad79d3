package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/idemgen/idemgen/internal/human"
	"github.com/idemgen/idemgen/runtime/ops"
)

// doctor prints what weakens the promises.
func (c command) doctor(ctx context.Context, i *ops.Inspector, f *flags) error {
	servers, err := i.Servers(ctx)
	if err != nil {
		return err
	}
	findings, err := i.Check(ctx)
	if err != nil {
		return err
	}
	if f.json {
		report := struct {
			Servers  []ops.Server `json:"servers"`
			Findings []finding    `json:"findings"`
		}{servers, make([]finding, len(findings))}
		for n, found := range findings {
			report.Findings[n] = finding(found)
		}
		encoder := json.NewEncoder(c.stdout)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(report); err != nil {
			return err
		}
	} else {
		for _, s := range servers {
			version := s.Version
			if version == "" {
				version = "a version that may not be asked for"
			}
			fmt.Fprintf(c.stdout, "%s: %s, %s keys\n", human.Printable(s.Addr), human.Printable(version), human.Count(s.Keys))
		}
		for _, found := range findings {
			at := ""
			if found.Nodes != "" {
				at = " (" + found.Nodes + ")"
			}
			fmt.Fprintf(c.stdout, "\n%s%s: %s\n    %s\n", colored("failed", human.Printable(found.Subject), isColorful(c.stdout)),
				human.Printable(at), human.Printable(found.Problem), human.Printable(found.Remedy))
		}
		if len(findings) == 0 {
			fmt.Fprintln(c.stdout, "\nnothing was found that weakens what is promised")
		}
	}
	if len(findings) > 0 {
		return errFindings
	}
	return nil
}

// A finding is [redisstore.Finding] as JSON.
type finding struct {
	Subject string `json:"subject"`
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
	Nodes   string `json:"nodes,omitempty"`
}
