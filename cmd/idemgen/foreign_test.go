package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
)

// A user's module with tasks over types of other people's modules, from
// `go get -tool` over `go generate` to duplicates that a real Redis refuses.
func TestAModuleOverForeignTypesGoesFromGetToolToARefusedDuplicate(t *testing.T) {
	checkout, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.Join(checkout, "testdata", "foreign"))))
	goMod := filepath.Join(dir, "go.mod")
	text, err := os.ReadFile(goMod)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(goMod, []byte(strings.Replace(string(text), "=> ../..", "=> "+checkout, 1)), 0o644))

	env := append(os.Environ(),
		"REDIS_URL="+redistest.Start(t, redistest.WithConfig("appendonly yes")).URL(nil),
		// What this machine has needs no network; the rest comes from where all modules do.
		"GOPROXY=file://"+filepath.ToSlash(goEnv(t, "GOMODCACHE"))+"/cache/download,"+goEnv(t, "GOPROXY"),
		"GOSUMDB=off", "GOFLAGS=", "GOTOOLCHAIN=local",
	)
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = dir, env
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "go %s:\n%s", strings.Join(args, " "), out)
		return string(out)
	}
	run("get", "-tool", "github.com/idemgen/idemgen/cmd/idemgen")
	run("generate", "./...")
	run("vet", "./...")
	run("tool", "idemgen", "check")
	assert.Equal(t, `idempotency:foreign.ProcessEntry:orders:1764000000000-0 1 DUPLICATE_EXECUTION true
idempotency:foreign.FetchPage:GET:example.com:/a%3Ab example.com DUPLICATE_EXECUTION true
idempotency:foreign.Enrol:f81d4fae-7dec-11d0-a765-00a0c91e6bf6:abcd:%3A%3A1:%nil {ffffffff-ffff-ffff-ffff-ffffffffffff true} DUPLICATE_EXECUTION true
`, run("run", "."))
}
