package generator

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAReadOnlyDirectoryIsReported(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o555))
	asNobody(t)

	problems := (&Outcome{Changes: []Change{{Path: filepath.Join(dir, "task_idem.go"), New: []byte("new")}}}).Write()

	require.Len(t, problems, 1)
	assert.Equal(t, "task_idem.go: cannot be written: permission denied (IDEM053)", problems[0].Format(dir))
}

func TestNothingIsWrittenIfAnOrphanCannotBeRemoved(t *testing.T) {
	open, closed := t.TempDir(), t.TempDir()
	stale, orphan := filepath.Join(open, "a_idem.go"), filepath.Join(closed, "b_idem.go")
	require.NoError(t, os.Chmod(filepath.Dir(open), 0o755))
	require.NoError(t, os.Chmod(open, 0o777))
	require.NoError(t, os.WriteFile(stale, []byte("old"), 0o666))
	require.NoError(t, os.WriteFile(orphan, []byte("old"), 0o666))
	require.NoError(t, os.Chmod(closed, 0o555))
	asNobody(t)

	problems := (&Outcome{Changes: []Change{
		{Path: stale, Old: []byte("old"), New: []byte("new")},
		{Path: orphan, Old: []byte("old")},
	}}).Write()

	require.Len(t, problems, 1)
	assert.Equal(t, "b_idem.go: cannot be removed: permission denied (IDEM053)", problems[0].Format(closed))
	assert.Equal(t, map[string]string{"a_idem.go": "old"}, contents(t, open))
}

// asNobody lets root be told no by the file system, as everybody else is, until
// the test ends.
func asNobody(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	runtime.LockOSThread()
	require.NoError(t, syscall.Setfsuid(65534))
	t.Cleanup(func() {
		assert.NoError(t, syscall.Setfsuid(0))
		runtime.UnlockOSThread()
	})
}
