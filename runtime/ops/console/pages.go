package console

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/idemgen/idemgen/internal/human"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
)

var startTime = time.Now()

// functions are what templates can call.
var functions = template.FuncMap{
	"ago":     human.Ago,
	"until":   human.Until,
	"moment":  human.Moment,
	"took":    func(d time.Duration) string { return duration(float64(d)) },
	"size":    func(n any) string { return human.Size(integer(n)) },
	"count":   func(n any) string { return human.Count(integer(n)) },
	"text":    human.Printable,
	"clock":   func(t time.Time) string { return t.UTC().Format("15:04:05 UTC") },
	"instant": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"record":  recordURL,
	"task":    func(name string) string { return "task?" + url.Values{"name": {baseName(name)}}.Encode() },
	"state":   stateName,
	"plural": func(n int, one, many string) string {
		if n == 1 {
			return "1 " + one
		}
		return human.Count(int64(n)) + " " + many
	},
}

func integer(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// stateName is the word for a record's state: of an answer, how it ended.
func stateName(r ops.Record) string {
	if r.State == idem.StateDone && r.Status != idem.StatusSuccess {
		return string(r.Status)
	}
	return string(r.State)
}

// baseName is a task's name without its version.
func baseName(name string) string {
	base, _, _ := strings.Cut(name, "@v")
	return base
}

// A look is what a page knows of all records.
type look struct {
	Snapshot *snapshot // nil before the first
	Percent  int       // how far the present look has come
	Error    string
}

func (c *Console) look(r *http.Request) look {
	s, p, err := c.looker.latest(r.Context())
	l := look{Snapshot: s}
	if p.Total > 0 {
		l.Percent = int(100 * p.Looked / p.Total)
	}
	if err != nil {
		l.Error = human.Printable(strings.TrimPrefix(err.Error(), "ops: "))
	}
	return l
}

// Stuck is how many executions may need somebody.
func (l look) Stuck() int {
	if l.Snapshot == nil {
		return 0
	}
	return l.Snapshot.count(idem.StateInterrupted) + l.Snapshot.count(ops.StateCorrupt)
}

// Totals are the records in numbers, by state.
func (l look) Totals() map[string]int {
	totals := make(map[string]int)
	for _, state := range ops.States {
		totals[string(state)] = l.Snapshot.count(state)
	}
	return totals
}

// Open returns unfinished executions of a task, or of all: those that may need
// somebody, or those that run.
func (l look) Open(task string, running bool) []ops.Record {
	var list []ops.Record
	for _, r := range l.Snapshot.Open {
		if (r.State == idem.StateRunning) == running && (task == "" || task == r.Task) {
			list = append(list, r)
		}
	}
	return list
}

// Tasks returns the tasks of that name, or all.
func (l look) Tasks(name string) []taskRow {
	var rows []taskRow
	for _, s := range l.Snapshot.Tasks {
		if name == "" || baseName(s.Task) == name {
			rows = append(rows, taskRow{s})
		}
	}
	return rows
}

// A taskRow is a task in numbers.
type taskRow struct{ ops.TaskStats }

// In returns how many records are in a state.
func (t taskRow) In(state string) int { return t.States[idem.State(state)] }

// A summary is a task's history in small.
type summary struct {
	Task  string
	Small []small
}

// A small is one thing over time, drawn in a cell.
type small struct {
	Name, Total string
	Spark       template.HTML
	Alarming    bool
}

// summaries are the histories of all tasks.
func (c *Console) summaries(w window) []summary {
	var list []summary
	for _, name := range c.recorder.names() {
		buckets, _ := c.recorder.history(name, w)
		total := sum(buckets)
		counted := func(name, class string, of func(bucket) uint32) small {
			return small{Name: name, Total: human.Count(int64(of(total))), Spark: sparkline(class, values(buckets, of))}
		}
		lost := counted("lost", "c", func(b bucket) uint32 { return b.lost })
		lost.Alarming = total.lost > 0
		times := charts(buckets, time.Time{}, w.step)[1].Lines[1]
		list = append(list, summary{name, []small{
			counted("executions", "a", func(b bucket) uint32 { return b.executions }),
			counted("duplicates", "b", func(b bucket) uint32 { return b.duplicates }),
			counted("waits", "a", func(b bucket) uint32 { return b.waits }),
			counted("taken over", "b", func(b bucket) uint32 { return b.takeovers }),
			lost,
			{Name: "95th percentile", Total: times.Total, Spark: sparkline("a", times.Values)},
		}})
	}
	return list
}

// overview shows all tasks.
func (c *Console) overview(w http.ResponseWriter, r *http.Request) {
	over := windowOf(r.URL.Query().Get("over"))
	page := struct {
		frame
		Look    look
		Task    string
		Charts  bool
		Windows []window
		Over    window
		History []summary
	}{frame: c.frame("Overview"), Look: c.look(r), Windows: windows, Over: over, Charts: c.recorder != nil}
	if c.recorder != nil {
		page.History = c.summaries(over)
	}
	c.render(w, r, http.StatusOK, "overview.html", page)
}

// task shows one task, in all of its versions.
func (c *Console) task(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	over := windowOf(r.URL.Query().Get("over"))
	page := struct {
		frame
		Look    look
		Task    string
		Charts  bool
		Windows []window
		Over    window
		History []chart
	}{frame: c.frame(name), Look: c.look(r), Task: name, Windows: windows, Over: over, Charts: c.recorder != nil}
	known := page.Look.Snapshot == nil || len(page.Look.Tasks(name)) > 0
	if c.recorder != nil {
		known = known || slices.Contains(c.recorder.names(), name)
		buckets, start := c.recorder.history(name, over)
		page.History = charts(buckets, start, over.step)
	}
	if !known {
		c.refuse(w, r, http.StatusNotFound, "There is no record of a task "+human.Printable(name)+".")
		return
	}
	c.render(w, r, http.StatusOK, "task.html", page)
}

// A recordPage shows one record, and what was done to it or why not.
type recordPage struct {
	frame
	Record   ops.Record
	Absent   bool
	Writes   bool
	Payloads bool
	Token    string
	Done     string // what was done
	Error    string // why nothing was
	Value    string // in the form
}

// record shows one record.
func (c *Console) record(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimSpace(r.URL.Query().Get("key"))
	if key == "" {
		redirect(w, "./")
		return
	}
	done := map[string]string{
		"forgotten": "Forgotten: the next caller runs it.",
		"resolved":  "Resolved: duplicates get this answer.",
	}[r.URL.Query().Get("done")]
	c.showRecord(w, r, http.StatusOK, key, recordPage{Done: done})
}

// showRecord shows a key as it is now.
func (c *Console) showRecord(w http.ResponseWriter, r *http.Request, status int, key string, page recordPage) {
	page.frame = c.frame(key)
	page.Key = key
	page.Writes, page.Payloads = c.writes, c.payloads
	record, err := c.inspector.Get(r.Context(), key)
	switch {
	case errors.Is(err, idem.ErrNotFound):
		page.Record, page.Absent = ops.Record{Key: key}, true
		if status == http.StatusOK {
			status = http.StatusNotFound
		}
	case err != nil:
		c.refuse(w, r, http.StatusServiceUnavailable, "Redis does not answer as it should: "+human.Printable(err.Error()))
		return
	default:
		page.Record = record
	}
	if c.writes {
		page.Token = token(w, r)
	}
	c.render(w, r, status, "record.html", page)
}

// Changeable tells what can be done to the record: forget or resolve.
func (p recordPage) Changeable(how string) bool {
	if !p.Writes {
		return false
	}
	switch p.Record.State {
	case idem.StateInterrupted:
		return true
	case idem.StateDone:
		return how == "forget"
	case idem.StateReleased:
		return how == "resolve"
	}
	return false
}

// HasPayload tells whether there is something to hide.
func (p recordPage) HasPayload() bool {
	return p.Record.Reason != "" || len(p.Record.Metadata) > 0 || p.Record.Value != nil
}

// Metadata returns the metadata as text.
func (p recordPage) Metadata() string {
	data, _ := json.MarshalIndent(p.Record.Metadata, "", "  ") // was read from JSON
	return human.Lines(string(data))
}

// ValueText returns the value as text: JSON indented, what is no text in hex.
func (p recordPage) ValueText() string {
	var indented bytes.Buffer
	switch v := p.Record.Value; {
	case json.Indent(&indented, v, "", "  ") == nil:
		return human.Lines(indented.String())
	case utf8.Valid(v):
		return human.Lines(string(v))
	default:
		return hex.Dump(v)
	}
}

// maxForm bounds what a form may send, in bytes.
const maxForm = 4 << 20

// change forgets or resolves a record.
func (c *Console) change(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		c.refuse(w, r, http.StatusBadRequest, "The form cannot be read: "+err.Error())
		return
	}
	if err := c.permitted(r); err != nil {
		c.refuse(w, r, http.StatusForbidden, "Nothing was changed: "+err.Error()+".")
		return
	}
	form := r.PostForm
	seen := ops.Record{Key: form.Get("key"), ID: form.Get("id"), State: idem.State(form.Get("state"))}
	seen.Attempt, _ = strconv.Atoi(form.Get("attempt"))
	value := strings.TrimSpace(form.Get("value"))
	var done string
	var err error
	switch action := form.Get("action"); {
	case form.Get("sure") == "":
		err = errUnsure
	case action == "forget":
		done, err = "forgotten", c.inspector.Forget(r.Context(), seen)
	case action == "resolve" && value != "" && !json.Valid([]byte(value)):
		err = errNoJSON
	case action == "resolve":
		answer := idem.Answer{}
		if value != "" {
			answer.Value = []byte(value)
		}
		done, err = "resolved", c.inspector.Resolve(r.Context(), seen, answer)
	default:
		err = fmt.Errorf("there is no action %q", action)
	}
	c.logger.InfoContext(r.Context(), "idem console: "+form.Get("action"), "key", seen.Key, "id", seen.ID, "state", string(seen.State),
		"attempt", seen.Attempt, "from", r.RemoteAddr, "error", err)
	if err != nil {
		c.showRecord(w, r, statusOf(err), seen.Key, recordPage{Error: sentence(err), Value: value})
		return
	}
	c.looker.outdate()
	redirect(w, recordURL(seen.Key)+"&done="+done)
}

var (
	errUnsure = errors.New("tick the box to say that you have made sure")
	errNoJSON = errors.New(`the value is no JSON: a text is written in quotes, as "receipt-1"`)
)

func statusOf(err error) int {
	switch {
	case errors.Is(err, idem.ErrInProgress), errors.Is(err, idem.ErrDuplicate), errors.Is(err, ops.ErrChanged), errors.Is(err, idem.ErrNotFound):
		return http.StatusConflict
	case errors.Is(err, idem.ErrUnavailable):
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// sentence is an error in words for whoever is at the browser.
func sentence(err error) string {
	switch {
	case errors.Is(err, ops.ErrChanged):
		return "Nothing was changed: the record is no longer the one that you saw. This is how it is now."
	case errors.Is(err, idem.ErrInProgress):
		return "Nothing was changed: an owner holds a live lease. Wait for it, or stop the process that runs it."
	}
	return "Nothing was changed: " + human.Printable(strings.TrimPrefix(strings.TrimPrefix(err.Error(), "ops: "), "idem: ")) + "."
}
