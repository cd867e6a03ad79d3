// Package analyzer reports, as part of go vet, what is wrong with annotated
// tasks: errors in their directives, wrappers that are not up to date, calls that
// bypass a wrapper, tasks that change after their key was asked for, and wrappers
// that are built again and again.
package analyzer

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"path/filepath"
	"reflect"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/idemgen/idemgen/generator"
)

// Analyzer reports errors in //idem:task directives, stale or missing wrappers,
// and direct calls of an annotated task's method, in other packages too. Tests
// may call it directly, and so may a line with a comment //idem:direct that says
// why.
var Analyzer = &analysis.Analyzer{
	Name:       "idemgen",
	Doc:        "report errors in //idem:task directives, stale wrappers and calls that bypass them",
	URL:        "https://pkg.go.dev/github.com/idemgen/idemgen/generator/analyzer",
	Run:        run,
	FactTypes:  []analysis.Fact{new(isTask)},
	ResultType: reflect.TypeFor[*Tasks](),
}

// isTask is the fact that a type is an annotated task.
type isTask struct {
	Method  string // the wrapped one; empty for a handler task
	Wrapper string
	Fields  []string // those that the key is made of; none if a method makes it
}

// wrapped returns the name of the wrapper's method that executes the task.
func (t *isTask) wrapped() string { return cmp.Or(t.Method, "Run") }

// AFact makes isTask a fact.
func (*isTask) AFact() {}

// String is how analysistest names the fact.
func (t *isTask) String() string {
	return fmt.Sprintf("task(%s by %s)", cmp.Or(t.Method, "handler"), t.Wrapper)
}

func run(pass *analysis.Pass) (any, error) {
	found, err := generator.Inspect(pass.Fset, pass.Files, ignoredFiles(pass), pass.Pkg)
	if err != nil {
		return nil, err
	}
	for _, d := range found.Diagnostics {
		report(pass, place(d.Pos), d.Code, "%s", d.Message)
	}
	if len(found.Diagnostics) == 0 {
		if err := reportStale(pass, found); err != nil {
			return nil, err
		}
	}
	for _, t := range found.Tasks {
		if t.Type != nil {
			pass.ExportObjectFact(t.Type, &isTask{t.Method, t.Wrapper, t.KeyFields})
		}
	}
	for _, f := range pass.Files {
		if !isExempt(pass, f) {
			reportDirectCalls(pass, f)
		}
	}
	return &Tasks{pass.ImportObjectFact}, nil
}

// reportStale reports wrappers that idemgen would write, rewrite or remove.
func reportStale(pass *analysis.Pass, found *generator.Inspection) error {
	generated := map[string]*ast.File{}
	for _, f := range pass.Files {
		if name := fileName(pass, f); generator.IsGenerated(name, f) {
			generated[name] = f
		}
	}
	for _, want := range found.Files {
		base := filepath.Base(want.Path)
		if generated[want.Path] == nil {
			report(pass, place(want.Task), generator.CodeOutOfDate, "%s is missing: run idemgen to generate it", base)
			continue
		}
		content, err := pass.ReadFile(want.Path)
		if err != nil {
			return err
		}
		if !generator.SameText(content, want.Content) {
			report(pass, place(want.Task), generator.CodeOutOfDate, "%s is stale: run idemgen to bring it up to date", base)
		}
	}
	for name, f := range generated {
		if slices.Contains(pass.IgnoredFiles, generator.SourceName(name)) {
			continue // the source's tasks are not seen here
		}
		if !slices.ContainsFunc(found.Files, func(want generator.InspectedFile) bool { return want.Path == name }) {
			report(pass, place(f.Package), generator.CodeOutOfDate, "%s is orphaned, since no task is left in its source: run idemgen to remove it", filepath.Base(name))
		}
	}
	return nil
}

// ignoredFiles returns the package's files for other build configurations, as
// far as they parse.
func ignoredFiles(pass *analysis.Pass) []*ast.File {
	var files []*ast.File
	for _, name := range pass.IgnoredFiles {
		content, err := pass.ReadFile(name)
		if err != nil || filepath.Ext(name) != ".go" {
			continue
		}
		if f, err := parser.ParseFile(pass.Fset, name, content, parser.ParseComments|parser.SkipObjectResolution); err == nil {
			files = append(files, f)
		}
	}
	return files
}

func fileName(pass *analysis.Pass, f *ast.File) string {
	return generator.FileName(pass.Fset, f)
}

// taskCalled returns the annotated type whose method a selector calls, also
// where it is promoted from an embedded field.
func taskCalled(pass *analysis.Pass, sel *types.Selection) (*types.TypeName, *isTask) {
	t := sel.Recv()
	for i := 0; ; i++ {
		if pointer, ok := types.Unalias(t).(*types.Pointer); ok {
			t = pointer.Elem()
		}
		named, ok := types.Unalias(t).(*types.Named)
		if !ok {
			return nil, nil
		}
		var fact isTask
		obj := named.Origin().Obj()
		if pass.ImportObjectFact(obj, &fact) && fact.Method != "" && fact.Method == sel.Obj().Name() {
			return obj, &fact
		}
		s, ok := named.Underlying().(*types.Struct)
		if !ok || i >= len(sel.Index())-1 {
			return nil, nil
		}
		t = s.Field(sel.Index()[i]).Type()
	}
}
