package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"idemgen": main})
}

// Each script is one behaviour of the command, told in a module of its own that
// has idemgen as a tool.
func TestScripts(t *testing.T) {
	checkout, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	goMod, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	require.NoError(t, err)
	goSum, err := os.ReadFile(filepath.Join(checkout, "go.sum"))
	require.NoError(t, err)

	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOROOT", "HOME"} {
				env.Setenv(name, goEnv(t, name))
			}
			env.Setenv("XDG_CACHE_HOME", filepath.Join(env.WorkDir, ".cache"))
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each call lasts a second longer
			env.Setenv("GOPROXY", "off")
			env.Setenv("GOFLAGS", "-mod=mod")
			env.Setenv("GOTOOLCHAIN", "local")
			module := userModule(string(goMod), checkout)
			if err := os.WriteFile(filepath.Join(env.WorkDir, "go.mod"), []byte(module), 0o644); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "go.sum"), goSum, 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"crlf": crlf,
		},
	})
}

// userModule returns the go.mod of somebody who uses this checkout.
func userModule(goMod, checkout string) string {
	requires := regexp.MustCompile(`(?s)require \(.*?\n\)`).FindAllString(goMod, -1)
	return "module example.com/shop\n\ngo 1.26.0\n\n" +
		"tool github.com/idemgen/idemgen/cmd/idemgen\n\n" +
		"require github.com/idemgen/idemgen v0.0.0\n\n" +
		strings.Join(requires, "\n\n") + "\n\n" +
		"replace github.com/idemgen/idemgen => " + checkout + "\n"
}

// goEnv returns what the go command uses, which a script's own HOME would hide.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	if value := os.Getenv(name); value != "" || name == "HOME" {
		return value
	}
	out, err := goCommand(t.Context(), "env", name)
	require.NoError(t, err)
	return strings.TrimSpace(out)
}

// crlf gives files the line ends of Windows.
func crlf(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		content := strings.ReplaceAll(ts.ReadFile(name), "\n", "\r\n")
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(content), 0o644))
	}
}
