package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestATouchedFileIsNoticed(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"kept", "gone", "touched"} {
		require.NoError(t, os.WriteFile(file(name), nil, 0o600))
	}
	before, err := stamps(dir)
	require.NoError(t, err)
	assert.Empty(t, changed(before, before))
	require.NoError(t, os.Remove(file("gone")))
	require.NoError(t, os.WriteFile(file("new"), nil, 0o600))
	require.NoError(t, os.Chtimes(file("touched"), time.Time{}, time.Now().Add(time.Second)))
	require.NoError(t, os.Chtimes(dir, time.Time{}, before[dir]))

	after, err := stamps(dir)

	require.NoError(t, err)
	assert.Equal(t, []string{file("gone"), file("new"), file("touched")}, changed(before, after))
}
