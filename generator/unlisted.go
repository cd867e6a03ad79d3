package generator

import (
	"bytes"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/tools/go/packages"
)

// unreadable returns why a package without files could not be listed. There is
// no reason if it consists of external tests.
func unreadable(p *packages.Package) []Diagnostic {
	var found []Diagnostic
	for _, e := range p.Errors {
		found = append(found, listError(p, e))
	}
	return found
}

// unlisted returns why the go command has not listed a file, if it should have
// and the file could hold tasks.
func (f *folder) unlisted(name string) []Diagnostic {
	base := filepath.Base(name)
	if filepath.Ext(base) != ".go" || base[0] == '_' || base[0] == '.' || f.built[name] || f.ignored[name] {
		return nil
	}
	for _, u := range f.units {
		if u.pkg.PkgPath == "command-line-arguments" {
			return nil // outside of a module, a file stands for itself
		}
	}
	mentions, err := mentionsTasks(name, os.ReadFile)
	if err != nil {
		return []Diagnostic{fileProblem(name, codeUnreadable, "cannot be read", err)}
	}
	if !mentions {
		return nil
	}
	for _, u := range f.units {
		for _, e := range u.pkg.Errors {
			if d := listError(u.pkg, e); d.Position.Filename == name {
				return []Diagnostic{d}
			}
		}
	}
	return []Diagnostic{fileProblem(name, codeUnreadable, "the go command does not list this file", nil)}
}

var buildLine = regexp.MustCompile(`(?m)^[ \t]*//go:build\b`)

// listError returns what the go command says of a package, at the file it names.
func listError(p *packages.Package, e packages.Error) Diagnostic {
	at := token.Position{Filename: p.PkgPath}
	name, message, found := strings.Cut(e.Msg, ".go: ")
	switch {
	case e.Pos != "" && e.Pos != "-":
		at.Filename = e.Pos
	case found && p.Dir != "" && !strings.ContainsAny(name, " /\\"):
		at.Filename, e.Msg = filepath.Join(p.Dir, name+".go"), message
		content, _ := os.ReadFile(at.Filename)
		if start := buildLine.FindIndex(content); start != nil && strings.Contains(message, "//go:build") {
			at.Line = bytes.Count(content[:start[0]], []byte("\n")) + 1
		}
	}
	return problemAt(at, codeCompiler, "%s", e.Msg)
}
