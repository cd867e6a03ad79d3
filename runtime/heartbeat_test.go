package idem_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// The tests of this file are about how claims are kept, and how their loss is told.

func TestAClaimWithTooLittleLeaseLeftIsNotAskedForInALoop(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		slow := true
		store.reply = func() error {
			if slow {
				slow = false
				time.Sleep(14 * time.Second) // past lease-margin (13.5s), before the lease's end (15s)
			}
			if store.claims.Load() > 10000 {
				time.Sleep(time.Second) // let the clock go on
			}
			return nil
		}
		_, err := paying(newClient(t, store), paid).Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Less(t, store.claims.Load(), int32(100))
	})
}

func TestAClaimThatTookLongIsHeartbeatenAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.reply = func() error { time.Sleep(9 * time.Second); return nil }
		task := paying(newClient(t, store), func(ctx context.Context, p payment) (receipt, error) {
			select {
			case <-time.After(time.Minute):
				return paid(ctx, p)
			case <-ctx.Done():
				return receipt{}, context.Cause(ctx)
			}
		})
		_, err := task.Run(t.Context(), a17)
		require.NoError(t, err, "%d heartbeats", store.beats.Load())
	})
}

// A slowReply's replace takes effect at once and is answered later.
type slowReply struct {
	*faulty
	delay time.Duration
}

func (s *slowReply) Replace(ctx context.Context, key string, w idem.Swap) (bool, error) {
	ok, err := s.faulty.Replace(ctx, key, w)
	time.Sleep(s.delay)
	return ok, err
}

func TestAHeartbeatBesideACompletionLosesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *faulty) {
		store := &slowReply{f, time.Second}
		var log eventLog
		_, err := paying(newClient(t, store, idem.WithObserver(log.observe)), func(ctx context.Context, p payment) (receipt, error) {
			time.Sleep(4900 * time.Millisecond)
			return paid(ctx, p)
		}).Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, []idem.EventKind{idem.EventClaimed, idem.EventRecorded}, log.kinds())
	})
}

func TestALeaseThatAnOuterTaskLostIsNotTheInnerOnes(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context()) // an outer task's
	own := errors.New("declined")
	_, err := paying(newClient(t, memstore.New()), func(context.Context, payment) (receipt, error) {
		cancel(idem.ErrLeaseLost)
		return receipt{}, own
	}).Run(ctx, a17)
	require.Equal(t, own, err)
}

func TestASlowObserverOfALossCostsNoOtherLease(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		client := newClient(t, store, idem.WithObserver(func(_ context.Context, e idem.Event) {
			if e.Kind == idem.EventLost {
				time.Sleep(time.Minute)
			}
		}))
		run := func(ctx context.Context, _ payment) (receipt, error) {
			select {
			case <-ctx.Done():
				return receipt{}, context.Cause(ctx)
			case <-time.After(2 * time.Minute):
				return receipt{}, nil
			}
		}
		var others []<-chan returned
		for i := range 20 {
			others = append(others, start(t.Context(), paying(client, run), payment{Order: 100 + i}))
		}
		a := start(t.Context(), paying(client, run), a17)
		synctest.Wait()
		for i := range 20 {
			others = append(others, start(t.Context(), paying(client, run), payment{Order: 200 + i}))
		}
		synctest.Wait()
		rec, _ := store.Lookup(t.Context(), paymentKey)
		_, _ = store.Replace(t.Context(), paymentKey, idem.Swap{Old: rec.Record, New: idem.StoredRecord{State: idem.StateReleased, ID: "y", Fence: 1, Started: 1}.Bytes(), TTL: time.Minute})
		<-a
		lost := 0
		for _, c := range others {
			if errors.Is((<-c).err, idem.ErrLeaseLost) {
				lost++
			}
		}
		assert.Zero(t, lost, "of 40 live leases")
	})
}
