package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestColoursAreForTerminals(t *testing.T) {
	terminal, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as a terminal is
	require.NoError(t, err)
	defer func() { assert.NoError(t, terminal.Close()) }()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	require.NoError(t, err)
	defer func() { assert.NoError(t, file.Close()) }()
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")

	assert.True(t, isColorful(terminal))
	assert.False(t, isColorful(file))
	assert.False(t, isColorful(&bytes.Buffer{}))

	t.Setenv("TERM", "dumb")
	assert.False(t, isColorful(terminal))

	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	assert.False(t, isColorful(terminal))
}
