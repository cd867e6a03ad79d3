package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/idemgen/idemgen/internal/human"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
)

// stats prints the records in numbers.
func (c command) stats(ctx context.Context, i *ops.Inspector, f *flags) error {
	p := c.progress()
	q := f.query()
	q.Progress = p.tell
	tasks, err := i.Stats(ctx, q)
	p.clear()
	if err != nil {
		return err
	}
	if f.json {
		encoder := json.NewEncoder(c.stdout)
		encoder.SetIndent("", "  ")
		return encoder.Encode(tasks)
	}
	if len(tasks) == 0 {
		fmt.Fprintln(c.stderr, "no records")
		return nil
	}
	// A tabwriter aligns all columns to the right: names come last.
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "RECORDS\tRUNNING\tINTERRUPTED\tRELEASED\tDONE\tFAILED\tCORRUPT\tRETRIED\tOLDEST OPEN\tLARGEST\tSIZE\t  TASK")
	for _, s := range tasks {
		cells := []string{
			human.Count(int64(s.Total)),
			number(s.States[idem.StateRunning]), number(s.States[idem.StateInterrupted]), number(s.States[idem.StateReleased]),
			number(s.States[idem.StateDone]), number(s.Failed), number(s.States[ops.StateCorrupt]), number(s.Retried),
			human.Ago(oldestOpen(s)), human.Size(int64(s.Largest)), human.Size(s.Bytes), "  " + taskName(s.Task),
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// number leaves a zero out, so that what is there can be seen.
func number(n int) string {
	if n == 0 {
		return "-"
	}
	return human.Count(int64(n))
}

// oldestOpen is when the oldest execution that runs or was interrupted has started.
func oldestOpen(s ops.TaskStats) time.Time {
	oldest := s.Oldest[idem.StateRunning]
	if t := s.Oldest[idem.StateInterrupted]; oldest.IsZero() || !t.IsZero() && t.Before(oldest) {
		oldest = t
	}
	return oldest
}

func taskName(name string) string {
	if name == "" {
		return "(keys of another form)"
	}
	return human.Printable(name)
}
