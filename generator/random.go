package generator

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// changes returns the call because of which a method of this package returns
// something else each time, or "". It looks at the method's own body only.
func (p *planner) changes(method types.Object) string {
	body, file := p.body(method)
	if body == nil {
		return ""
	}
	changing, rounded := "", false
	ast.Inspect(body, func(n ast.Node) bool {
		selected, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		rounded = rounded || slices.Contains(rounding, selected.Sel.Name)
		from, ok := selected.X.(*ast.Ident)
		if !ok || changing != "" && changing != "time.Now" {
			return true
		}
		for _, spec := range file.Imports {
			if p.importNamed(spec) == from.Name && givesAnother(importPath(spec), selected.Sel.Name) {
				changing = from.Name + "." + selected.Sel.Name
				if importPath(spec) == "time" {
					changing = "time.Now"
				}
			}
		}
		return true
	})
	if changing == "time.Now" && rounded {
		return ""
	}
	return changing
}

// rounding are the methods of a time that leave the same for a while.
var rounding = strings.Fields("Truncate Round Format AppendFormat Date Year YearDay ISOWeek Month Day Weekday Hour Minute")

// givesAnother reports whether a function gives another value each time.
func givesAnother(path, name string) bool {
	switch path {
	case "time":
		return name == "Now"
	case "math/rand", "math/rand/v2":
		return !strings.HasPrefix(name, "New") // a source of one's own may have a fixed seed
	case "crypto/rand":
		return true
	case "github.com/google/uuid", "github.com/gofrs/uuid", "github.com/gofrs/uuid/v5", "github.com/rs/xid", "github.com/segmentio/ksuid", "github.com/oklog/ulid/v2":
		return slices.Contains(strings.Fields("New NewString NewRandom NewUUID NewV1 NewV4 NewV6 NewV7 Make MustNew NewRandomFromReader"), name)
	}
	return false
}

// body returns the body of a method and the file that declares it, or nil.
func (p *planner) body(method types.Object) (*ast.BlockStmt, *ast.File) {
	for _, f := range p.files {
		if f.FileStart > method.Pos() || method.Pos() > f.FileEnd {
			continue
		}
		for _, decl := range f.Decls {
			if decl, ok := decl.(*ast.FuncDecl); ok && decl.Name.Pos() == method.Pos() {
				return decl.Body, f
			}
		}
	}
	return nil, nil
}
