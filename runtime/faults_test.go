package idem_test

import (
	"context"
	"errors"
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

// The tests of this file script a store's faults and run in bubbles of
// testing/synctest: leases, waits and retries pass on a clock of their own.

var errDown = errors.New("connection refused")

// A faulty store answers like the one it wraps, except where a test says so.
type faulty struct {
	idem.Store

	mu      sync.Mutex
	claim   func() error // before a claim or contend is sent
	reply   func() error // after it has taken effect
	beat    func() error
	replace func() error
	lookup  func() error
	claims  atomic.Int32
	beats   atomic.Int32
}

// set changes what the store does, from a test's goroutine.
func (f *faulty) set(change func(f *faulty)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *faulty) fault(which func(f *faulty) func() error) error {
	f.mu.Lock()
	fault := which(f)
	f.mu.Unlock()
	if fault == nil {
		return nil
	}
	return fault()
}

func (f *faulty) step(ctx context.Context, key string, c idem.Claim, step func(context.Context, string, idem.Claim) (idem.Reply, error)) (idem.Reply, error) {
	f.claims.Add(1)
	if err := f.fault(func(f *faulty) func() error { return f.claim }); err != nil {
		return idem.Reply{}, err
	}
	reply, err := step(ctx, key, c)
	if lost := f.fault(func(f *faulty) func() error { return f.reply }); lost != nil {
		return idem.Reply{}, lost
	}
	return reply, err
}

func (f *faulty) Claim(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	return f.step(ctx, key, c, f.Store.Claim)
}

func (f *faulty) Contend(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	return f.step(ctx, key, c, f.Store.Contend)
}

func (f *faulty) Heartbeat(ctx context.Context, held []idem.Lease, report func(int, error)) {
	f.beats.Add(1)
	if err := f.fault(func(f *faulty) func() error { return f.beat }); err != nil {
		for i := range held {
			report(i, err)
		}
		return
	}
	f.Store.Heartbeat(ctx, held, report)
}

func (f *faulty) Replace(ctx context.Context, key string, s idem.Swap) (bool, error) {
	if err := f.fault(func(f *faulty) func() error { return f.replace }); err != nil {
		return false, err
	}
	return f.Store.Replace(ctx, key, s)
}

func (f *faulty) Lookup(ctx context.Context, key string) (idem.Reply, error) {
	if err := f.fault(func(f *faulty) func() error { return f.lookup }); err != nil {
		return idem.Reply{}, err
	}
	return f.Store.Lookup(ctx, key)
}

func down() error { return errDown }

// inBubble runs a test on a faulty store, in a bubble.
func inBubble(t *testing.T, test func(t *testing.T, store *faulty)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, &faulty{Store: memstore.New()}) })
}

func TestNothingRunsWhileTheStoreIsDown(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.claim, store.lookup = down, down
		_, err := paying(newClient(t, store), mustNotRun(t)).Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrUnavailable)
		require.ErrorIs(t, err, errDown)
		assert.Equal(t, "STORE_UNAVAILABLE", idem.Code(err))
		assert.ErrorContains(t, err, paymentKey)
	})
}

func TestATaskRunsUnprotectedOnlyWhereTheClientSaysSo(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.claim, store.lookup = down, down
		var log eventLog
		var got idem.Execution
		task := paying(newClient(t, store, idem.WithFailOpen(), idem.WithObserver(log.observe)), func(ctx context.Context, p payment) (receipt, error) {
			got = idem.FromContext(ctx)
			return paid(ctx, p)
		})
		res, err := task.Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StatusSuccess, res.Status)
		assert.Equal(t, paymentKey, got.Key)
		assert.Zero(t, got.Fence)
		assert.Equal(t, []idem.EventKind{idem.EventFailedOpen, idem.EventUnprotected}, log.kinds())
	})
}

func TestTheStoresFailureIsEverybodysInTheProcess(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		hang := make(chan struct{})
		store.claim = func() error { <-hang; return errDown }
		store.lookup = down
		task := paying(newClient(t, store), mustNotRun(t))
		var calls []<-chan returned
		for range 10 {
			calls = append(calls, start(t.Context(), task, a17))
		}
		synctest.Wait()
		close(hang)
		for _, c := range calls {
			require.ErrorIs(t, (<-c).err, idem.ErrUnavailable)
		}
		assert.EqualValues(t, 1, store.claims.Load())
	})
}

func TestACompletionIsRetriedUntilALeaseHasPassed(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.replace = down
		began := time.Now()
		res, err := paying(newClient(t, store), paid).Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrNotRecorded)
		require.ErrorIs(t, err, errDown)
		assert.Equal(t, receipt{Number: "R-1", Cents: 999}, res.Value)
		assert.Equal(t, 15*time.Second, time.Since(began))
		assert.Positive(t, store.beats.Load(), "the claim is kept as long as there is hope")
	})
	inBubble(t, func(t *testing.T, store *faulty) {
		store.replace = down
		time.AfterFunc(10*time.Second, func() { store.set(func(f *faulty) { f.replace = nil }) })
		_, err := paying(newClient(t, store), paid).Run(t.Context(), a17)
		require.NoError(t, err)
	})
}

