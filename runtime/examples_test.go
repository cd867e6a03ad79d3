package idem_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever reads a package's documentation finds an example at every function. The
// packages are those below this folder, those in modules of their own too, but for
// what nobody can import.
func TestEveryFunctionHasAnExample(t *testing.T) {
	packages := 0
	err := filepath.WalkDir(".", func(folder string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		if entry.Name() == "testdata" || entry.Name() == "internal" {
			return filepath.SkipDir
		}
		paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(paths) == 0 {
			return err
		}
		packages++
		for _, f := range functionsOf(t, paths) {
			assert.NotEmpty(t, f.Examples, "%s: %s", folder, f.Name)
		}
		return nil
	})
	require.NoError(t, err)
	assert.Greater(t, packages, 1)
}

// functionsOf returns the exported functions of a package, its types' constructors
// among them, each with its examples.
func functionsOf(t *testing.T, paths []string) []*doc.Func {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	p, err := doc.NewFromFiles(fset, files, "github.com/idemgen/idemgen/runtime/"+filepath.Dir(paths[0]))
	require.NoError(t, err)
	functions := p.Funcs
	for _, typ := range p.Types {
		functions = append(functions, typ.Funcs...)
	}
	return functions
}
