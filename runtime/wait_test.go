package idem_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
)

type deafStore struct {
	*faulty
	subscribes atomic.Int32
}

func (s *deafStore) Subscribe(ctx context.Context, key string) (<-chan struct{}, func(), error) {
	if s.subscribes.Add(1) == 1 {
		return nil, nil, errDown
	}
	return s.faulty.Subscribe(ctx, key)
}

func TestASubscriptionThatFailedIsTriedAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, f *faulty) {
		store := &deafStore{faulty: f}
		g := newGate()
		first := start(t.Context(), paying(newClient(t, store), g.run), a17)
		<-g.started
		second := start(t.Context(), paying(newClient(t, store), paid), a17)
		time.Sleep(20 * time.Second)
		g.open <- nil
		<-first
		<-second
		assert.Greater(t, store.subscribes.Load(), int32(1), "claims: %d", store.claims.Load())
	})
}

// A slow store answers late, but heeds its callers' contexts.
type slowStore struct {
	*faulty
	slow atomic.Bool
}

func (s *slowStore) Contend(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	if s.slow.Load() {
		select {
		case <-time.After(20 * time.Second):
		case <-ctx.Done():
			return idem.Reply{}, ctx.Err()
		}
	}
	return s.faulty.Contend(ctx, key, c)
}

func TestAWaitEndsInTimeAlthoughTheStoreIsSlow(t *testing.T) {
	inBubble(t, func(t *testing.T, f *faulty) {
		vanish(t, f, time.Hour, time.Hour)
		store := &slowStore{faulty: f}
		time.AfterFunc(500*time.Millisecond, func() { store.slow.Store(true) })
		began := time.Now()
		_, err := paying(newClient(t, store), mustNotRun(t), idem.WithWait(10*time.Second)).Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrTimeout)
		assert.Equal(t, 10*time.Second, time.Since(began))
	})
}
