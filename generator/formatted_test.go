package generator_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/generator"
)

// What is remembered of former runs saves work, and never hides a stale wrapper.
func TestARememberedWrapperIsStaleAllTheSameOnceItIsChanged(t *testing.T) {
	t.Setenv("GOFLAGS", "")
	dir, cache := t.TempDir(), t.TempDir()
	source, wrapper := filepath.Join(dir, "p.go"), filepath.Join(dir, "p_idem.go")
	write := func(name, content string) {
		t.Helper()
		require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
	}
	reasons := func() []string {
		t.Helper()
		outcome, err := generator.Run(t.Context(), generator.Config{Dir: dir, Patterns: []string{"."}, Cache: cache})
		require.NoError(t, err)
		require.Empty(t, formatted(outcome))
		var all []string
		for _, c := range outcome.Changes {
			all = append(all, c.Reason())
		}
		require.Empty(t, outcome.Write())
		return all
	}
	write(filepath.Join(dir, "go.mod"), "module example.com/p\n\ngo 1.26.0\n")
	write(source, "package p\n\n//idem:task key=ID\ntype Vote struct{ ID int }\n")
	assert.Equal(t, []string{"missing"}, reasons())
	remembered, err := os.ReadFile(filepath.Join(cache, "formatted"))
	require.NoError(t, err)
	assert.Len(t, remembered, 32, "a hash of the one wrapper")
	assert.Empty(t, reasons())

	generated, err := os.ReadFile(wrapper)
	require.NoError(t, err)
	write(wrapper, string(generated)+"\n")
	assert.Equal(t, []string{"stale"}, reasons(), "only its spaces differ")
	write(source, "package p\n\n//idem:task key=ID ttl=1h\ntype Vote struct{ ID int }\n")
	assert.Equal(t, []string{"stale"}, reasons())
	write(source, "package p\n\n//idem:task key=ID\ntype Vote struct{ ID int }\n")
	assert.Equal(t, []string{"stale"}, reasons(), "the one of before is remembered, but is not there")
	assert.Empty(t, reasons())

	write(filepath.Join(cache, "formatted"), "torn")
	assert.Empty(t, reasons(), "what is remembered is no longer there")
	remembered, err = os.ReadFile(filepath.Join(cache, "formatted"))
	require.NoError(t, err)
	assert.Len(t, remembered, 32, "begun anew")
}
