package sealedcodec_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/idemgen/idemgen/runtime/sealedcodec"
)

type receipt struct{ Number, Card string }

var paid = receipt{"R-17", "4242 4242 4242 4242"}

func secret() []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	return b
}

var older, newer = secret(), secret()

func keys(current string, names ...string) sealedcodec.Keys {
	k := sealedcodec.Keys{Current: current, Secrets: make(map[string][]byte)}
	for _, name := range names {
		k.Secrets[name] = map[string][]byte{"older": older, "newer": newer}[name]
	}
	return k
}

func codec(t *testing.T, purpose string, k sealedcodec.Keys) *sealedcodec.Codec {
	t.Helper()
	c, err := sealedcodec.New(idem.JSON, purpose, k)
	require.NoError(t, err)
	return c
}

func TestADuplicateGetsASealedResultBackAndTheStoreHasNothingOfIt(t *testing.T) {
	store := memstore.New()
	run := func(c idem.Codec) idem.Result[receipt] {
		t.Helper()
		task := idem.NewTask(idem.New(store), idem.Spec[int, receipt]{
			Name: "test.Pay",
			Key:  func(k *idem.KeyWriter, n int) { k.Part("n").Int(int64(n)) },
			Run:  func(context.Context, int) (receipt, error) { return paid, nil },
		}, idem.WithOnDuplicate(idem.PolicyReturnCached), idem.WithCodec(c))
		res, err := task.Run(t.Context(), 17)
		require.NoError(t, err)
		return res
	}
	sealed := codec(t, "receipts", keys("older", "older"))
	assert.False(t, run(sealed).Duplicate)
	res := run(codec(t, "receipts", keys("newer", "older", "newer")))
	assert.True(t, res.Duplicate, "after a rotation, too")
	assert.Equal(t, paid, res.Value)

	r, err := store.Lookup(t.Context(), "idempotency:test.Pay:17")
	require.NoError(t, err)
	assert.Contains(t, string(r.Record), "codec=sealed+json")
	assert.NotContains(t, string(r.Record), "4242")
	assert.NotContains(t, string(r.Record), "Card")
}

func TestEachResultIsSealedAnewAndAddsWhatIsDocumented(t *testing.T) {
	c := codec(t, "receipts", keys("older", "older"))
	one, err := c.Marshal(paid)
	require.NoError(t, err)
	other, err := c.Marshal(paid)
	require.NoError(t, err)
	assert.NotEqual(t, one, other)
	plain, err := json.Marshal(paid)
	require.NoError(t, err)
	assert.Len(t, one, len(plain)+46+len("older"))
}

func TestNothingOpensThatWasNotSealedSo(t *testing.T) {
	c := codec(t, "receipts", keys("older", "older"))
	data, err := c.Marshal(paid)
	require.NoError(t, err)
	var got receipt
	require.NoError(t, c.Unmarshal(data, &got))
	require.Equal(t, paid, got)
	for i := range data {
		changed := slices.Clone(data)
		changed[i] ^= 1
		require.Error(t, c.Unmarshal(changed, &got), "byte %d changed", i)
		require.Error(t, c.Unmarshal(data[:i], &got), "cut off at %d", i)
	}
	require.Error(t, c.Unmarshal(append(slices.Clone(data), 0), &got), "a byte more")

	swapped := keys("older", "older")
	swapped.Secrets["older"] = newer
	for text, other := range map[string]*sealedcodec.Codec{
		`for "refunds"`:               codec(t, "refunds", keys("older", "older")),
		`another secret of this name`: codec(t, "receipts", swapped),
		`under the secret "older", which is not among "newer"`: codec(t, "receipts", keys("newer", "newer")),
	} {
		require.ErrorContains(t, other.Unmarshal(data, &got), text)
	}
	data[0] = 9
	require.ErrorContains(t, c.Unmarshal(data, &got), "version 9")
}

func TestKeysThatCannotServeAreRefusedAndNotShown(t *testing.T) {
	short := bytes.Repeat([]byte("k"), 31)
	for text, k := range map[string]sealedcodec.Keys{
		`Keys.Current is "", and Secrets has none`:              {},
		`Keys.Current is "x", and Secrets has "newer", "older"`: keys("x", "older", "newer"),
		`the secret "s" has 31 bytes: 32 are needed`:            {Current: "s", Secrets: map[string][]byte{"s": short}},
		`a secret's name of 256 bytes`:                          {Current: strings.Repeat("n", 256), Secrets: map[string][]byte{strings.Repeat("n", 256): older}},
		`a secret's name of 0 bytes`:                            {Secrets: map[string][]byte{"": older}},
	} {
		_, err := sealedcodec.New(idem.JSON, "receipts", k)
		require.ErrorContains(t, err, text)
		assert.NotContains(t, err.Error(), string(short))
	}
	_, err := sealedcodec.New(nil, "receipts", keys("older", "older"))
	require.ErrorContains(t, err, "pass idem.JSON")
}

func TestSecretsAreCopied(t *testing.T) {
	own := secret()
	c := codec(t, "receipts", sealedcodec.Keys{Current: "own", Secrets: map[string][]byte{"own": own}})
	data, err := c.Marshal(paid)
	require.NoError(t, err)
	clear(own)
	var got receipt
	require.NoError(t, c.Unmarshal(data, &got))
}

func FuzzUnmarshal(f *testing.F) {
	c, err := sealedcodec.New(idem.JSON, "receipts", keys("older", "older"))
	require.NoError(f, err)
	data, err := c.Marshal(paid)
	require.NoError(f, err)
	f.Add(data[:10])
	f.Add([]byte{1, 255})
	f.Fuzz(func(t *testing.T, data []byte) {
		var got receipt
		require.Error(t, c.Unmarshal(data, &got), "nobody has sealed this")
	})
}
