package analyzer

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/idemgen/idemgen/generator"
)

// Rebuilt reports wrappers that are built where they are used, in a loop or for
// each request, instead of once beside their client. A table of wrappers may be
// filled in a loop.
var Rebuilt = &analysis.Analyzer{
	Name:     "idemrebuilt",
	Doc:      "report wrappers that are built in a loop or for each request",
	URL:      Analyzer.URL,
	Requires: []*analysis.Analyzer{Analyzer},
	Run:      runRebuilt,
}

func runRebuilt(pass *analysis.Pass) (any, error) {
	for _, f := range pass.Files {
		if isExempt(pass, f) {
			continue
		}
		allowed := allowedLines(pass, f)
		var around []ast.Node
		ast.Inspect(f, func(n ast.Node) bool {
			if n == nil {
				around = around[:len(around)-1]
				return true
			}
			around = append(around, n)
			call, ok := n.(*ast.CallExpr)
			if !ok || !isConstructor(pass, call) {
				return true
			}
			line := pass.Fset.PositionFor(call.Pos(), false).Line
			if where := builtWhere(pass, around); where != "" && !allowed[line] && !allowed[line-1] {
				report(pass, call, generator.CodeRebuilt, "a wrapper is built %s: build it once, beside its client, and use it for every task", where)
			}
			return true
		})
	}
	return nil, nil
}

// isConstructor reports whether a call builds a wrapper.
func isConstructor(pass *analysis.Pass, call *ast.CallExpr) bool {
	t := pass.TypesInfo.TypeOf(call)
	if t == nil || wrappedTask(pass, t) == nil {
		return false
	}
	fun := ast.Unparen(call.Fun)
	switch indexed := fun.(type) {
	case *ast.IndexExpr:
		fun = indexed.X
	case *ast.IndexListExpr:
		fun = indexed.X
	}
	var id *ast.Ident
	switch fun := fun.(type) {
	case *ast.Ident:
		id = fun
	case *ast.SelectorExpr:
		id = fun.Sel
	default:
		return false
	}
	f, ok := pass.TypesInfo.Uses[id].(*types.Func)
	named := namedOf(t)
	return ok && f.Pkg() == named.Obj().Pkg() && strings.EqualFold(f.Name(), "new"+named.Obj().Name())
}

// builtWhere says what makes the innermost function around a call build it again
// and again, or "".
func builtWhere(pass *analysis.Pass, around []ast.Node) string {
	call := around[len(around)-1]
	for i := len(around) - 2; i >= 0; i-- {
		switch n := around[i].(type) {
		case *ast.ForStmt:
			if call.Pos() > n.Body.Pos() {
				return "in a loop"
			}
		case *ast.RangeStmt:
			if call.Pos() > n.Body.Pos() {
				return "in a loop"
			}
		case *ast.AssignStmt:
			if isKept(n) {
				return ""
			}
		case *ast.FuncLit:
			return perRequest(pass, n.Type)
		case *ast.FuncDecl:
			return perRequest(pass, n.Type)
		}
	}
	return ""
}

// isKept reports whether an assignment fills a table, a field or a list.
func isKept(n *ast.AssignStmt) bool {
	for i, left := range n.Lhs {
		switch left.(type) {
		case *ast.IndexExpr, *ast.SelectorExpr:
			return true
		}
		if i < len(n.Rhs) {
			if call, ok := n.Rhs[i].(*ast.CallExpr); ok {
				if id, ok := call.Fun.(*ast.Ident); ok && id.Name == "append" {
					return true
				}
			}
		}
	}
	return false
}

// requests are the types of a parameter that a function has for each request.
var requests = map[string]bool{
	"net/http.Request":                    true,
	"github.com/gin-gonic/gin.Context":    true,
	"github.com/labstack/echo.Context":    true,
	"github.com/labstack/echo/v4.Context": true,
}

func perRequest(pass *analysis.Pass, f *ast.FuncType) string {
	for _, field := range f.Params.List {
		if named := namedOf(pass.TypesInfo.TypeOf(field.Type)); named != nil && named.Obj().Pkg() != nil &&
			requests[named.Obj().Pkg().Path()+"."+named.Obj().Name()] {
			return "for each request"
		}
	}
	return ""
}
