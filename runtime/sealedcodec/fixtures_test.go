package sealedcodec_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/runtime/sealedcodec"
)

// What a release has sealed, every later one opens: this is never written anew.
func TestAResultThatAnEarlierReleaseHasSealedIsOpened(t *testing.T) {
	sealed, err := hex.DecodeString("0107323032362d3131" +
		"51153238b357c9f9e5254a1b9ab1aab0" +
		"9eb573e12a7ab1bed405a1c65042b1851334fa6da3bf99a3ab312ee77e9893c3a00db1db11560ad0cb12a5ade418c3c0" +
		"3b24487e320f299f9d95c78646f79ecaf6e53f10d313a8625431")
	require.NoError(t, err)
	secret := bytes.Repeat([]byte{7}, 32)
	c := codec(t, "receipts", sealedcodec.Keys{Current: "2026-11", Secrets: map[string][]byte{"2026-11": secret}})
	var got receipt
	require.NoError(t, c.Unmarshal(sealed, &got))
	assert.Equal(t, paid, got)
}
