package idem_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

const keySecret = "0123456789abcdef0123456789abcdef"

// transfers is a task with two parts in its key, and one field to match.
func transfers(store idem.Store, secret string) *idem.Task[[3]string, string] {
	return idem.NewTask(idem.New(store, idem.WithHashedKeys([]byte(secret))), idem.Spec[[3]string, string]{
		Name: "bank.Transfer", Version: 2,
		Key: func(k *idem.KeyWriter, task [3]string) {
			k.Part("From").String(task[0])
			k.Part("Purpose").String(task[1])
		},
		Match: func(k *idem.KeyWriter, task [3]string) { k.Part("Amount").String(task[2]) },
		Run:   func(context.Context, [3]string) (string, error) { return "done", nil },
	}, idem.WithOnDuplicate(idem.PolicyReturnCached))
}

func TestAHashedKeyIsTheHMACOfItsParts(t *testing.T) {
	key, err := transfers(memstore.New(), keySecret).Key([3]string{"ada", "rent May", "750"})
	require.NoError(t, err)
	// printf %s ':ada:rent%20May' | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
	assert.Equal(t, "idempotency:bank.Transfer@v2:%hmacc5cb3564522fd3b4dff4e902680406552ed8f07ddb400e65b14a65f52ed86c56", key)
}

func TestHashedKeysAreThoseOfTheSameSecretOnly(t *testing.T) {
	store := memstore.New()
	task := [3]string{"ada", "rent", "750"}
	_, err := transfers(store, keySecret).Run(t.Context(), task)
	require.NoError(t, err)

	res, err := transfers(store, keySecret).Run(t.Context(), task)
	require.NoError(t, err)
	assert.True(t, res.Duplicate)
	res, err = transfers(store, strings.ToUpper(keySecret)).Run(t.Context(), task)
	require.NoError(t, err)
	assert.False(t, res.Duplicate)
	res, err = transfers(store, keySecret).Run(t.Context(), [3]string{"ada:rent", "", "750"})
	require.NoError(t, err)
	assert.False(t, res.Duplicate)
	_, err = transfers(store, keySecret).Run(t.Context(), [3]string{"ada", "rent", "751"})
	require.ErrorIs(t, err, idem.ErrMismatch)
	_, err = transfers(store, keySecret).Run(t.Context(), [3]string{})
	require.ErrorIs(t, err, idem.ErrEmptyKey, "as without hashing")
}

func TestASecretThatCouldBeGuessedIsRefused(t *testing.T) {
	for _, secret := range []string{"", "0123456789abcde"} {
		_, err := transfers(memstore.New(), secret).Run(t.Context(), [3]string{"ada", "rent", "750"})
		require.EqualError(t, err, "idem: task bank.Transfer: the secret of WithHashedKeys is shorter than 16 bytes: "+
			"whoever sees a key could try all of them")
	}
}

func TestFingerprintsAreMadeUnderTheSecret(t *testing.T) {
	prints := map[string]bool{}
	for _, secret := range []string{keySecret, strings.ToUpper(keySecret)} {
		store := memstore.New()
		_, err := transfers(store, secret).Run(t.Context(), [3]string{"ada", "rent", "750"})
		require.NoError(t, err)
		for _, record := range store.Records() {
			assert.NotEmpty(t, record.Fingerprint)
			prints[record.Fingerprint] = true
		}
	}
	assert.Len(t, prints, 2)
}
