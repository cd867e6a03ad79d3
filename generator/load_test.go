package generator

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFilesWithStrangeNamesCanBeHidden(t *testing.T) {
	const name = "/a \x01\U000e0001 \"b\".go"

	overlay, err := hideFiles([]string{name})
	require.NoError(t, err)
	defer func() { assert.NoError(t, os.Remove(overlay)) }()

	content, err := os.ReadFile(overlay)
	require.NoError(t, err)
	var said struct{ Replace map[string]string }
	require.NoError(t, json.Unmarshal(content, &said))
	assert.Equal(t, map[string]string{name: ""}, said.Replace)
}
