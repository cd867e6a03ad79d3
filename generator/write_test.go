package generator

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWritingReplacesCreatesAndRemoves(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	require.NoError(t, os.WriteFile(file("stale.go"), []byte("old"), 0o600))
	require.NoError(t, os.WriteFile(file("orphan.go"), []byte("old"), 0o600))

	problems := (&Outcome{Changes: []Change{
		{Path: file("missing.go"), New: []byte("new")},
		{Path: file("orphan.go"), Old: []byte("old")},
		{Path: file("stale.go"), Old: []byte("old"), New: []byte("new")},
	}}).Write()

	assert.Empty(t, problems)
	assert.Equal(t, map[string]string{"missing.go": "new", "stale.go": "new"}, contents(t, dir))
	info, err := os.Stat(file("stale.go"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "keeps its mode")
}

func TestNothingIsWrittenIfOneFileCannotBe(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "stale.go"), []byte("old"), 0o600))

	problems := (&Outcome{Changes: []Change{
		{Path: filepath.Join(dir, "missing.go"), New: []byte("new")},
		{Path: filepath.Join(dir, "nowhere", "a.go"), New: []byte("new")},
		{Path: filepath.Join(dir, "stale.go"), Old: []byte("old"), New: []byte("new")},
	}}).Write()

	require.Len(t, problems, 1)
	assert.Equal(t, filepath.Join("nowhere", "a.go")+": cannot be written: no such file or directory (IDEM053)", problems[0].Format(dir))
	assert.Equal(t, map[string]string{"stale.go": "old"}, contents(t, dir))
}

// contents returns the files of a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	files := map[string]string{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		require.NoError(t, err)
		files[entry.Name()] = string(content)
	}
	return files
}

func TestASymbolicLinkIsWrittenThrough(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	link, target := filepath.Join(dir, "stale.go"), filepath.Join(elsewhere, "kept.go")
	require.NoError(t, os.WriteFile(target, []byte("old"), 0o600))
	require.NoError(t, os.Symlink(target, link))

	problems := (&Outcome{Changes: []Change{{Path: link, Old: []byte("old"), New: []byte("new")}}}).Write()

	assert.Empty(t, problems)
	assert.Equal(t, map[string]string{"kept.go": "new"}, contents(t, elsewhere))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.Equal(t, os.ModeSymlink, info.Mode().Type())
}
