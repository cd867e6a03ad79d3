package analyzer

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/idemgen/idemgen/generator"
)

// All are the analyzers of idemgen, as go vet runs them.
var All = []*analysis.Analyzer{Analyzer, Mutated, Rebuilt}

// report reports a diagnostic with its code.
func report(pass *analysis.Pass, at analysis.Range, code, format string, args ...any) {
	pass.Report(analysis.Diagnostic{
		Pos: at.Pos(), End: at.End(), Category: code, URL: generator.CodeURL(code),
		Message: fmt.Sprintf(format, args...) + " (" + code + ")",
	})
}

// A place is a position as a range of its own.
type place token.Pos

// Pos is the position.
func (p place) Pos() token.Pos { return token.Pos(p) }

// End is the position.
func (p place) End() token.Pos { return token.Pos(p) }

// Tasks are the annotated tasks that a package knows, its own and those of what
// it imports: the result of Analyzer, for the others.
type Tasks struct {
	find func(types.Object, analysis.Fact) bool
}

const runtimePath = "github.com/idemgen/idemgen/runtime"

// wrappedTask returns what is known of the task that a wrapper of type t, or *t,
// executes, or nil if t is none.
func wrappedTask(pass *analysis.Pass, t types.Type) *isTask {
	named := namedOf(t)
	if named == nil {
		return nil
	}
	s, ok := named.Underlying().(*types.Struct)
	if !ok || s.NumFields() != 1 {
		return nil
	}
	held := namedOf(s.Field(0).Type())
	if held == nil || held.Obj().Name() != "Task" || held.Obj().Pkg() == nil || held.Obj().Pkg().Path() != runtimePath || held.TypeArgs().Len() == 0 {
		return nil
	}
	task := namedOf(held.TypeArgs().At(0))
	if task == nil {
		return nil
	}
	var fact isTask
	if !pass.ResultOf[Analyzer].(*Tasks).find(task.Origin().Obj(), &fact) || fact.Wrapper != named.Obj().Name() {
		return nil
	}
	return &fact
}

// namedOf returns the named type that t is, or points to, or nil.
func namedOf(t types.Type) *types.Named {
	if t == nil {
		return nil
	}
	if pointer, ok := types.Unalias(t).(*types.Pointer); ok {
		t = pointer.Elem()
	}
	named, _ := types.Unalias(t).(*types.Named)
	return named
}

// allowedLines returns the lines whose comment says why they do what they do.
func allowedLines(pass *analysis.Pass, f *ast.File) map[int]bool {
	lines := map[int]bool{}
	for _, c := range directComments(f) {
		lines[pass.Fset.PositionFor(c.Slash, false).Line] = true
	}
	return lines
}
