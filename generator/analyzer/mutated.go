package analyzer

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/idemgen/idemgen/generator"
)

// Mutated reports tasks of which a field that is part of the key changes between
// the wrapper's Key and its Run: what Key returned is then the key of another
// task, and whatever was noted under it is not found.
var Mutated = &analysis.Analyzer{
	Name:     "idemmutated",
	Doc:      "report tasks that change between a wrapper's Key and its Run",
	URL:      Analyzer.URL,
	Requires: []*analysis.Analyzer{Analyzer},
	Run:      runMutated,
}

func runMutated(pass *analysis.Pass) (any, error) {
	for _, f := range pass.Files {
		if isExempt(pass, f) {
			continue
		}
		allowed := allowedLines(pass, f)
		for _, decl := range f.Decls {
			if decl, ok := decl.(*ast.FuncDecl); ok && decl.Body != nil {
				reportMutated(pass, decl.Body, allowed)
			}
		}
	}
	return nil, nil
}

// A keyed is a variable whose key has been asked for.
type keyed struct {
	fields []string // those that the key is made of; empty if that cannot be told
	at     token.Pos
}

// A change is an assignment to a field of such a variable.
type change struct {
	variable *types.Var
	field    string
	node     ast.Node
}

// reportMutated goes through a function in the order of its text: a change
// between Key and Run is one that a run of the function may meet there.
func reportMutated(pass *analysis.Pass, body *ast.BlockStmt, allowed map[int]bool) {
	asked := map[*types.Var]keyed{}
	var changes []change
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if c, ok := fieldChange(pass, left); ok {
					changes = append(changes, c)
				}
			}
		case *ast.IncDecStmt:
			if c, ok := fieldChange(pass, n.X); ok {
				changes = append(changes, c)
			}
		case *ast.CallExpr:
			variable, method, task := wrapperCall(pass, n)
			switch {
			case variable == nil:
			case method == "Key":
				asked[variable] = keyed{task.Fields, n.End()}
			case method == task.wrapped():
				k, ok := asked[variable]
				if !ok {
					break
				}
				for _, c := range changes {
					line := pass.Fset.PositionFor(c.node.Pos(), false).Line
					inKey := len(k.fields) == 0 || slices.Contains(k.fields, c.field)
					if c.variable == variable && inKey && k.at < c.node.Pos() && c.node.Pos() < n.Pos() && !allowed[line] && !allowed[line-1] {
						report(pass, c.node, generator.CodeMutated, "%s.%s changes between Key and %s, so that the key is that of another task: set it before, or ask for the key after", variable.Name(), c.field, method)
					}
				}
			}
		}
		return true
	})
}

// fieldChange returns the variable and its field that an assignment changes.
func fieldChange(pass *analysis.Pass, left ast.Expr) (change, bool) {
	field := ""
	for x := left; ; {
		switch e := x.(type) {
		case *ast.SelectorExpr:
			field, x = e.Sel.Name, e.X
		case *ast.IndexExpr:
			x = e.X
		case *ast.StarExpr:
			x = e.X
		case *ast.ParenExpr:
			x = e.X
		case *ast.Ident:
			variable, ok := pass.TypesInfo.Uses[e].(*types.Var)
			return change{variable, field, left}, ok && field != ""
		default:
			return change{}, false
		}
	}
}

// wrapperCall returns the variable that is handed to a wrapper's method as its
// task, the method, and what is known of the task.
func wrapperCall(pass *analysis.Pass, call *ast.CallExpr) (*types.Var, string, *isTask) {
	selected, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || len(call.Args) == 0 {
		return nil, "", nil
	}
	sel := pass.TypesInfo.Selections[selected]
	if sel == nil || sel.Kind() != types.MethodVal {
		return nil, "", nil
	}
	task := wrappedTask(pass, sel.Recv())
	if task == nil {
		return nil, "", nil
	}
	arg := call.Args[len(call.Args)-1]
	if selected.Sel.Name != "Key" && len(call.Args) > 1 {
		arg = call.Args[1]
	}
	if address, ok := ast.Unparen(arg).(*ast.UnaryExpr); ok && address.Op == token.AND {
		arg = address.X
	}
	id, ok := ast.Unparen(arg).(*ast.Ident)
	if !ok {
		return nil, "", nil
	}
	variable, _ := pass.TypesInfo.Uses[id].(*types.Var)
	return variable, selected.Sel.Name, task
}
