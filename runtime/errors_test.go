package idem_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// docs/errors.md has a row and a section for each error, in the order in which
// errors.go declares them, and the code that it has there.
func TestEveryErrorIsDocumented(t *testing.T) {
	type sentinel struct{ name, code string }
	var declared []sentinel
	file, err := parser.ParseFile(token.NewFileSet(), "errors.go", nil, 0)
	require.NoError(t, err)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if call, ok := spec.Values[0].(*ast.CallExpr); ok {
			if f, ok := call.Fun.(*ast.Ident); ok && f.Name == "newSentinel" {
				code, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
				require.NoError(t, err)
				declared = append(declared, sentinel{spec.Names[0].Name, code})
			}
		}
		return true
	})
	require.NotEmpty(t, declared)

	page, err := os.ReadFile("../docs/errors.md")
	require.NoError(t, err)
	var rows, sections, described []sentinel
	for _, m := range regexp.MustCompile("(?m)^\\| \\[(Err\\w+)\\]\\(#(err\\w+)\\) \\| `(\\w+)`").FindAllStringSubmatch(string(page), -1) {
		rows = append(rows, sentinel{m[1], m[3]})
	}
	for _, m := range regexp.MustCompile(`(?m)^### (Err\w+)$`).FindAllStringSubmatch(string(page), -1) {
		sections = append(sections, sentinel{name: m[1]})
	}
	for _, s := range declared {
		described = append(described, sentinel{name: s.name})
	}
	assert.Equal(t, declared, rows, "the rows of the table")
	assert.Equal(t, described, sections, "the sections")
}
