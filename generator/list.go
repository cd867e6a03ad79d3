package generator

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
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
	Pattern     string   `json:"pattern"`          // of the task's keys, with selectors in braces
	Schema      string   `json:"schema"`           // what its keys are made of, as generated code says it
	Stored      string   `json:"stored,omitempty"` // what is stored of its result, as generated code says it
	SchemaHash  string   `json:"schemaHash"`       // of the two
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
	prefix := ""
	if task.Prefix == "" {
		prefix = defaultPrefix + ":"
	}
	task.Pattern = prefix + task.fullName() + ":" + task.keyPattern()
	task.Schema, task.Stored, task.SchemaHash = plan.Schema.key(), plan.Schema.Result, plan.Schema.hash()
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

// inDays writes a duration of Go's form as a person would: "7d", but "24h".
func inDays(s string) string {
	const day = 24 * time.Hour
	d, _ := time.ParseDuration(s)
	if d > day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return s
}

// List writes the tasks as a table of at most 100 columns. Name and key together
// are the pattern of the keys.
func (o *Outcome) List(w io.Writer) error {
	if len(o.Tasks) == 0 {
		return nil
	}
	rows := table{{"NAME", "KEY", "TTL", "POLICIES", "RESULT", "SCHEMA", "POSITION"}}
	for _, t := range o.Tasks {
		rows = append(rows, []string{
			t.fullName(), t.keyPattern(), inDays(t.TTL), t.policies(), t.shortResult(), t.SchemaHash, fmt.Sprintf("%s:%d", t.File, t.Line),
		})
	}
	return rows.print(w)
}

// ListMarkdown writes the tasks as a table for a page of documentation.
func (o *Outcome) ListMarkdown(w io.Writer) error {
	rows := table{{"name", "key", "ttl", "policies", "result", "schema", "position"}}
	for _, t := range o.Tasks {
		rows = append(rows, []string{
			t.Name, t.Pattern, inDays(t.TTL), t.policies(), t.shortResult(), t.SchemaHash, fmt.Sprintf("%s:%d", filepath.ToSlash(t.File), t.Line),
		})
	}
	return rows.markdown(w)
}

// fullName is the first part of the task's keys, less the client's prefix.
func (t Task) fullName() string {
	name := t.Name
	if t.Prefix != "" {
		name = t.Prefix + ":" + name
	}
	if t.Version > 0 {
		name += fmt.Sprintf("@v%d", t.Version)
	}
	return name
}

// keyPattern is the rest of the task's keys, with selectors in braces.
func (t Task) keyPattern() string {
	parts := make([]string, len(t.Key))
	for i, part := range t.Key {
		parts[i] = "{" + part + "}"
		if constant, err := strconv.Unquote(part); err == nil {
			parts[i] = constant
		}
	}
	return strings.Join(parts, ":")
}

// policies says what the task does with duplicates, and of the rest what is not
// the default.
func (t Task) policies() string {
	said := []string{t.OnDuplicate}
	add := func(name, value, usual string) {
		if value != usual {
			said = append(said, name+"="+value)
		}
	}
	usual := newAnnotation()
	add("on-error", t.OnError, usual.OnError)
	add("on-crash", t.OnCrash, usual.OnCrash)
	add("wait", t.Wait, shortDuration(usual.Wait))
	add("lease", t.Lease, shortDuration(usual.Lease))
	add("match", strings.Join(t.Match, ","), "")
	add("codec", t.Codec, usual.Codec)
	if t.AllowEmpty {
		said = append(said, "allow-empty")
	}
	return strings.ReplaceAll(strings.Join(said, " "), "=0s", "=0")
}

var importFolders = regexp.MustCompile(`[\pL\pN_.~-]+/`)

// shortResult is the type of the result with packages by their last names, or
// what the outputs are.
func (t Task) shortResult() string {
	if len(t.Outputs) > 0 {
		return strings.Join(t.Outputs, ",")
	}
	return importFolders.ReplaceAllString(t.Result, "")
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
