package smallworld_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutantVariable tells the test binary that it runs with a rule broken.
const mutantVariable = "IDEMGEN_MUTANT"

// Each file of testdata/mutants breaks one rule: it names a file of the module,
// says what is wrong, and has the text to be replaced and the text to replace it.
// The mutants are built without the race detector, which costs nine tenths of the
// time; so is the control, which must explore as far and find nothing.
func TestEveryMutantIsFound(t *testing.T) {
	if os.Getenv(mutantVariable) != "" {
		return // in a mutant
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	files, err := filepath.Glob("testdata/mutants/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	t.Run("and no fault where there is none", func(t *testing.T) {
		output, passed := exploreApart(t, "none")
		require.True(t, passed, "%s", output)
		t.Logf("%s", strings.Join(lines(output, "schedules"), ";"))
	})
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output, passed := exploreApart(t, name, "-overlay="+plant(t, root, file))
			require.False(t, passed, "the mutant survives:\n%s", output)
			found := lines(output, scheduleVariable+"=")
			require.NotEmpty(t, found, "it fails otherwise:\n%s", output)
			t.Log(found[0])
		})
	}
}

// exploreApart runs the exploration in a process of its own, and tells whether it
// passes.
func exploreApart(t *testing.T, name string, flags ...string) (output string, passed bool) {
	t.Helper()
	args := append([]string{
		"test", "-v", "-count=1", "-timeout=3m", "-vet=off", "-ldflags=-s -w", "-run=TestNoScheduleBreaksAPromise",
	}, flags...)
	tests := exec.CommandContext(t.Context(), "go", append(args, ".")...)
	tests.Env = append(os.Environ(), mutantVariable+"="+name, faultsVariable+"=", "GOFLAGS=")
	text, err := tests.CombinedOutput()
	var exit *exec.ExitError
	require.True(t, err == nil || errors.As(err, &exit), "%v", err)
	return string(text), err == nil
}

// lines returns the lines that contain a word.
func lines(text, word string) (with []string) {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			with = append(with, strings.TrimSpace(line))
		}
	}
	return with
}

// plant returns an overlay for the go command in which the mutant's text stands.
func plant(t *testing.T, root, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	head, rest, _ := strings.Cut(string(text), "--- old\n")
	before, after, ok := strings.Cut(rest, "--- new\n")
	require.True(t, ok, "%s has no old and new text", file)
	target, _, _ := strings.Cut(head, "\n")
	source, err := os.ReadFile(filepath.Join(root, target))
	require.NoError(t, err)
	before, after = strings.TrimSuffix(before, "\n"), strings.TrimSuffix(after, "\n")
	require.Equal(t, 1, strings.Count(string(source), before), "%s: the old text must stand once in %s", file, target)
	mutant := filepath.Join(t.TempDir(), filepath.Base(target))
	require.NoError(t, os.WriteFile(mutant, []byte(strings.Replace(string(source), before, after, 1)), 0o600))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, target): mutant}})
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "overlay.json")
	require.NoError(t, os.WriteFile(path, overlay, 0o600))
	return path
}
