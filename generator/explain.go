package generator

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// explained holds one file for each code: its title, what to do about it, and an
// example that a test runs.
//
//go:embed diagnostics/*.txtar
var explained embed.FS

// An Explanation says what a diagnostic's code means.
type Explanation struct {
	Code, Title, Text string
	Wrong, Message    string // an example, and what is said about it
	Right             string // what to write instead; empty where nothing can be written
}

// Explanations returns one for each code, in their order.
func Explanations() []Explanation {
	entries, _ := explained.ReadDir("diagnostics") // embedded, so without error
	var all []Explanation
	for _, entry := range entries {
		content, _ := explained.ReadFile(path.Join("diagnostics", entry.Name()))
		all = append(all, readExplanation(strings.TrimSuffix(entry.Name(), ".txtar"), content))
	}
	return all
}

func readExplanation(code string, content []byte) Explanation {
	archive := txtar.Parse(content)
	e := Explanation{Code: code}
	title, text, _ := strings.Cut(string(archive.Comment), "\n")
	e.Title, e.Text = title, strings.TrimSpace(text)
	for _, f := range archive.Files {
		switch data := string(f.Data); f.Name {
		case "wrong.go":
			e.Wrong = data
		case "message":
			e.Message = strings.TrimSpace(data)
		case "right.go":
			e.Right = data
		}
	}
	return e
}

// Explain returns the text of `idemgen help CODE`, or "" for an unknown code.
func Explain(code string) string {
	all := Explanations()
	i := slices.IndexFunc(all, func(e Explanation) bool { return strings.EqualFold(e.Code, code) })
	if i < 0 {
		return ""
	}
	e := all[i]
	text := fmt.Sprintf("%s: %s\n\n%s\n", e.Code, e.Title, e.Text)
	if e.Wrong != "" {
		text += "\nAs in:\n\n" + indent(e.Wrong)
	}
	text += "\nSays:\n\n" + indent(e.Message+"\n")
	if e.Right != "" {
		text += "\nWrite instead:\n\n" + indent(e.Right)
	}
	return text
}

func indent(text string) string {
	return "\t" + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n\t") + "\n"
}

// DiagnosticReference returns docs/diagnostics.md.
func DiagnosticReference() string {
	var b strings.Builder
	b.WriteString("<!-- Generated from generator/diagnostics by `go test ./generator -update`; do not edit. -->\n\n")
	b.WriteString("# Diagnostics\n\nEvery message ends in a code, which stays the same when the words change. ")
	b.WriteString("`idemgen help IDEM006` says about one what this page says about all. A *note* is about what is only suspicious, and stops nothing.\n\n")
	b.WriteString("`-format json`, or `-json`, writes them as one JSON array on standard output, of objects with the members " +
		"`code`, `severity` (`error` or `note`), `message`, `file`, `line`, `column` (in bytes, both from 1, both left out where it is about a file as a whole) and `url`. " +
		"`-format github` writes them as GitHub's checks read them, so that they show beside the lines of a pull request. " +
		"On a terminal they are coloured, unless `NO_COLOR` is set.\n\n")
	all := Explanations()
	for _, e := range all {
		fmt.Fprintf(&b, "- [%s](#%s) %s\n", e.Code, strings.ToLower(e.Code), e.Title)
	}
	for _, e := range all {
		fmt.Fprintf(&b, "\n## %s\n\n**%s.** %s\n", e.Code, capital(e.Title), e.Text)
		if e.Wrong != "" {
			fmt.Fprintf(&b, "\n```go\n%s```\n", e.Wrong)
		}
		fmt.Fprintf(&b, "\n```text\n%s\n```\n", e.Message)
		if e.Right != "" {
			fmt.Fprintf(&b, "\nInstead:\n\n```go\n%s```\n", e.Right)
		}
	}
	return b.String()
}
