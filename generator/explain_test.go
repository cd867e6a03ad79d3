package generator_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/idemgen/idemgen/generator"
)

func TestEveryCodeIsExplained(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	require.NoError(t, err)
	var codes []string
	ast.Inspect(file, func(n ast.Node) bool {
		if literal, ok := n.(*ast.BasicLit); ok {
			code, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			codes = append(codes, code)
		}
		return true
	})
	var explained []string
	for _, e := range generator.Explanations() {
		explained = append(explained, e.Code)
		assert.NotEmpty(t, e.Title, e.Code)
		assert.NotEmpty(t, e.Text, e.Code)
		assert.NotEmpty(t, e.Message, e.Code)
		assert.Contains(t, generator.Explain(e.Code), e.Title)
	}
	assert.Equal(t, slices.Sorted(slices.Values(codes)), explained)
}

// What is said about each example is what the generator says, and what to write
// instead is right.
func TestExamplesGetTheirDiagnostic(t *testing.T) {
	wrong := exampleFindings(t, func(e generator.Explanation) string { return e.Wrong })
	right := exampleFindings(t, func(e generator.Explanation) string { return e.Right })
	for _, e := range generator.Explanations() {
		if e.Wrong == "" {
			continue
		}
		if *update {
			updateMessage(t, e.Code, wrong[e.Code])
			continue
		}
		assert.Equal(t, e.Message, wrong[e.Code], e.Code)
		assert.Contains(t, e.Message, "("+e.Code+")")
		assert.Empty(t, right[e.Code], e.Code)
	}
}

// exampleFindings returns what is said about one source of each code, all in one
// run: each is a package of its own.
func exampleFindings(t *testing.T, source func(generator.Explanation) string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/shop\n\ngo 1.26\n"), 0o644))
	for _, e := range generator.Explanations() {
		if source(e) == "" {
			continue
		}
		require.NoError(t, os.Mkdir(filepath.Join(dir, e.Code), 0o755))
		text := strings.Replace(source(e), "package shop", "package "+strings.ToLower(e.Code), 1)
		require.NoError(t, os.WriteFile(filepath.Join(dir, e.Code, "shop.go"), []byte(text), 0o644))
	}
	outcome, err := generator.Run(t.Context(), generator.Config{Dir: dir, Patterns: []string{"./..."}})
	require.NoError(t, err)
	found := map[string]string{}
	for _, d := range outcome.Findings() {
		in := filepath.Dir(d.Position.Filename)
		code := filepath.Base(in)
		found[code] += strings.ReplaceAll(d.Format(in), code+string(filepath.Separator), "") + "\n"
	}
	for code, text := range found {
		found[code] = strings.TrimSpace(text)
	}
	return found
}

// updateMessage keeps what is said about an example.
func updateMessage(t *testing.T, code, message string) {
	t.Helper()
	path := filepath.Join("diagnostics", code+".txtar")
	archive, err := txtar.ParseFile(path)
	require.NoError(t, err)
	for i, f := range archive.Files {
		if f.Name == "message" {
			archive.Files[i].Data = []byte(message + "\n")
		}
	}
	require.NoError(t, os.WriteFile(path, txtar.Format(archive), 0o644))
}

// Since the explanations are embedded, an update of theirs shows here the next
// time.
func TestDiagnosticReferenceIsInStepWithTheExplanations(t *testing.T) {
	const path = "../docs/diagnostics.md"
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(generator.DiagnosticReference()), 0o644))
		return
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, generator.DiagnosticReference(), string(content), "run go test ./generator -update")
}
