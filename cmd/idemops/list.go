package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/idemgen/idemgen/internal/human"
	"github.com/idemgen/idemgen/runtime/ops"
)

// list prints the records that the flags ask for.
func (c command) list(ctx context.Context, i *ops.Inspector, f *flags) error {
	out := bufio.NewWriter(c.stdout)
	p := c.progress()
	q := f.query()
	q.Progress = func(at ops.Progress) {
		if out.Buffered() > 0 {
			p.clear()
			_ = out.Flush() // its error is that of the last Flush, too
		}
		p.tell(at)
	}
	print := c.printer(out, f, listHeader, listLine)
	found := 0
	for r, err := range i.List(ctx, q) {
		if err != nil {
			p.clear()
			_ = out.Flush()
			return err
		}
		found++
		if err := print(r); err != nil {
			return err
		}
	}
	p.clear()
	if found == 0 && !f.json {
		fmt.Fprintln(c.stderr, "no records")
	}
	return out.Flush()
}

const listHeader = "STATE        ATTEMPT      AGE  EXPIRES      SIZE  KEY\n"

func listLine(r ops.Record, colorful bool) string {
	key := human.Printable(r.Key)
	if r.Problem != "" {
		key += "  (" + human.Printable(r.Problem) + ")"
	}
	state := stateName(r)
	return fmt.Sprintf("%s  %7d  %7s  %7s  %8s  %s\n", colored(state, fmt.Sprintf("%-11s", state), colorful),
		r.Attempt, human.Ago(r.StartedAt), human.Until(r.ExpiresAt), human.Size(int64(r.Size)), key)
}

// printer returns what prints records, as lines of a table or of JSON.
func (c command) printer(out io.Writer, f *flags, header string, line func(ops.Record, bool) string) func(ops.Record) error {
	if f.json {
		encoder := json.NewEncoder(out)
		return func(r ops.Record) error { return encoder.Encode(r) }
	}
	colorful := isColorful(c.stdout)
	return func(r ops.Record) error {
		_, err := io.WriteString(out, header+line(r, colorful))
		header = ""
		return err
	}
}

// watch prints what is not done, and then every change.
func (c command) watch(ctx context.Context, i *ops.Inspector, f *flags) error {
	if f.every < 0 {
		return usageError{fmt.Errorf("flag -every is %v: at least 0", f.every)}
	}
	p := c.progress()
	q := f.query()
	q.Progress = p.tell
	print := c.printer(c.stdout, f, watchHeader, watchLine)
	for r, err := range i.Watch(ctx, q, f.every) {
		p.clear()
		if err != nil {
			return err
		}
		if err := print(r); err != nil {
			return err
		}
	}
	p.clear()
	return nil
}

const watchHeader = "SEEN      STATE        ATTEMPT      AGE  KEY\n"

func watchLine(r ops.Record, colorful bool) string {
	state := stateName(r)
	return fmt.Sprintf("%s  %s  %7d  %7s  %s\n", time.Now().UTC().Format(time.TimeOnly),
		colored(state, fmt.Sprintf("%-11s", state), colorful), r.Attempt, human.Ago(r.StartedAt), human.Printable(r.Key))
}
