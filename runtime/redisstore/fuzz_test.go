package redisstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// Whatever bytes a key holds, contend.lua and the Go code of memstore make the same
// of them: the same claim, the same refusal, or both call them corrupt.
func FuzzScriptsReadRecordsAsGoDoes(f *testing.F) {
	for _, record := range []string{
		"", "\n", "1", "i1", "i1 running-", "i2 running- x 1 1 100 1000\n",
		"i1 running- x 1 1764000000000000 15000 3600000\n",
		"i1 running+ x 3 1764000000000001 100 3700000 start=1764000000000000 match=abc\n",
		"i1 running- mine 1 5 15000 3600000\n", "i1 running- mine 1 5 15000 99600000\n",
		"i1 running- x 1 5 0 3600000\n", "i1 running- x 1 5 2 1\n", "i1 running- x 1 5 1 9223372036855\n",
		"i1 released x 0 5\n", "i1 released mine 1 5\n", "i1 released x 9007199254740991 5\n", "i1 released x 1 9007199254740991\n",
		"i1 released x 1 9007199254740992\n", "i1 released x 01 5 note=0\n", "i1 released x 1 5 match=\n", "i1 released x 1 5 match\n",
		"i1 released x 1 5 match=a=b\n", "i1 released x 1 5 =\n", "i1 released x 1 5 note=1 note=0\n", "i1 released x 1 5\r\n",
		"i1 done x 1 5 52 -\n", "i1 done x 1 5 1000 3\n{\n}", "i1 done x 1 5 0 0 codec=proto\n", "i1 done x 1 5 0 - note=2\n{}",
		"i1 skipped x 1 5 0 1 note=14\n{\"reason\":\"r\"}7", "i1 failed x 2 5 0 - match=other\n", "i1 failed x 2 5 0 -1\n",
		"i1 done x 1 5 0 00\n", "i1 done \x00 1 5 0 -\n", "i1 done x 1 5 0 99999999999999999999\n", " i1 done x 1 5 0 -\n",
		"i1  done x 1 5 0 -\n", "i1 done x 1 5 0 - \n", "i1 done x 1 5 1e2 -\n", "i1 done x 1 5 0x1 -\n",
	} {
		f.Add([]byte(record), true)
		f.Add([]byte(record), false)
	}
	client := redistest.Start(f).Client()
	store := redisstore.New(client)
	f.Cleanup(func() { require.NoError(f, store.Close()) })
	f.Fuzz(func(t *testing.T, data []byte, matches bool) {
		const key, ttl = "fuzz", time.Hour
		claim := idem.Claim{
			ID: "mine", Now: time.UnixMicro(1764000000000000), Lease: time.Minute, Retention: 2 * time.Hour, OnCrash: idem.CrashRetry,
		}
		if matches {
			claim.Fingerprint = "abc"
		}
		if r, err := idem.ParseRecord(data); err == nil {
			if left := r.LeaseLeft(ttl); r.State == idem.StateRunning && left > -time.Minute && left < time.Minute {
				return // the moment at which it is asked decides
			}
		}
		require.NoError(t, client.Set(t.Context(), key, data, ttl).Err())
		memory := memstore.New()
		_, err := memory.Replace(t.Context(), key, idem.Swap{New: data, TTL: ttl, IfAbsent: true})
		require.NoError(t, err)

		want, wantErr := memory.Contend(t.Context(), key, claim)
		got, err := store.Contend(t.Context(), key, claim)
		require.Equal(t, errors.Is(wantErr, idem.ErrCorrupt), errors.Is(err, idem.ErrCorrupt), "Go says %v, Lua %v", wantErr, err)
		if wantErr != nil {
			stays, err := client.Get(t.Context(), key).Result()
			require.NoError(t, err)
			require.Equal(t, string(data), stays)
			return
		}
		require.NoError(t, err)
		assert.Equal(t, string(want.Record), string(got.Record))
		assert.Equal(t, want.Owned, got.Owned)
		assert.Equal(t, want.From, got.From)
	})
}
