package analyzer

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/idemgen/idemgen/generator"
)

// isExempt reports whether a file may call tasks directly: wrappers do, and
// tests test the task alone.
func isExempt(pass *analysis.Pass, f *ast.File) bool {
	name := fileName(pass, f)
	return strings.HasSuffix(name, "_test.go") || generator.IsGenerated(name, f)
}

// reportDirectCalls reports each use of an annotated task's method.
func reportDirectCalls(pass *analysis.Pass, f *ast.File) {
	allowed := directLines(pass, f)
	ast.Inspect(f, func(n ast.Node) bool {
		expr, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		sel := pass.TypesInfo.Selections[expr]
		if sel == nil || sel.Kind() == types.FieldVal {
			return true
		}
		obj, task := taskCalled(pass, sel)
		line := pass.Fset.PositionFor(expr.Sel.Pos(), false).Line
		if task == nil || allowed[line] || allowed[line-1] {
			return true
		}
		wrapper := task.Wrapper
		if obj.Pkg() != pass.Pkg {
			wrapper = obj.Pkg().Name() + "." + wrapper
		}
		pass.Report(analysis.Diagnostic{
			Pos: expr.Sel.Pos(), End: expr.Sel.End(), Category: "direct",
			Message: "this bypasses " + wrapper + ", so that the task may run more than once: call the wrapper's " +
				task.Method + ", or say why not in a comment //idem:direct reason",
		})
		return true
	})
}

// directLines returns the lines with a comment //idem:direct, and reports those
// that give no reason.
func directLines(pass *analysis.Pass, f *ast.File) map[int]bool {
	lines := map[int]bool{}
	for _, group := range f.Comments {
		for _, c := range group.List {
			d, ok := ast.ParseDirective(c.Slash, c.Text)
			if !ok || d.Tool != "idem" || d.Name != "direct" {
				continue
			}
			if d.Args == "" || strings.HasPrefix(d.Args, "//") {
				pass.Report(analysis.Diagnostic{Pos: c.Slash, Category: "direct", Message: "//idem:direct needs a reason: write //idem:direct why the wrapper is bypassed"})
			}
			lines[pass.Fset.PositionFor(c.Slash, false).Line] = true
		}
	}
	return lines
}
