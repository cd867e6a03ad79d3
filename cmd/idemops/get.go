package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/idemgen/idemgen/internal/human"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
)

// get prints one record.
func (c command) get(ctx context.Context, i *ops.Inspector, f *flags) error {
	r, err := i.Get(ctx, f.args[0])
	if err != nil {
		return err
	}
	if f.json {
		return c.getJSON(r, f.payload)
	}
	describe(c.stdout, r, isColorful(c.stdout))
	if r.State == idem.StateInterrupted {
		row(c.stdout, "next", "ask the system downstream, by the key, whether it took place: resolve it if so, else forget it")
	}
	if f.payload {
		describePayload(c.stdout, r)
	} else if hidden := hidden(r); hidden != "" {
		row(c.stdout, "payload", hidden+"; shown by -payload")
	}
	return nil
}

// getJSON prints a record as one object. A value that is JSON is part of it as such,
// any other as base64.
func (c command) getJSON(r ops.Record, payload bool) error {
	full := struct {
		ops.Record
		Value any `json:"value,omitempty"`
	}{Record: r}
	switch {
	case !payload:
		full.Reason, full.Metadata = "", nil
	case r.Value != nil && r.Codec == idem.JSON.Name() && json.Valid(r.Value):
		full.Value = json.RawMessage(r.Value)
	case r.Value != nil:
		full.Value = r.Value
	}
	encoder := json.NewEncoder(c.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(full)
}

// row prints one thing about a record.
func row(w io.Writer, name, value string) { fmt.Fprintf(w, "%-10s %s\n", name, value) }

// describe prints everything about a record but its payload.
func describe(w io.Writer, r ops.Record, colorful bool) {
	row(w, "key", human.Printable(r.Key))
	if r.Task != "" {
		row(w, "task", human.Printable(r.TaskName()))
	}
	state := stateName(r)
	row(w, "state", colored(state, state, colorful)+explain(r))
	if r.State != ops.StateCorrupt {
		row(w, "attempt", fmt.Sprint(r.Attempt))
		row(w, "execution", human.Printable(r.ID))
		row(w, "fence", fmt.Sprint(r.Fence))
		row(w, "started", human.Moment(r.StartedAt))
	}
	if !r.FinishedAt.IsZero() {
		row(w, "finished", human.Moment(r.FinishedAt)+", after "+human.Span(r.FinishedAt.Sub(r.StartedAt)))
	}
	if !r.LeaseEndsAt.IsZero() {
		row(w, "lease", fmt.Sprintf("%v, until %s", r.Lease, human.Moment(r.LeaseEndsAt)))
	}
	if !r.ExpiresAt.IsZero() {
		row(w, "expires", human.Moment(r.ExpiresAt))
	}
	if r.Fingerprint != "" {
		row(w, "match", human.Printable(r.Fingerprint))
	}
	row(w, "size", human.Size(int64(r.Size)))
}

// explain says what a state means to whoever looks at it.
func explain(r ops.Record) string {
	switch {
	case r.State == ops.StateCorrupt:
		return ": " + human.Printable(r.Problem)
	case r.State == idem.StateInterrupted:
		return ": its owner let the lease run out"
	case r.State == idem.StateRunning && r.Waiting:
		return ", and somebody waits for it"
	case r.State == idem.StateReleased:
		return ": the next caller runs it"
	}
	return ""
}

// hidden says which parts of a record are its payload, or nothing where it has none.
func hidden(r ops.Record) string {
	var parts []string
	if r.Reason != "" {
		parts = append(parts, "a reason")
	}
	if len(r.Metadata) > 0 {
		parts = append(parts, "metadata")
	}
	if r.Value != nil {
		parts = append(parts, fmt.Sprintf("a value of %s, by codec %s", human.Size(int64(len(r.Value))), human.Printable(r.Codec)))
	}
	return strings.Join(parts, ", ")
}

// describePayload prints reason, metadata and value.
func describePayload(w io.Writer, r ops.Record) {
	if r.Reason != "" {
		row(w, "reason", human.Printable(r.Reason))
	}
	if len(r.Metadata) > 0 {
		data, _ := json.Marshal(r.Metadata) // was read from JSON
		row(w, "metadata", human.Printable(string(data)))
	}
	if r.Value == nil {
		return
	}
	row(w, "value", fmt.Sprintf("%s, by codec %s", human.Size(int64(len(r.Value))), human.Printable(r.Codec)))
	var indented bytes.Buffer
	switch {
	case json.Indent(&indented, r.Value, "", "  ") == nil:
		fmt.Fprintln(w, human.Lines(indented.String()))
	case utf8.Valid(r.Value):
		fmt.Fprintln(w, human.Lines(string(r.Value)))
	default:
		fmt.Fprint(w, hex.Dump(r.Value))
	}
}
