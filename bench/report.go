package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/idemgen/idemgen/internal/redistest"
)

// A report is everything that was measured, and where.
type report struct {
	Machine machine  `json:"machine"`
	Rates   []rate   `json:"rates,omitempty"`
	Spent   []spent  `json:"spent,omitempty"`
	Figures []figure `json:"figures"`
}

// A machine is what the figures depend on.
type machine struct {
	When  time.Time `json:"when"`
	OS    string    `json:"os"`
	Cores int       `json:"cores"`
	Go    string    `json:"go"`
	Redis string    `json:"redis"`
	Quick bool      `json:"quick,omitempty"`
	Load  string    `json:"load,omitempty"` // of the last minute before the run, where the system tells
}

func newReport() *report {
	averages, _ := os.ReadFile("/proc/loadavg")
	load, _, _ := strings.Cut(string(averages), " ")
	return &report{Machine: machine{
		Load: load,
		When: time.Now().UTC().Truncate(time.Second), OS: runtime.GOOS + "/" + runtime.GOARCH,
		Cores: runtime.NumCPU(), Go: runtime.Version(),
	}}
}

// describe notes which server it is.
func (r *report) describe(server *redistest.Server) {
	info, _ := server.Do("info", "server").(string)
	for line := range strings.Lines(info) {
		for _, field := range []string{"redis_version:", "valkey_version:"} { // the latter comes later
			if version, ok := strings.CutPrefix(line, field); ok {
				r.Machine.Redis = strings.TrimSuffix(field, "_version:") + " " + strings.TrimSpace(version)
			}
		}
	}
}

func (m machine) String() string {
	text := fmt.Sprintf("%s, %d cores shared by client and server, loopback, %s, %s, %s",
		m.OS, m.Cores, m.Redis, m.Go, m.When.Format(time.DateOnly))
	if m.Quick {
		text += ", quick run"
	}
	if m.Load != "" {
		text += ", load before the run " + m.Load
	}
	return text
}

func (r *report) add(figures ...figure) { r.Figures = append(r.Figures, figures...) }

// rate returns what a contestant reached; throughput has measured it.
func (r *report) rate(contestant string, callers int) rate {
	i := slices.IndexFunc(r.Rates, func(m rate) bool { return m.Contestant == contestant && m.Callers == callers })
	return r.Rates[i]
}

// A table is a title, a row of names, and rows.
type table struct {
	title string
	rows  [][]string
}

// tables are the report as a person reads it.
func (r *report) tables() []table {
	var tables []table
	if len(r.Rates) > 0 {
		for _, p := range phases {
			tables = append(tables, r.rateTable(p.name+" a second: median (min to max)", func(m rate) string {
				values := p.of(m).PerSecond
				return fmt.Sprintf("%s (%s)", number(median(values)), spread(values))
			}))
		}
		for _, p := range phases {
			tables = append(tables, r.rateTable(p.name+": the client's processor time for each, µs", func(m rate) string {
				return number(median(p.of(m).CPU))
			}))
		}
		for _, p := range phases {
			tables = append(tables, r.rateTable(p.name+": the server's processor time for each, µs", func(m rate) string {
				return number(median(p.of(m).ServerCPU))
			}))
		}
		tables = append(tables, r.spentTable())
		tables = append(tables, traitsTable())
	}
	for _, s := range sections {
		t := table{s.name, [][]string{{"what", "measured", "goal", "verdict", "more"}}}
		for _, f := range r.Figures {
			if f.Section == s.name {
				t.rows = append(t.rows, []string{f.Name, strings.TrimSpace(number(f.Value) + " " + f.Unit), f.Goal, string(f.Verdict), f.Detail})
			}
		}
		if len(t.rows) > 1 {
			tables = append(tables, t)
		}
	}
	return append(tables, r.missedTable())
}

// rateTable has a row per contestant and a column per number of callers.
func (r *report) rateTable(title string, cell func(rate) string) table {
	t := table{title, [][]string{{"callers"}}}
	for _, n := range callers {
		t.rows[0] = append(t.rows[0], fmt.Sprint(n))
	}
	for _, c := range contestants {
		row := []string{c.name}
		for _, n := range callers {
			row = append(row, cell(r.rate(c.name, n)))
		}
		t.rows = append(t.rows, row)
	}
	return t
}

// traitsTable says what each contestant does for its speed, and what it does not.
func traitsTable() table {
	t := table{"what each does", [][]string{{
		"contestant", "role", "round trips (first, duplicate)", "one at a time", "gives the result", "wakes who waits",
		"renews", "refuses late results", "fence",
	}}}
	mark := func(does bool) string {
		if does {
			return "yes"
		}
		return "no"
	}
	for _, c := range contestants {
		d := c.does
		if d.WakeUp == "" {
			d.WakeUp = "no"
		}
		t.rows = append(t.rows, []string{
			c.name, string(c.role), fmt.Sprintf("%d, %d", d.First, d.Duplicate), d.Exclusive, mark(d.Replay), d.WakeUp,
			mark(d.Renewal), mark(d.CompareAndSet), mark(d.Fence),
		})
	}
	return t
}

// missedTable repeats what did not reach its goal.
func (r *report) missedTable() table {
	t := table{"goals missed", [][]string{{"what", "measured", "goal", "more"}}}
	for _, f := range r.Figures {
		if f.Verdict == missed {
			t.rows = append(t.rows, []string{f.Name, strings.TrimSpace(number(f.Value) + " " + f.Unit), f.Goal, f.Detail})
		}
	}
	return t
}

// text writes the report for a terminal.
func (r *report) text(w io.Writer) {
	fmt.Fprintf(w, "%s\n", r.Machine)
	for _, t := range r.tables() {
		fmt.Fprintf(w, "\n%s\n", t.title)
		columns := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, row := range t.rows {
			fmt.Fprintln(columns, "  "+strings.Join(row, "\t"))
		}
		_ = columns.Flush() // to where the lines above went, whose errors nobody asks for either
	}
}

// markdown writes the same tables for the documentation.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Figures\n\nWritten by `make bench`: do not edit. What they mean is in [performance.md](../performance.md).\n\n%s.\n", r.Machine)
	for _, t := range r.tables() {
		fmt.Fprintf(&b, "\n## %s%s\n\n", strings.ToUpper(t.title[:1]), t.title[1:])
		for i, row := range t.rows {
			fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
			if i == 0 {
				fmt.Fprintln(&b, strings.Repeat("|---", len(row))+"|")
			}
		}
	}
	return b.String()
}

// write writes those files that have a name.
func (r *report) write(jsonFile, markdownFile, chartsDir string) error {
	var errs []error
	if jsonFile != "" {
		data, err := json.MarshalIndent(r, "", "\t")
		errs = append(errs, err, writeFile(jsonFile, append(data, '\n')))
	}
	if markdownFile != "" {
		errs = append(errs, writeFile(markdownFile, []byte(r.markdown())))
	}
	if chartsDir != "" && len(r.Rates) > 0 {
		for _, p := range phases {
			file := filepath.Join(chartsDir, strings.ReplaceAll(p.name, " ", "-")+".svg")
			errs = append(errs, os.MkdirAll(chartsDir, 0o755), r.chart(p, file))
		}
	}
	return errors.Join(errs...)
}

func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}
