package main

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What go vet sees of a package, from export data and with its tests, gives the
// same wrappers as what the generator sees.
func TestVetFindsTheGoldenFilesUpToDate(t *testing.T) {
	tool := filepath.Join(t.TempDir(), "idemgen")
	_, err := goCommand(t.Context(), "build", "-o", tool, ".")
	require.NoError(t, err)
	out, err := exec.CommandContext(t.Context(), "go", "vet", "-vettool="+tool, "../../generator/testdata/scenarios/...").CombinedOutput()
	require.NoError(t, err, "%s", out)
}