func TestAnErrorThatWillNotPassEndsACompletionAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.replace = func() error { return idem.Permanent(errors.New("NOPERM")) }
		began := time.Now()
		_, err := paying(newClient(t, store), paid).Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrNotRecorded)
		require.ErrorContains(t, err, "NOPERM")
		assert.Zero(t, time.Since(began))
	})
}

func TestACallerThatGaveUpDoesNotWaitForAStoreThatIsDown(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.replace = down
		time.AfterFunc(5*time.Second, func() { store.set(func(f *faulty) { f.replace = nil }) })
		ctx, cancel := context.WithCancel(t.Context())
		task := paying(newClient(t, store), func(ctx context.Context, p payment) (receipt, error) {
			cancel()
			return paid(ctx, p)
		})
		began := time.Now()
		res, err := task.Run(ctx, a17)
		require.ErrorIs(t, err, idem.ErrNotRecorded)
		assert.Equal(t, "R-1", res.Value.Number)
		assert.Equal(t, time.Second, time.Since(began))

		time.Sleep(10 * time.Second) // meanwhile it was stored in the background
		rec, err := task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StateDone, rec.State)
	})
}

func TestATaskThatOutlivesItsCallersContextIsStillRecorded(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		ctx, cancel := context.WithCancel(t.Context())
		task := paying(newClient(t, store), func(ctx context.Context, p payment) (receipt, error) {
			cancel()
			return paid(ctx, p)
		})
		_, err := task.Run(ctx, a17)
		require.NoError(t, err)
		rec, err := task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StateDone, rec.State)
	})
}

func TestALostReplyToAClaimIsReleasedInTheBackground(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.reply = down
		_, err := paying(newClient(t, store), mustNotRun(t)).Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrUnavailable)
		store.set(func(f *faulty) { f.reply = nil })
		time.Sleep(time.Second)

		var got idem.Execution
		began := time.Now()
		_, err = paying(newClient(t, store), func(ctx context.Context, p payment) (receipt, error) {
			got = idem.FromContext(ctx)
			return paid(ctx, p)
		}).Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Zero(t, time.Since(began), "the claim was given back, not left to its lease")
		assert.Equal(t, 1, got.Attempt, "nothing had run")
	})
}

func TestAnOwnerWhoseHeartbeatsFailStopsBeforeItsLeaseIsStale(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.beat = down
		var log eventLog
		began := time.Now()
		task := paying(newClient(t, store, idem.WithObserver(log.observe)), func(ctx context.Context, _ payment) (receipt, error) {
			<-ctx.Done()
			assert.Less(t, time.Since(began), 15*time.Second)
			assert.Greater(t, time.Since(began), 13*time.Second)
			assert.ErrorIs(t, context.Cause(ctx), idem.ErrLeaseLost)
			return receipt{}, ctx.Err()
		})
		_, err := task.Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrLeaseLost)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, "LEASE_LOST", idem.Code(err))
		assert.Equal(t, []idem.EventKind{idem.EventClaimed, idem.EventLost, idem.EventReleased}, log.kinds())
	})
}

func TestAnOwnerThatWasOvertakenDoesNotOverwriteTheNewAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.beat = down
		slow, done := make(chan struct{}), make(chan struct{})
		first := start(t.Context(), paying(newClient(t, store), func(context.Context, payment) (receipt, error) {
			<-slow // does not heed its context
			return receipt{Number: "late"}, nil
		}), a17)
		synctest.Wait()
		another := newClient(t, store)
		go func() {
			defer close(done)
			res, err := paying(another, func(ctx context.Context, _ payment) (receipt, error) {
				assert.Equal(t, 2, idem.FromContext(ctx).Attempt)
				return receipt{Number: "new"}, nil
			}, idem.WithOnDuplicate(idem.PolicyReturnCached)).Run(t.Context(), a17)
			assert.NoError(t, err)
			assert.Equal(t, "new", res.Value.Number)
		}()
		<-done
		close(slow)
		got := <-first
		require.ErrorIs(t, got.err, idem.ErrLeaseLost)
		assert.Equal(t, "late", got.res.Value.Number, "its caller gets the value all the same")

		res, err := paying(newClient(t, store), mustNotRun(t), idem.WithOnDuplicate(idem.PolicyReturnCached)).Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, "new", res.Value.Number)
	})
}

func TestALateResultIsAcceptedWhereNobodyTookOver(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.beat = down
		task := paying(newClient(t, store), func(context.Context, payment) (receipt, error) {
			time.Sleep(time.Hour)
			return receipt{Number: "late"}, nil
		})
		res, err := task.Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, "late", res.Value.Number)
		rec, err := task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StateDone, rec.State)
	})
}

