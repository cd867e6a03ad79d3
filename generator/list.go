package generator

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// A Task is one line of the inventory that `idemgen list` prints. Its JSON form
// is what `idemgen list -json` prints; durations in it are as Go reads them.
type Task struct {
	Name        string   `json:"name"`             // as in keys
	Package     string   `json:"package"`          // import path
	Type        string   `json:"type"`             // the annotated struct
	Wrapper     string   `json:"wrapper"`          // the generated type
	Method      string   `json:"method,omitempty"` // the wrapped method; none for a handler task
	Result      string   `json:"result,omitempty"` // the type of its result; none for one that only fails or succeeds
	Outputs     []string `json:"outputs,omitempty"`
	Key         []string `json:"key"`
	Match       []string `json:"match,omitempty"`
	TTL         string   `json:"ttl"`
	OnDuplicate string   `json:"onDuplicate"`
	OnError     string   `json:"onError"`
	OnCrash     string   `json:"onCrash"`
	Wait        string   `json:"wait"`
	Lease       string   `json:"lease"`
	Prefix      string   `json:"prefix,omitempty"` // none means the client's
	Version     int      `json:"version,omitempty"`
	Codec       string   `json:"codec"`
	AllowEmpty  bool     `json:"allowEmpty"`
	File        string   `json:"file"` // relative to the working directory if inside it
	Line        int      `json:"line"`
	Column      int      `json:"column"`

	ttl time.Duration
}

// newTask returns the inventory's line of a planned task.
func newTask(t foundTask, dir string, importPath string) Task {
	a, plan := t.annotation, t.plan
	task := Task{
		Name:        plan.Name,
		Package:     importPath,
		Type:        plan.Type.String(),
		Wrapper:     plan.Wrapper,
		Result:      t.result,
		TTL:         shortDuration(a.TTL),
		OnDuplicate: a.OnDuplicate,
		OnError:     a.OnError,
		OnCrash:     a.OnCrash,
		Wait:        shortDuration(a.Wait),
		Lease:       shortDuration(a.Lease),
		Prefix:      a.Prefix,
		Version:     a.Version,
		Codec:       a.Codec,
		AllowEmpty:  a.AllowEmpty,
		File:        relative(dir, t.position.Filename),
		Line:        t.position.Line,
		Column:      t.position.Column,
		ttl:         a.TTL,
	}
	if len(plan.NameArgs) > 0 {
		task.Name += "[" + strings.Join(plan.NameArgs, ",") + "]"
	}
	if !plan.Handler {
		task.Method = plan.Method
	}
	for _, part := range plan.Key {
		task.Key = append(task.Key, part.Name)
	}
	for _, part := range plan.Match {
		task.Match = append(task.Match, part.Name)
	}
	if plan.Output != nil {
		for _, f := range plan.Output.Fields {
			task.Outputs = append(task.Outputs, f.From)
		}
	}
	return task
}

// shortDuration writes a duration without the zeros of its String: "24h".
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// inDays writes a duration as a person would: "7d", but "24h".
func inDays(d time.Duration) string {
	const day = 24 * time.Hour
	if d > day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return shortDuration(d)
}

// List writes the tasks as a table.
func (o *Outcome) List(w io.Writer) error {
	if len(o.Tasks) == 0 {
		return nil
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tKEY\tTTL\tON-DUPLICATE\tON-ERROR\tON-CRASH\tPOSITION")
	for _, t := range o.Tasks {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s:%d\n",
			t.Name, strings.Join(t.Key, ","), inDays(t.ttl), t.OnDuplicate, t.OnError, t.OnCrash, t.File, t.Line)
	}
	return table.Flush()
}

// ListJSON writes the tasks as one JSON array.
func (o *Outcome) ListJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	tasks := o.Tasks
	if tasks == nil {
		tasks = []Task{}
	}
	return encoder.Encode(tasks)
}
