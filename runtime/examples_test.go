package idem_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever reads a package's documentation finds an example at every function.
func TestEveryFunctionHasAnExample(t *testing.T) {
	for _, folder := range []string{
		".", "redisstore", "memstore", "idemtest", "storetest", "zstdcodec", "sealedcodec", "nearstore",
	} {
		paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
		require.NoError(t, err)
		fset := token.NewFileSet()
		var files []*ast.File
		for _, path := range paths {
			file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
			require.NoError(t, err)
			files = append(files, file)
		}
		p, err := doc.NewFromFiles(fset, files, "github.com/idemgen/idemgen/runtime/"+folder)
		require.NoError(t, err)
		functions := p.Funcs
		for _, typ := range p.Types {
			functions = append(functions, typ.Funcs...)
		}
		assert.NotEmpty(t, functions)
		for _, f := range functions {
			assert.NotEmpty(t, f.Examples, "%s: %s", folder, f.Name)
		}
	}
}
