package generator

import (
	"cmp"
	"fmt"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// A Diagnostic says what is wrong, where, and what to write instead.
type Diagnostic struct {
	Code     string         // as IDEM006; docs/diagnostics.md explains each
	Pos      token.Pos      // for analyzers; none where there is no source
	Position token.Position // the file's real name and line, whatever //line says
	Message  string
	Note     bool // it is only suspicious
}

// Format returns "file:line:col: message (code)", with the file's name relative to dir
// if it is inside.
func (d Diagnostic) Format(dir string) string {
	message := d.Message
	if d.Note {
		message = "note: " + message
	}
	if d.Code != "" {
		message += " (" + d.Code + ")"
	}
	if at := d.place(dir); at != "" {
		return at + ": " + message
	}
	return message
}

// place returns "file:line:col", or "file" for what is about a file as a whole.
func (d Diagnostic) place(dir string) string {
	at := relative(dir, d.Position.Filename)
	if d.Position.Line > 0 {
		at = fmt.Sprintf("%s:%d:%d", at, d.Position.Line, max(d.Position.Column, 1))
	}
	return at
}

// problemAt returns a diagnostic about a place that is in no syntax tree.
func problemAt(at token.Position, c code, format string, args ...any) Diagnostic {
	return Diagnostic{Code: string(c), Position: at, Message: fmt.Sprintf(format, args...)}
}

// relative returns name as seen from dir if it is inside dir, else as it is.
func relative(dir, name string) string {
	if dir == "" || !filepath.IsAbs(name) {
		return name
	}
	rel, err := filepath.Rel(dir, name)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return name
	}
	return rel
}

// A reporter collects the diagnostics of one package.
type reporter struct {
	fset  *token.FileSet
	found []Diagnostic
	notes []Diagnostic
}

// at reports a problem at pos.
func (r *reporter) at(pos token.Pos, c code, format string, args ...any) {
	r.found = append(r.found, r.diagnostic(pos, c, format, args...))
}

// note reports at pos what is suspicious, but may be meant.
func (r *reporter) note(pos token.Pos, c code, format string, args ...any) {
	d := r.diagnostic(pos, c, format, args...)
	d.Note = true
	r.notes = append(r.notes, d)
}

func (r *reporter) diagnostic(pos token.Pos, c code, format string, args ...any) Diagnostic {
	return Diagnostic{Code: string(c), Pos: pos, Position: r.fset.PositionFor(pos, false), Message: fmt.Sprintf(format, args...)}
}

// position is pos as messages mention it: "payment.go:12".
func (r *reporter) position(pos token.Pos) string {
	p := r.fset.PositionFor(pos, false)
	return fmt.Sprintf("%s:%d", filepath.Base(p.Filename), p.Line)
}

// sorted returns the diagnostics in the order of files and lines, each once.
func sorted(found []Diagnostic) []Diagnostic {
	slices.SortStableFunc(found, func(a, b Diagnostic) int {
		return cmp.Or(
			cmp.Compare(a.Position.Filename, b.Position.Filename),
			cmp.Compare(a.Position.Line, b.Position.Line),
			cmp.Compare(a.Position.Column, b.Position.Column),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(found, func(a, b Diagnostic) bool {
		return a.Position == b.Position && a.Message == b.Message
	})
}
