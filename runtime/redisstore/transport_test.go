package redisstore_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

func TestManyCallersShareAFewConnections(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	store := redisstore.New(client)
	var callers sync.WaitGroup
	for i := range 1000 {
		callers.Go(func() {
			reply, err := store.Claim(t.Context(), fmt.Sprint("key ", i), newClaim())
			assert.NoError(t, err)
			assert.True(t, reply.Owned)
		})
	}
	callers.Wait()
	assert.Equal(t, int64(1000), server.Do("dbsize"))
	assert.LessOrEqual(t, client.PoolStats().TotalConns, uint32(4), "one connection a lane")
}

func TestWhatWasNotSentWhenItsCallerLeftIsNeverSent(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server)
	server.Pause()
	var callers sync.WaitGroup
	for i := range 4 { // one for each lane
		callers.Go(func() {
			_, err := store.Claim(t.Context(), fmt.Sprint("patient ", i), newClaim())
			assert.NoError(t, err)
		})
		time.Sleep(50 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := store.Claim(ctx, "impatient", newClaim())
	require.ErrorIs(t, err, context.DeadlineExceeded)
	server.Resume()
	callers.Wait()
	_, err = store.Claim(t.Context(), "the last", newClaim())
	require.NoError(t, err)
	assert.Equal(t, int64(5), server.Do("dbsize"))
	assert.Equal(t, int64(0), server.Do("exists", "impatient"))
}
