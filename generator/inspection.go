package generator

import (
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path"
	"strings"
)

// An Inspection is what the pipeline found in one package that somebody else,
// as go vet, has parsed and type-checked.
type Inspection struct {
	Diagnostics []Diagnostic
	Notes       []Diagnostic // what is only suspicious
	Tasks       []InspectedTask
	Files       []InspectedFile
}

// An InspectedTask is an annotated type.
type InspectedTask struct {
	Type    *types.TypeName
	Method  string // the wrapped method; empty for a handler task
	Wrapper string
	// KeyFields are the fields that the key is made of, none if a method of the
	// task makes it.
	KeyFields []string
}

// An InspectedFile is a file to generate.
type InspectedFile struct {
	Path    string
	Content []byte
	Task    token.Pos // the first task in its source
}

// Inspect runs the pipeline on the files of one package, less the last step.
// Files that idemgen generated may be among them. The ignored ones are those of
// other build configurations.
func Inspect(fset *token.FileSet, files, ignored []*ast.File, pkg *types.Package) (*Inspection, error) {
	v := view{fset: fset, types: pkg, content: os.ReadFile, importNamed: func(spec *ast.ImportSpec) string {
		if spec.Name != nil {
			return spec.Name.Name
		}
		if imported := importedBy(pkg, spec); imported != nil {
			return imported.Name()
		}
		return path.Base(importPath(spec))
	}}
	for _, f := range files {
		if name := FileName(fset, f); !IsGenerated(name, f) {
			v.files = append(v.files, viewFile{name, f, true, isMadeByCgo(fset, f)})
		}
	}
	for _, f := range ignored {
		if name := FileName(fset, f); f.Name.Name == pkg.Name() && !IsGenerated(name, f) {
			v.siblings = append(v.siblings, f)
		}
	}
	planned, problems, notes := inspect(v)
	var tasks []foundTask
	for _, f := range planned {
		tasks = append(tasks, f.tasks...)
	}
	problems = append(problems, clashes(fset, "", tasks)...)
	found := &Inspection{Diagnostics: sorted(problems), Notes: sorted(notes)}
	for _, f := range planned {
		if len(f.plan.Tasks) == 0 {
			continue
		}
		content, err := f.plan.print()
		if err != nil {
			return nil, err
		}
		found.Files = append(found.Files, InspectedFile{f.plan.Path, content, f.tasks[0].declared})
		for _, t := range f.tasks {
			if t.faulty {
				continue
			}
			task := InspectedTask{Wrapper: t.plan.Wrapper, KeyFields: keyFields(t.annotation.Key)}
			task.Type, _ = pkg.Scope().Lookup(t.plan.TypeName).(*types.TypeName)
			if !t.plan.Handler {
				task.Method = t.plan.Method
			}
			found.Tasks = append(found.Tasks, task)
		}
	}
	return found, nil
}

// keyFields returns the fields of the task that selectors lead through, none if
// one calls a method of the task itself.
func keyFields(key []selector) []string {
	var fields []string
	for _, s := range key {
		switch {
		case s.Hash != nil:
			inner := keyFields(s.Hash)
			if inner == nil {
				return nil
			}
			fields = append(fields, inner...)
		case s.Call && len(s.Path) == 1:
			return nil
		case len(s.Path) > 0:
			fields = append(fields, s.Path...)
		}
	}
	return fields
}

// FileName returns the file that syntax was parsed from. For what cgo has made of
// a file, as go vet reads it, that is the source.
func FileName(fset *token.FileSet, syntax *ast.File) string {
	return fset.PositionFor(syntax.Package, isMadeByCgo(fset, syntax)).Filename
}

// isMadeByCgo reports whether a file is what cgo has made of a source.
func isMadeByCgo(fset *token.FileSet, syntax *ast.File) bool {
	return strings.HasSuffix(fset.PositionFor(syntax.Package, false).Filename, ".cgo1.go")
}

// IsGenerated reports whether idemgen generated a file, by its name and header.
func IsGenerated(name string, syntax *ast.File) bool {
	if !isGeneratedName(name) {
		return false
	}
	for _, group := range syntax.Comments {
		for _, c := range group.List {
			if c.Text == header {
				return true
			}
		}
	}
	return false
}

// SameText reports whether two files differ in nothing but their line ends.
func SameText(a, b []byte) bool { return sameText(a, b) }

// SourceName returns the file from which a generated file was generated.
func SourceName(generated string) string { return sourceName(generated) }
