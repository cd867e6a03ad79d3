package generator

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// Formats are the forms in which diagnostics can be written: as lines for people,
// as one JSON array for editors, or as annotations for GitHub's checks.
var Formats = []string{"text", "json", "github"}

// explainedAt is where the code of a diagnostic is explained.
const explainedAt = "https://github.com/idemgen/idemgen/blob/main/docs/diagnostics.md#"

// CodeURL returns the page that explains a diagnostic's code.
func CodeURL(code string) string { return explainedAt + strings.ToLower(code) }

// Findings returns diagnostics, breaks and notes, sorted.
func (o *Outcome) Findings() []Diagnostic {
	return sorted(slices.Concat(o.Diagnostics, o.Breaks, o.Notes))
}

// Accept makes notes of the breaks: somebody has read them.
func (o *Outcome) Accept() {
	for _, d := range o.Breaks {
		d.Note = true
		o.Notes = append(o.Notes, d)
	}
	o.Breaks = nil
}

// OutOfDate returns a diagnostic for each file that generating would change.
func (o *Outcome) OutOfDate() []Diagnostic {
	var found []Diagnostic
	for _, c := range o.Changes {
		found = append(found, fileProblem(c.Path, codeOutOfDate, c.Reason()+": run idemgen to bring it up to date", nil))
	}
	return found
}

// Report writes diagnostics in one of the Formats; color is for text.
func Report(w io.Writer, format string, color bool, dir string, found []Diagnostic) error {
	if format == "json" {
		return reportJSON(w, dir, found)
	}
	var b strings.Builder
	for _, d := range found {
		switch {
		case format == "github":
			b.WriteString(d.github(dir))
		case color:
			b.WriteString(d.colored(dir))
		default:
			b.WriteString(d.Format(dir))
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (d Diagnostic) severity() string {
	if d.Note {
		return "note"
	}
	return "error"
}

// A finding is a Diagnostic in JSON.
type finding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"` // "error" or "note"
	Message  string `json:"message"`
	File     string `json:"file"`             // relative to the working directory if inside it
	Line     int    `json:"line,omitempty"`   // from 1; none if it is about the file as a whole
	Column   int    `json:"column,omitempty"` // in bytes, from 1
	URL      string `json:"url"`              // what the code means
}

func reportJSON(w io.Writer, dir string, found []Diagnostic) error {
	all := make([]finding, len(found))
	for i, d := range found {
		all[i] = finding{
			d.Code, d.severity(), d.Message, filepath.ToSlash(relative(dir, d.Position.Filename)),
			d.Position.Line, d.Position.Column, CodeURL(d.Code),
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(all)
}

var (
	githubText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// github returns the command with which GitHub shows a diagnostic beside the line.
func (d Diagnostic) github(dir string) string {
	command := map[bool]string{true: "notice", false: "error"}[d.Note]
	at := "file=" + githubProperty.Replace(filepath.ToSlash(relative(dir, d.Position.Filename)))
	if d.Position.Line > 0 {
		at += fmt.Sprintf(",line=%d,col=%d", d.Position.Line, max(d.Position.Column, 1))
	}
	return fmt.Sprintf("::%s %s,title=%s::%s", command, at, d.Code, githubText.Replace(d.Message))
}

// colored returns the diagnostic for a terminal: its place bold, a note's word
// cyan, the code dim.
func (d Diagnostic) colored(dir string) string {
	const bold, cyan, dim, plain = "\x1b[1m", "\x1b[36m", "\x1b[2m", "\x1b[0m"
	message := d.Message
	if d.Note {
		message = cyan + "note:" + plain + " " + message
	}
	if at := d.place(dir); at != "" {
		message = bold + at + ":" + plain + " " + message
	}
	if d.Code != "" {
		message += " " + dim + "(" + d.Code + ")" + plain
	}
	return message
}
