package generator

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReferenceShowsKeysAsGeneratedCodeWritesThem(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "run", "./testdata/scenarios/reference").Output()
	require.NoError(t, err)
	var want []string
	for _, k := range keyableKinds {
		want = append(want, plain(k.Encoded))
	}
	assert.Equal(t, want, strings.Fields(string(out)))
}
