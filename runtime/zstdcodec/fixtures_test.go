package zstdcodec_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/runtime/zstdcodec"
)

// What a release has written, every later one reads: these are never written anew.
func TestResultsThatAnEarlierReleaseHasWrittenAreRead(t *testing.T) {
	for stored, want := range map[string]string{
		"28b52ffd64b203b50000702274656120616e64206a616d202201540d032ea13cdecb4c6b": strings.Repeat("tea and jam ", 100),
		"002274656122": "tea",
	} {
		data, err := hex.DecodeString(stored)
		require.NoError(t, err)
		var got string
		require.NoError(t, zstdcodec.JSON.Unmarshal(data, &got))
		assert.Equal(t, want, got)
	}
}
