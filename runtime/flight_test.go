package idem_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// The tests of this file are about what callers of one process share.

func TestALeaderThatLostItsLeaseBlocksNobodyInItsProcess(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.beat = down // the leader loses its lease after 13.5 s, and does not heed its context
		here, there := newClient(t, store), newClient(t, store)
		first := start(t.Context(), paying(here, func(context.Context, payment) (receipt, error) {
			time.Sleep(24 * time.Hour)
			return receipt{Number: "late"}, nil
		}), a17)
		time.Sleep(16 * time.Second)
		_, err := paying(there, paid).Run(t.Context(), a17) // takes over and finishes
		require.NoError(t, err)
		time.Sleep(time.Hour)
		res, err := paying(here, mustNotRun(t)).Run(t.Context(), a17)
		assert.NoError(t, err, "it has been done for an hour")
		assert.True(t, res.Duplicate)
		<-first
	})
}

func TestAFollowerTakesOverFromALeaderThatLostItsLease(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.beat = down
		here := newClient(t, store)
		first := start(t.Context(), paying(here, func(context.Context, payment) (receipt, error) {
			time.Sleep(24 * time.Hour)
			return receipt{}, nil
		}), a17)
		synctest.Wait()
		_, err := paying(here, paid).Run(t.Context(), a17) // waits 30 s, the lease is over after 15 s
		assert.NoError(t, err)
		<-first
	})
}

func TestAMismatchIsSeenAtOnceAlsoAfterAHandOver(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		client := newClient(t, store)
		g1, g2 := newGate(), newGate()
		first := start(t.Context(), paying(client, g1.run), a17) // no match
		<-g1.started
		second := start(t.Context(), matching(client, g2.run), a17)
		synctest.Wait()
		third := start(t.Context(), matching(client, mustNotRun(t)), payment{Order: 17, Amount: 1})
		synctest.Wait()
		g1.open <- errDown
		require.ErrorIs(t, (<-first).err, errDown)
		<-g2.started
		time.Sleep(time.Second)
		select {
		case got := <-third:
			assert.ErrorIs(t, got.err, idem.ErrMismatch)
		default:
			t.Error("the third still waits for an execution with other match fields")
		}
		g2.open <- nil
		<-second
	})
}

// An earlyTimeout's first claim fails as that of a connection does whose deadline
// is the context's: before the context's own timer.
type earlyTimeout struct {
	*faulty
	once atomic.Bool
}

func (s *earlyTimeout) Claim(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	if d, ok := ctx.Deadline(); ok && s.once.CompareAndSwap(false, true) {
		time.Sleep(time.Until(d))
		return idem.Reply{}, os.ErrDeadlineExceeded
	}
	return s.faulty.Claim(ctx, key, c)
}

func TestALeadersDeadlineIsNobodyElses(t *testing.T) {
	inBubble(t, func(t *testing.T, f *faulty) {
		client := newClient(t, &earlyTimeout{faulty: f})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		leader := start(ctx, paying(client, mustNotRun(t)), a17)
		synctest.Wait()
		follower := start(t.Context(), paying(client, paid), a17)
		require.ErrorIs(t, (<-leader).err, context.DeadlineExceeded)
		require.NoError(t, (<-follower).err)
	})
}

func TestAGoexitInATaskReleasesItsClaim(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		client := newClient(t, store)
		started := make(chan struct{})
		go func() {
			_, _ = paying(client, func(context.Context, payment) (receipt, error) {
				close(started)
				time.Sleep(time.Second)
				runtime.Goexit()
				return receipt{}, nil
			}).Run(t.Context(), a17)
		}()
		<-started
		_, err := paying(client, paid).Run(t.Context(), a17)
		require.NoError(t, err)
	})
}

func TestManyCallersOfFewKeysNeverRunAtOnceNorAfterAnAnswer(t *testing.T) {
	client := newClient(t, memstore.New(), idem.WithLogger(slog.New(slog.DiscardHandler)))
	var running [3]atomic.Int32
	var done [3]atomic.Int32
	var wg sync.WaitGroup
	for range 3000 {
		wg.Go(func() {
			n := rand.IntN(3)
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(30000))*time.Microsecond)
			defer cancel()
			wait := []time.Duration{0, time.Millisecond, time.Second}[rand.IntN(3)]
			defer func() { _ = recover() }()
			time.Sleep(time.Duration(rand.IntN(100000)) * time.Microsecond)
			_, _ = paying(client, func(context.Context, payment) (receipt, error) {
				if running[n].Add(1) != 1 {
					t.Error("two owners")
				}
				if done[n].Load() > 0 {
					t.Error("run after done")
				}
				defer running[n].Add(-1)
				time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
				switch x := rand.IntN(200); {
				case x == 0:
					done[n].Store(1)
					return receipt{}, nil
				case x < 20:
					panic("x")
				case x < 30:
					running[n].Add(-1)
					defer running[n].Add(1)
					runtime.Goexit()
				}
				return receipt{}, errDown
			}, idem.WithWait(wait)).Run(ctx, payment{Order: n + 1})
		})
	}
	wg.Wait()
	for n := range 3 {
		_, err := paying(client, paid, idem.WithWait(0)).Run(t.Context(), payment{Order: n + 1})
		require.NoError(t, err, "no flight was left behind")
	}
}
