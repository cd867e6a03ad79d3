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
		report(pass, expr.Sel, generator.CodeBypass, "this bypasses %s, so that the task may run more than once: call the wrapper's %s, or say why not in a comment //idem:direct reason",
			wrapper, task.Method)
		return true
	})
}

// directLines returns the lines with a comment //idem:direct, and reports those
// that give no reason.
func directLines(pass *analysis.Pass, f *ast.File) map[int]bool {
	for _, c := range directComments(f) {
		if d, _ := ast.ParseDirective(c.Slash, c.Text); d.Args == "" || strings.HasPrefix(d.Args, "//") {
			report(pass, place(c.Slash), generator.CodeReason, "//idem:direct needs a reason: write //idem:direct why the wrapper is bypassed")
		}
	}
	return allowedLines(pass, f)
}

// directComments returns the //idem:direct comments of a file.
func directComments(f *ast.File) []*ast.Comment {
	var found []*ast.Comment
	for _, group := range f.Comments {
		for _, c := range group.List {
			if d, ok := ast.ParseDirective(c.Slash, c.Text); ok && d.Tool == "idem" && d.Name == "direct" {
				found = append(found, c)
			}
		}
	}
	return found
}
