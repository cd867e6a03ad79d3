package generator

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAPollIsAsLongAsTheRuntimesIs(t *testing.T) {
	wait, err := os.ReadFile("../runtime/wait.go")
	require.NoError(t, err)
	assert.Contains(t, string(wait), "pollBlind = "+durationCode(pollBlind).String()+" ")
}
