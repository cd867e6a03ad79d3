package memstore_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

func claim(id string) idem.Claim {
	return idem.Claim{
		ID: id, Now: time.Now(), Lease: 15 * time.Second, Retention: time.Hour, OnCrash: idem.CrashRetry,
	}
}

func TestExpiredKeysAreSweptByLaterWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		for i := range 1000 {
			_, err := s.Claim(t.Context(), fmt.Sprint("old ", i), claim("a"))
			require.NoError(t, err)
		}
		require.Equal(t, 1000, s.Len())
		time.Sleep(2 * time.Hour)
		for i := range 10 {
			_, err := s.Claim(t.Context(), fmt.Sprint("new ", i), claim("b"))
			require.NoError(t, err)
		}
		assert.Equal(t, 10, s.Len())
	})
}

func TestStalenessFollowsTheFakeClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		_, err := s.Claim(t.Context(), "k", claim("a"))
		require.NoError(t, err)

		time.Sleep(15*time.Second - time.Nanosecond)
		r, err := s.Contend(t.Context(), "k", claim("b"))
		require.NoError(t, err)
		assert.False(t, r.Owned)

		time.Sleep(time.Nanosecond)
		r, err = s.Contend(t.Context(), "k", claim("b"))
		require.NoError(t, err)
		assert.True(t, r.Owned)
		assert.Equal(t, idem.StateRunning, r.From)
	})
}

func TestRecordsShowsWhatIsUnfinished(t *testing.T) {
	s := memstore.New()
	_, err := s.Claim(t.Context(), "k", claim("a"))
	require.NoError(t, err)
	states := map[string]idem.State{}
	for key, r := range s.Records() {
		states[key] = r.State
	}
	assert.Equal(t, map[string]idem.State{"k": idem.StateRunning}, states)
}

func TestASwapCanBeChangedAfterwardsWithoutHarm(t *testing.T) {
	s := memstore.New()
	done := []byte("i1 done a 1 1000 5 2\n42")
	_, err := s.Replace(t.Context(), "k", idem.Swap{New: done, TTL: time.Hour, IfAbsent: true})
	require.NoError(t, err)
	clear(done)
	r, err := s.Lookup(t.Context(), "k")
	require.NoError(t, err)
	assert.Equal(t, "i1 done a 1 1000 5 2\n42", string(r.Record))
}

func TestADuplicateAllocatesNothing(t *testing.T) {
	s := memstore.New()
	_, err := s.Replace(t.Context(), "k",
		idem.Swap{New: []byte("i1 done a 1 1000 5 2\n42"), TTL: time.Hour, IfAbsent: true})
	require.NoError(t, err)
	c := claim("b")
	allocs := testing.AllocsPerRun(1000, func() {
		_, _ = s.Claim(context.Background(), "k", c)
	})
	assert.Zero(t, allocs)
}
