package generator

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBodiesAreBlankedWhereTheyAreFound(t *testing.T) {
	for name, tt := range map[string]struct{ from, to string }{
		"a func":                {"func f() { return }\nvar x int", "func f() {        }\nvar x int"},
		"a method":              {"func (t T[K]) m() (a, b int) {x}", "func (t T[K]) m() (a, b int) { }"},
		"lines stay":            {"func f() {\n\tx()\n}\n", "func f() {\n    \n}\n"},
		"a struct as result":    {"func f() struct{ X int } { x }", "func f() struct{ X int } {   }"},
		"an interface":          {"func f() map[string]interface{ M() } { x }", "func f() map[string]interface{ M() } {   }"},
		"a func as parameter":   {"func f(g func() struct{}) { x }", "func f(g func() struct{}) {   }"},
		"in assembler":          {"func f()\nvar x = struct{}{}", "func f()\nvar x = struct{}{}"},
		"in assembler, a value": {"func f() (x map[string]int)\ntype T struct{ X int }", "func f() (x map[string]int)\ntype T struct{ X int }"},
		"braces in literals":    {"func f() { x('}', \"}\\\"\", `}`, '\\'') }\n", "func f() {                          }\n"},
		"braces in comments":    {"func f() { // }\n/* } */ }\n", "func f() {     \n        }\n"},
		"no func but its text":  {"var x = `\nfunc f() { return }`", "var x = `\nfunc f() { return }`"},
		"unclosed":              {"func f() { (\n", "func f() { (\n"},
		"closed by another":     {"func f() { (} ) }\n", "func f() { (} ) }\n"},
		"a torn literal":        {"func f() { \"a\n }\n", "func f() { \"a\n }\n"},
		"identifiers":           {"func größe() { x }", "func größe() {   }"},
	} {
		t.Run(name, func(t *testing.T) {
			got := []byte(tt.from)
			blankBodies(got)
			assert.Equal(t, tt.to, string(got))
		})
	}
}

// The declarations of the standard library, in which all kinds of Go occur, are
// the same without the bodies.
func TestBlankBodiesChangeNoDeclaration(t *testing.T) {
	root := filepath.Join(runtime.GOROOT(), "src") //nolint:staticcheck // its own source is at hand where tests run
	total, blanked := 0, 0
	for _, dir := range []string{"net/http", "go/types", "reflect", "runtime", "math/big", "unicode", "crypto/tls", "text/template/parse"} {
		names, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		require.NoError(t, err)
		require.NotEmpty(t, names)
		for _, name := range names {
			src, err := os.ReadFile(name)
			require.NoError(t, err)
			total += len(strings.TrimSpace(string(src)))
			want := outlines(t, name, src)
			blankBodies(src)
			require.Equal(t, want, outlines(t, name, src), name)
			blanked += strings.Count(string(src), "        ") * 8
		}
	}
	assert.Greater(t, blanked, total/4, "there was something to blank")
}

// outlines returns the kind and place of every node outside of bodies.
func outlines(t *testing.T, name string, src []byte) []string {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	require.NoError(t, err)
	var found []string
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil {
			return true
		}
		kind := fmt.Sprintf("%T", n)
		found = append(found, kind+" "+fset.Position(n.Pos()).String()+" "+fset.Position(n.End()).String())
		_, isBody := n.(*ast.BlockStmt)
		return !isBody
	})
	return found
}
