package examples_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	goBlock  = regexp.MustCompile("(?s)```go\n(.*?)```")
	sqlBlock = regexp.MustCompile("(?s)```sql\n(.*?)```")
)

// What README and docs show is code that runs: every block of Go in them stands
// in a file of the examples or in an example of a package, line by line, indented
// or not.
func TestGoCodeInDocumentsIsTakenFromTheExamples(t *testing.T) {
	code := exampleCode(t)
	documents, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	for _, document := range append(documents, "../README.md") {
		if name := filepath.Base(document); name == "annotations.md" || name == "diagnostics.md" {
			continue // generated, with tests of their own
		}
		content, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, block := range goBlock.FindAllSubmatch(content, -1) {
			text := flush(string(block[1]))
			found := false
			for _, file := range code {
				found = found || strings.Contains(file, text)
			}
			assert.True(t, found, "%s: no example has this code:\n%s", document, block[1])
		}
	}
}

// SQL in docs is a file of the examples, as a whole, which a test there runs; and each
// such file is shown.
func TestSQLInDocumentsIsThatOfTheExamples(t *testing.T) {
	var shown, files []string
	documents, err := filepath.Glob("../docs/*.md")
	require.NoError(t, err)
	for _, document := range documents {
		content, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, block := range sqlBlock.FindAllSubmatch(content, -1) {
			shown = append(shown, string(block[1]))
		}
	}
	err = filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".sql" {
			return err
		}
		content, err := os.ReadFile(path)
		files = append(files, string(content))
		return err
	})
	require.NoError(t, err)
	assert.NotEmpty(t, files)
	assert.ElementsMatch(t, files, shown)
}

// exampleCode returns the text of every Go file below this folder, and of those of
// the runtime that have examples, flush left.
func exampleCode(t *testing.T) []string {
	t.Helper()
	var code []string
	for _, root := range []string{".", "../runtime"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" || root != "." && !strings.HasPrefix(filepath.Base(path), "example") {
				return err
			}
			content, err := os.ReadFile(path)
			code = append(code, flush(string(content)))
			return err
		})
		require.NoError(t, err)
	}
	return code
}

// flush returns a text with every line's indentation taken away.
func flush(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(line, "\t")
	}
	return strings.Join(lines, "\n")
}
