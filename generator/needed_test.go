package generator

import (
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"
)

// A type is the same whether all of its package is type-checked, and of what that
// imports, or only what leads to it.
func TestTypesAreTheSameWithoutWhatIsNotNeeded(t *testing.T) {
	names := map[string][]string{
		"context":                            {"Context"},
		"database/sql":                       {"DB", "NullTime", "Null"},
		"encoding/json":                      {"RawMessage", "Decoder"},
		"go/types":                           {"Named", "Config"},
		"math/big":                           {"Int", "Float"},
		"net/http":                           {"Client", "Header", "Response", "StatusOK", "DefaultClient"},
		"net/netip":                          {"AddrPort"},
		"reflect":                            {"Value", "Type"},
		"sync/atomic":                        {"Pointer"},
		"time":                               {"Time", "Duration"},
		"github.com/redis/go-redis/v9":       {"UniversalClient", "Options", "XMessage", "Nil"},
		"github.com/dave/jennifer/jen":       {"Statement"},
		"github.com/stretchr/testify/assert": {"Assertions"},
	}
	var patterns []string
	for path := range names {
		patterns = append(patterns, path)
	}
	roots, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps | packages.NeedModule,
	}, patterns...)
	require.NoError(t, err)

	check := func(ask func(p *packages.Package) []string) map[string]string {
		c := newChecker(&sources{fset: token.NewFileSet()}, nil)
		wanted := map[reference]bool{}
		for p := range packages.Postorder(roots) {
			c.number(p)
			for _, name := range ask(p) {
				wanted[reference{p, name}] = true
			}
		}
		c.follow(wanted)
		found := map[string]string{}
		for _, p := range roots {
			scope := c.dependency(p).Scope()
			for _, name := range names[p.PkgPath] {
				require.NotNil(t, scope.Lookup(name), "%s.%s", p.PkgPath, name)
				found[p.PkgPath+"."+name] = describe(scope.Lookup(name).Type())
			}
		}
		assert.Empty(t, c.problems)
		return found
	}
	whole := check(func(*packages.Package) []string { return []string{everything} })
	assert.Equal(t, whole, check(func(p *packages.Package) []string { return names[p.PkgPath] }))
	assert.Contains(t, whole["net/http.Header"], "Values(key string)", "methods are compared")
}

// describe says all that another package can tell of a type.
func describe(t types.Type) string {
	var b strings.Builder
	b.WriteString(t.String() + " " + t.Underlying().String())
	if types.IsInterface(t) {
		return b.String()
	}
	for selection := range types.NewMethodSet(types.NewPointer(t)).Methods() {
		if selection.Obj().Exported() {
			b.WriteString("\n" + selection.String())
		}
	}
	return b.String()
}
