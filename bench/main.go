package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/idemgen/idemgen/internal/redistest"
	"github.com/redis/go-redis/v9"
)

// A bench is one run of the command.
type bench struct {
	host   *host
	server *redistest.Server
	plan   plan
	report *report
}

// sections are what can be measured, in the order of the report.
var sections = []struct {
	name    string
	measure func(*bench) error
}{
	// First, since a process counts as its own the memory that this one has when it
	// starts it.
	{"generation", (*bench).generation},
	{"throughput", (*bench).throughput},
	{"waiting", (*bench).waiting},
	{"holding", (*bench).holding},
	{"lean", (*bench).lean},
	{"memory", (*bench).memory},
	{"large", (*bench).large},
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == waiterCommand {
		os.Exit(waiterProcess(os.Args[2], os.Stdin, os.Stdout))
	}
	redis.SetLogger(quiet{})
	var names []string
	for _, s := range sections {
		names = append(names, s.name)
	}
	quick := flag.Bool("quick", false, "short runs, less than two minutes; without generation, unless -only names it")
	only := flag.String("only", strings.Join(names, ","), "sections to measure")
	jsonFile := flag.String("json", "", "write every figure to this file")
	markdownFile := flag.String("markdown", "", "write the tables as Markdown to this file")
	chartsDir := flag.String("charts", "", "draw the throughput as SVG into this folder")
	flag.Parse()
	wanted := strings.Split(*only, ",")
	if *quick && len(wanted) == len(sections) { // generation alone takes a minute
		wanted = slices.DeleteFunc(wanted, func(name string) bool { return name == "generation" })
	}
	for _, name := range wanted {
		if !slices.Contains(names, name) {
			fmt.Fprintf(os.Stderr, "bench: -only %q: one or more of %s\n", name, strings.Join(names, ","))
			os.Exit(2)
		}
	}

	h := new(host)
	b := &bench{host: h, plan: fullPlan, report: newReport()}
	if *quick {
		b.plan, b.report.Machine.Quick = quickPlan, true
	}
	err := b.run(wanted)
	h.end()
	if err == nil {
		b.report.text(os.Stdout)
		err = b.report.write(*jsonFile, *markdownFile, *chartsDir)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

// run measures the wanted sections on a fresh server each, so that none finds
// what another has left.
func (b *bench) run(wanted []string) error {
	for _, s := range sections {
		if !slices.Contains(wanted, s.name) {
			continue
		}
		began := time.Now()
		b.server = redistest.Start(b.host)
		b.report.describe(b.server)
		if err := s.measure(b); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		b.progress("%s took %v", s.name, time.Since(began).Round(time.Second))
		b.server.Stop()
	}
	return nil
}

// progress tells whoever waits in front of the terminal how far we are.
func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}