func TestHeartbeatsKeepALongTask(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		first := start(t.Context(), paying(newClient(t, store), func(ctx context.Context, p payment) (receipt, error) {
			time.Sleep(time.Hour)
			return paid(ctx, p)
		}), a17)
		synctest.Wait()
		var failures atomic.Int32
		store.set(func(f *faulty) {
			f.beat = func() error { // every other one is lost
				if failures.Add(1)%2 == 0 {
					return errDown
				}
				return nil
			}
		})
		_, err := paying(newClient(t, store), mustNotRun(t), idem.WithWait(2*time.Hour)).Run(t.Context(), a17)
		require.NoError(t, err)
		require.NoError(t, (<-first).err)
	})
}

func TestAClaimThatArrivedTooLateIsClaimedAnew(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		slow := true
		store.reply = func() error {
			if slow {
				slow = false
				time.Sleep(20 * time.Second)
			}
			return nil
		}
		var got idem.Execution
		_, err := paying(newClient(t, store), func(ctx context.Context, p payment) (receipt, error) {
			got = idem.FromContext(ctx)
			return paid(ctx, p)
		}, idem.WithOnCrash(idem.CrashFail)).Run(t.Context(), a17)
		require.NoError(t, err)
		assert.EqualValues(t, 2, store.claims.Load())
		assert.Equal(t, 2, got.Attempt)
	})
}

func TestManyCallersInOneProcessCostOneClaim(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		var runs atomic.Int32
		task := paying(newClient(t, store), func(ctx context.Context, p payment) (receipt, error) {
			runs.Add(1)
			time.Sleep(time.Second)
			return paid(ctx, p)
		}, idem.WithOnDuplicate(idem.PolicyReturnCached))
		var calls []<-chan returned
		for range 1000 {
			calls = append(calls, start(t.Context(), task, a17))
		}
		values := map[receipt]int{}
		for _, c := range calls {
			got := <-c
			require.NoError(t, got.err)
			values[got.res.Value]++
		}
		assert.Equal(t, map[receipt]int{{Number: "R-1", Cents: 999}: 1000}, values)
		assert.EqualValues(t, 1, runs.Load())
		assert.EqualValues(t, 1, store.claims.Load())
	})
}

func TestACancelledLeaderHandsOverAndTakesNobodyDown(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		client := newClient(t, store)
		ctx, cancel := context.WithCancel(t.Context())
		g := newGate()
		leader := start(ctx, paying(client, g.run), a17)
		<-g.started
		next := newGate()
		gone, leave := context.WithCancel(t.Context())
		left := start(gone, paying(client, mustNotRun(t)), a17)
		synctest.Wait()
		follower := start(t.Context(), paying(client, next.run), a17)
		synctest.Wait()
		third := start(t.Context(), paying(client, mustNotRun(t)), a17)
		synctest.Wait()

		leave()
		require.ErrorIs(t, (<-left).err, context.Canceled)
		cancel()
		require.ErrorIs(t, (<-leader).err, context.Canceled)
		x := <-next.started
		assert.Equal(t, 2, x.Attempt)
		next.open <- nil
		got := <-follower
		require.NoError(t, got.err)
		assert.False(t, got.res.Duplicate)
		assert.True(t, (<-third).res.Duplicate)
	})
}

func TestAWaiterInAnotherProcessLeavesAtOnceWhenItsCallerGivesUp(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		g := newGate()
		first := start(t.Context(), paying(newClient(t, store), g.run), a17)
		<-g.started
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, errors.New("page closed"))
		defer cancel()
		began := time.Now()
		_, err := paying(newClient(t, store), mustNotRun(t)).Run(ctx, a17)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "page closed")
		assert.Empty(t, idem.Code(err))
		assert.Equal(t, 3*time.Second, time.Since(began))
		g.open <- nil
		require.NoError(t, (<-first).err)
	})
}

func TestCloseStopsClaimingAndWaitsForRunningTasks(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		client := idem.New(store)
		g := newGate()
		first := start(t.Context(), paying(client, g.run), a17)
		<-g.started
		follower := start(t.Context(), paying(client, mustNotRun(t)), a17)
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := client.Close(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, paymentKey)
		require.ErrorIs(t, (<-follower).err, idem.ErrClosed)
		_, err = paying(client, mustNotRun(t)).Run(t.Context(), payment{Order: 18})
		require.ErrorIs(t, err, idem.ErrClosed)
		assert.Equal(t, "CLIENT_CLOSED", idem.Code(err))

		time.AfterFunc(time.Minute, func() { g.open <- nil })
		require.NoError(t, client.Close(t.Context()))
		require.NoError(t, (<-first).err)
	})
}
