package idem_test

import (
	"context"
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

func TestShortLeasesDoNotStarveLongOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := idem.New(&slowBeats{memstore.New(), 400 * time.Millisecond})
		long := paying(client, func(ctx context.Context, p payment) (receipt, error) {
			select {
			case <-time.After(time.Minute):
				return paid(ctx, p)
			case <-ctx.Done():
				return receipt{}, context.Cause(ctx)
			}
		}) // lease 15 s
		short := idem.NewTask(client, idem.Spec[int, struct{}]{
			Name: "short", Key: func(k *idem.KeyWriter, n int) { k.Part("n").Int(int64(n)) },
			Run: func(context.Context, int) (struct{}, error) {
				time.Sleep(700 * time.Millisecond)
				return struct{}{}, nil
			},
		}, idem.WithLease(time.Second))
		var group sync.WaitGroup
		var stop atomic.Bool
		for i := range 10 {
			group.Go(func() {
				time.Sleep(time.Duration(i) * 70 * time.Millisecond)
				for n := i*100000 + 1; !stop.Load(); n++ {
					_, err := short.Run(t.Context(), n)
					assert.NoError(t, err)
				}
			})
		}
		_, err := long.Run(t.Context(), a17)
		stop.Store(true)
		group.Wait()
		time.Sleep(time.Second)
		require.NoError(t, err, "a lease of 15s survives heartbeats that take 400ms")
	})
}

type slowBeats struct {
	idem.Store
	delay time.Duration
}

func (s *slowBeats) Heartbeat(ctx context.Context, held []idem.Lease, report func(int, error)) {
	select {
	case <-time.After(s.delay):
		s.Store.Heartbeat(ctx, held, report)
	case <-ctx.Done():
		for i := range held {
			report(i, ctx.Err())
		}
	}
}

func TestAStoreThatIsTooSlowForTheLeaseIsUnavailable(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.reply = func() error { time.Sleep(950 * time.Millisecond); return nil }
		done := start(t.Context(), paying(newClient(t, store), paid, idem.WithLease(time.Second)), a17)
		select {
		case <-done:
		case <-time.After(time.Hour):
			t.Error("with a wait of 30s, no answer after an hour; steps sent:", store.claims.Load())
			store.set(func(f *faulty) { f.reply = nil })
			<-done
		}
	})
}

func TestAStoreThatPanicsAtACompletionLeavesNoLockedKey(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.replace = func() error { panic("store") }
		func() {
			defer func() { require.NotNil(t, recover()) }()
			_, _ = paying(idem.New(store), paid).Run(t.Context(), a17)
		}()
		store.set(func(f *faulty) { f.replace = nil })
		time.Sleep(time.Hour)
		_, err := paying(newClient(t, store), paid).Run(t.Context(), a17)
		require.NoError(t, err, "the lease of an owner that is gone ends")
	})
}

type quitter struct{ idem.Codec }

func (quitter) Marshal(any) ([]byte, error) { runtime.Goexit(); return nil, nil }

func TestACodecThatEndsItsGoroutineLeavesNoLockedKey(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_, _ = paying(idem.New(store), paid, idem.WithCodec(quitter{idem.JSON}), idem.WithOnDuplicate(idem.PolicyReturnCached)).Run(t.Context(), a17)
		}()
		<-gone
		time.Sleep(time.Hour)
		_, err := paying(newClient(t, store), paid).Run(t.Context(), a17)
		require.NoError(t, err)
	})
}

func TestAnObserverThatEndsItsGoroutineLeavesNoLockedKey(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		vanish(t, store, time.Second, time.Hour)
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_, _ = paying(idem.New(store, idem.WithObserver(func(_ context.Context, e idem.Event) {
				if e.Kind == idem.EventWaited {
					runtime.Goexit() // as t.FailNow does
				}
			})), paid).Run(t.Context(), a17)
		}()
		<-gone
		time.Sleep(time.Hour)
		_, err := paying(newClient(t, store), paid).Run(t.Context(), a17)
		require.NoError(t, err)
	})
}

func TestACallerThatMetAnErrorDoesNotLookOnForALease(t *testing.T) {
	inBubble(t, func(t *testing.T, f *faulty) {
		store := &countingStore{faulty: f}
		g := newGate()
		done := start(t.Context(), paying(newClient(t, store), g.run, idem.WithLease(time.Hour)), a17)
		<-g.started
		client := idem.New(store)
		store.set(func(f *faulty) { f.claim = down })
		for range 50 {
			_, err := paying(client, paid, idem.WithLease(time.Hour)).Run(t.Context(), a17)
			require.ErrorIs(t, err, idem.ErrUnavailable)
		}
		store.set(func(f *faulty) { f.claim = nil })
		time.Sleep(10 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := client.Close(ctx)
		g.open <- nil
		<-done
		time.Sleep(time.Hour)
		assert.NoError(t, err, "lookups: %d", store.lookups.Load())
	})
}

type countingStore struct {
	*faulty
	lookups atomic.Int64
}

func (s *countingStore) Lookup(ctx context.Context, key string) (idem.Reply, error) {
	s.lookups.Add(1)
	return s.faulty.Lookup(ctx, key)
}
