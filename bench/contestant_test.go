package main

import (
	"testing"

	"github.com/idemgen/idemgen/internal/redistest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What does not do the same work for everybody is not worth measuring.
func TestEveryContestantGivesADuplicateTheFirstOnesResult(t *testing.T) {
	server := redistest.Start(t)
	for _, c := range contestants {
		t.Run(c.name, func(t *testing.T) {
			server.Do("flushall")
			r, err := c.open(server.Addr)
			require.NoError(t, err)
			require.Error(t, r.duplicate(t.Context(), "1"), "nobody was first")
			server.Do("flushall")
			require.NoError(t, r.first(t.Context(), "1"))
			require.NoError(t, r.duplicate(t.Context(), "1"))
			require.NoError(t, r.duplicate(t.Context(), "1"))
			require.ErrorIs(t, r.first(t.Context(), "1"), errNotFirst)
			require.NoError(t, r.first(t.Context(), "2"))
			require.NoError(t, r.close())
		})
	}
}

func TestTheResultHas66Bytes(t *testing.T) {
	assert.Len(t, payload, 66)
}

func TestLoadCallsWithEveryCallerAndReturnsItsFirstErrors(t *testing.T) {
	server := redistest.Start(t)
	r, err := idemgen.open(server.Addr)
	require.NoError(t, err)
	b := bench{server: server, plan: quickPlan}
	firsts, duplicates, err := b.turn(r, 16, func() {})
	require.NoError(t, err)
	assert.Positive(t, firsts.perSecond)
	assert.Positive(t, duplicates.perSecond)
	r.first = r.duplicate
	_, _, err = b.turn(r, 16, func() {})
	require.ErrorIs(t, err, errNotDuplicate)
	require.NoError(t, r.close())
}
