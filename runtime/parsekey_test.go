package idem_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
)

func TestAKeyIsTakenApart(t *testing.T) {
	for key, want := range map[string]idem.Key{
		"idempotency:billing.Pay:123":    {Prefix: "idempotency", Task: "billing.Pay", Parts: []string{"123"}},
		"p:fetch[V]@v2:ada:rent%20May:":  {Prefix: "p", Task: "fetch[V]", Version: 2, Parts: []string{"ada", "rent%20May", ""}},
		"a%3Ab:Pair[int,%20string]:%nil": {Prefix: "a:b", Task: "Pair[int, string]", Parts: []string{"%nil"}},
		":Pay:x":                         {Task: "Pay", Parts: []string{"x"}},
	} {
		k, err := idem.ParseKey(key)
		require.NoError(t, err, key)
		assert.Equal(t, want, k)
		assert.Equal(t, key, k.String())
	}
	assert.Equal(t, "p:Pay", idem.Key{Prefix: "p", Task: "Pay"}.String(), "what all keys of a task begin with")
}

// Whatever prefix, name and parts are, the key of a task says which they were.
func TestTheKeyOfATaskIsTakenApart(t *testing.T) {
	client := idem.New(noStore{})
	for _, text := range hostile {
		if len(text) > 100 || text == "@v2" || text == "" { // cut to fit, or no name
			continue
		}
		key, err := idem.NewTask(client, idem.Spec[string, string]{
			Prefix: text, Name: text, Version: 7,
			Key: func(k *idem.KeyWriter, s string) { k.Part("S").String(s) },
			Run: func(ctx, string) (string, error) { return "", nil },
		}).Key(text)
		require.NoError(t, err)
		k, err := idem.ParseKey(key)
		require.NoError(t, err)
		assert.Equal(t, text, k.Prefix)
		assert.Equal(t, text, k.Task)
		assert.Equal(t, 7, k.Version)
		assert.Equal(t, key, k.String())
	}
}

// noStore is for tasks that are never run.
type noStore struct{ idem.Store }

func TestWhatIsNoKeyIsToldSo(t *testing.T) {
	for _, text := range []string{
		"", "session", "a:b", "p:Pay@v:1", "p:Pay@v0:1", "p:Pay@v02:1", "p:Pay@vx:1", "%zz:Pay:1", "p:Pay%2:1", "p:%:1",
	} {
		_, err := idem.ParseKey(text)
		assert.ErrorContains(t, err, "is no key", text)
	}
}
