package generator_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/generator"
)

var update = flag.Bool("update", false, "rewrite the golden files, annotations.md and diagnostics.md")

// Each folder of testdata/scenarios is a hard case. The files generated there
// are the golden files, and what is vetted; so are those of the analyzer's tests.
func TestScenariosGenerateTheirGoldenFiles(t *testing.T) {
	outcome := run(t, "./testdata/scenarios/...", "./analyzer/testdata/src/wrapped")
	require.Empty(t, formatted(outcome))
	if *update {
		require.Empty(t, outcome.Write())
		return
	}
	var diff strings.Builder
	require.NoError(t, outcome.Diff(&diff))
	assert.Empty(t, diff.String())
}

func TestGeneratedCodeCompilesAndPassesVet(t *testing.T) {
	vet := exec.CommandContext(t.Context(), "go", "vet", "./testdata/scenarios/...")
	out, err := vet.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// Each folder of testdata/faults is a kind of bad input; its want.txt says what
// is reported.
func TestFaultsAreReportedWhereTheyStand(t *testing.T) {
	entries, err := os.ReadDir("testdata/faults")
	require.NoError(t, err)
	for _, entry := range entries {
		t.Run(entry.Name(), func(t *testing.T) {
			dir := filepath.Join("testdata", "faults", entry.Name())
			outcome := run(t, "./"+dir+"/...")
			got := strings.ReplaceAll(formatted(outcome), dir+string(filepath.Separator), "")
			want := filepath.Join(dir, "want.txt")
			if *update {
				require.NoError(t, os.WriteFile(want, []byte(got), 0o644))
				return
			}
			content, err := os.ReadFile(want)
			require.NoError(t, err)
			assert.Equal(t, string(content), got)
		})
	}
}

func TestAFileOutsideOfAModuleStandsForItself(t *testing.T) {
	t.Setenv("GOFLAGS", "")
	dir := t.TempDir()
	for _, name := range []string{"one", "two"} {
		source := "package p\n\n//idem:task key=ID\ntype " + name + " struct{ ID int }\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".go"), []byte(source), 0o600))
	}

	outcome, err := generator.Run(t.Context(), generator.Config{Dir: dir, Patterns: []string{"one.go"}})

	require.NoError(t, err)
	assert.Empty(t, formatted(outcome))
	require.Len(t, outcome.Tasks, 1)
	assert.Equal(t, "p.one", outcome.Tasks[0].Name)
}

func TestReferenceIsInStepWithTheTableOfOptions(t *testing.T) {
	const path = "../docs/annotations.md"
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(generator.AnnotationReference()), 0o644))
		return
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, generator.AnnotationReference(), string(content), "run go test ./generator -update")
}

// run runs the generator on packages.
func run(t *testing.T, patterns ...string) *generator.Outcome {
	t.Helper()
	outcome, err := generator.Run(t.Context(), generator.Config{Patterns: patterns})
	require.NoError(t, err)
	return outcome
}

// formatted returns an outcome's diagnostics and then its notes, as the command
// prints them.
func formatted(o *generator.Outcome) string {
	var b strings.Builder
	for _, d := range slices.Concat(o.Diagnostics, o.Notes) {
		b.WriteString(d.Format(o.Dir) + "\n")
	}
	return b.String()
}

func TestAHandlersResultIsListedAsTheWrapperNamesIt(t *testing.T) {
	results := map[string]string{}
	for _, task := range run(t, "./testdata/scenarios/handlers").Tasks {
		results[task.Type] = task.Result
	}
	assert.Equal(t, "R", results["CreateOrder"])
	assert.Equal(t, "R3", results["Convert[R, R2]"], "it has an R and an R2")
}
