package idem_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// The tests of this file follow the contract's table of situations, row by row.

var policies = []idem.Policy{idem.PolicySkip, idem.PolicyFail, idem.PolicyReturnCached}

// onEachPolicy runs a test on every store under every policy.
func onEachPolicy(t *testing.T, test func(t *testing.T, store idem.Store, policy idem.Policy)) {
	t.Helper()
	onEachStore(t, func(t *testing.T, store idem.Store) {
		for _, policy := range policies {
			t.Run(string(policy), func(t *testing.T) {
				err := forget(t, store)
				require.NoError(t, err)
				test(t, store, policy)
			})
		}
	})
}

// forget lets the payment start from an absent key.
func forget(t *testing.T, store idem.Store) error {
	t.Helper()
	reply, err := store.Lookup(t.Context(), paymentKey)
	if err != nil || reply.Record == nil {
		return err
	}
	gone := idem.StoredRecord{State: idem.StateReleased, ID: "gone", Fence: 1, Started: 1}.Bytes()
	if _, err := store.Replace(t.Context(), paymentKey, idem.Swap{Old: reply.Record, New: gone, TTL: time.Millisecond}); err != nil {
		return err
	}
	for {
		reply, err := store.Lookup(t.Context(), paymentKey)
		if err != nil || reply.Record == nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// requireDuplicate checks what a policy gives a duplicate of a success.
func requireDuplicate(t *testing.T, policy idem.Policy, got returned) {
	t.Helper()
	require.True(t, got.res.Duplicate)
	require.NotNil(t, got.res.Original)
	assert.Equal(t, idem.StatusSuccess, got.res.Original.Status)
	assert.WithinDuration(t, time.Now(), got.res.Original.FinishedAt, time.Minute)
	switch policy {
	case idem.PolicySkip:
		require.NoError(t, got.err)
		assert.Equal(t, idem.StatusSkipped, got.res.Status)
		assert.Equal(t, "Duplicate execution prevented", got.res.Reason)
		assert.Equal(t, map[string]any{"idempotent": true, "originalStatus": "success"}, got.res.Metadata)
		assert.Zero(t, got.res.Value)
	case idem.PolicyFail:
		var refused *idem.DuplicateError
		require.ErrorAs(t, got.err, &refused)
		require.ErrorIs(t, got.err, idem.ErrDuplicate)
		assert.Equal(t, "DUPLICATE_EXECUTION", idem.Code(got.err))
		assert.Equal(t, paymentKey, refused.Key)
		assert.Equal(t, *got.res.Original, refused.Original)
		assert.ErrorContains(t, got.err, "Duplicate execution not allowed")
		assert.ErrorContains(t, got.err, "success")
	case idem.PolicyReturnCached:
		require.NoError(t, got.err)
		assert.Equal(t, idem.StatusSuccess, got.res.Status)
		assert.Equal(t, receipt{Number: "R-1", Cents: 999}, got.res.Value)
	}
}

func TestAFirstExecutionGetsItsValueAndADuplicateWhatThePolicySays(t *testing.T) {
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		first := paying(newClient(t, store), paid, idem.WithOnDuplicate(policy))
		res, err := first.Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.Result[receipt]{
			Value: receipt{Number: "R-1", Cents: 999}, Status: idem.StatusSuccess,
		}, res)

		second := paying(newClient(t, store), mustNotRun(t), idem.WithOnDuplicate(policy))
		requireDuplicate(t, policy, <-start(t.Context(), second, a17))
		requireDuplicate(t, policy, <-start(t.Context(), first, a17))
	})
}

func TestADuplicateOfOneInProgressWaitsForItsAnswer(t *testing.T) {
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		g := newGate()
		owner := newClient(t, store)
		first := start(t.Context(), paying(owner, g.run, idem.WithOnDuplicate(policy)), a17)
		<-g.started
		sameProcess := start(t.Context(), paying(owner, mustNotRun(t), idem.WithOnDuplicate(policy)), a17)
		another := start(t.Context(), paying(newClient(t, store), mustNotRun(t), idem.WithOnDuplicate(policy)), a17)
		requireMarked(t, store)
		g.open <- nil
		require.NoError(t, (<-first).err)
		requireDuplicate(t, policy, <-sameProcess)
		requireDuplicate(t, policy, <-another)
	})
}

// requireMarked waits until somebody waits for the payment.
func requireMarked(t *testing.T, store idem.Store) {
	t.Helper()
	require.Eventually(t, func() bool {
		reply, err := store.Lookup(context.Background(), paymentKey)
		return err == nil && strings.HasPrefix(string(reply.Record), "i1 running+ ")
	}, 20*time.Second, time.Millisecond)
}

func TestAWaitThatRunsOutIsATimeout(t *testing.T) {
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		g := newGate()
		owner := newClient(t, store)
		first := start(t.Context(), paying(owner, g.run), a17)
		<-g.started
		for name, c := range map[string]*idem.Client{"same process": owner, "another": newClient(t, store)} {
			res, err := paying(c, mustNotRun(t), idem.WithOnDuplicate(policy), idem.WithWait(30*time.Millisecond)).Run(t.Context(), a17)
			require.ErrorIs(t, err, idem.ErrTimeout, name)
			assert.Equal(t, "IDEMPOTENCY_TIMEOUT", idem.Code(err))
			assert.ErrorContains(t, err, "Timeout waiting for concurrent execution")
			assert.ErrorContains(t, err, paymentKey)
			assert.Equal(t, "Timeout waiting for concurrent execution", res.Reason)

			_, err = paying(c, mustNotRun(t), idem.WithOnDuplicate(policy), idem.WithWait(0)).Run(t.Context(), a17)
			require.ErrorIs(t, err, idem.ErrInProgress, name)
			assert.Equal(t, "IN_PROGRESS", idem.Code(err))
		}
		g.open <- nil
		require.NoError(t, (<-first).err)
	})
}

func TestAWaiterTakesOverWhatItsOwnerReleased(t *testing.T) {
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		g := newGate()
		first := start(t.Context(), paying(newClient(t, store), g.run), a17)
		one := <-g.started
		next := newGate()
		waiter := start(t.Context(), paying(newClient(t, store), next.run, idem.WithOnDuplicate(policy)), a17)
		requireMarked(t, store)
		g.open <- errors.New("declined")
		require.EqualError(t, (<-first).err, "declined")

		two := <-next.started
		assert.Equal(t, 1, one.Attempt)
		assert.Equal(t, 2, two.Attempt)
		assert.Greater(t, two.Fence, one.Fence)
		assert.NotEqual(t, one.ID, two.ID)
		next.open <- nil
		got := <-waiter
		require.NoError(t, got.err)
		assert.False(t, got.res.Duplicate)
		assert.Equal(t, receipt{Number: "R-1", Cents: 999}, got.res.Value)
	})
}

func TestAWaiterTakesOverFromAnOwnerThatVanished(t *testing.T) {
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		vanish(t, store, 500*time.Millisecond, time.Hour)
		var got idem.Execution
		var log eventLog
		task := paying(newClient(t, store, idem.WithObserver(log.observe)), func(ctx context.Context, p payment) (receipt, error) {
			got = idem.FromContext(ctx)
			return paid(ctx, p)
		}, idem.WithOnDuplicate(policy))
		res, err := task.Run(t.Context(), a17)
		require.NoError(t, err)
		assert.False(t, res.Duplicate)
		assert.Equal(t, 2, got.Attempt)
		assert.Equal(t, []idem.EventKind{
			idem.EventWaited, idem.EventTakenOver, idem.EventClaimed, idem.EventRecorded,
		}, log.kinds())
	})
}

func TestAnOrdinaryErrorIsReturnedAsItIsAndReleasesTheClaim(t *testing.T) {
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		declined := errors.New("declined")
		calls := 0
		task := paying(newClient(t, store), func(ctx context.Context, p payment) (receipt, error) {
			calls++
			assert.Equal(t, calls, idem.FromContext(ctx).Attempt)
			if calls == 1 {
				return receipt{Cents: 1}, declined
			}
			return paid(ctx, p)
		}, idem.WithOnDuplicate(policy))
		res, err := task.Run(t.Context(), a17)
		assert.Same(t, declined, err)
		assert.Equal(t, idem.StatusFailed, res.Status)
		assert.Equal(t, receipt{Cents: 1}, res.Value)
		rec, err := task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StateReleased, rec.State)

		res, err = task.Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StatusSuccess, res.Status)
		assert.False(t, res.Duplicate)
	})
}

func TestAnOrdinaryErrorIsTheAnswerUnderOnErrorStore(t *testing.T) {
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		declined := errors.New("declined")
		opts := []idem.TaskOption{idem.WithOnDuplicate(policy), idem.WithOnError(idem.ErrorStore)}
		_, err := paying(newClient(t, store), func(context.Context, payment) (receipt, error) {
			return receipt{}, declined
		}, opts...).Run(t.Context(), a17)
		require.ErrorIs(t, err, declined)
		requireFailed(t, err, "declined", nil)

		requireDuplicateOfFailure(t, policy, <-start(t.Context(), paying(newClient(t, store), mustNotRun(t), opts...), a17), "declined", nil)
	})
}

func requireFailed(t *testing.T, err error, reason string, metadata map[string]any) {
	t.Helper()
	var failed *idem.FailedError
	require.ErrorAs(t, err, &failed)
	require.ErrorIs(t, err, idem.ErrFailed)
	assert.Equal(t, paymentKey, failed.Key)
	assert.Equal(t, reason, failed.Reason)
	assert.Equal(t, metadata, failed.Metadata)
	if code, ok := metadata["code"].(string); ok {
		assert.Equal(t, code, idem.Code(err))
	} else {
		assert.Equal(t, "EXECUTION_FAILED", idem.Code(err))
	}
}

func requireDuplicateOfFailure(t *testing.T, policy idem.Policy, got returned, reason string, metadata map[string]any) {
	t.Helper()
	require.True(t, got.res.Duplicate)
	assert.Equal(t, idem.StatusFailed, got.res.Original.Status)
	switch policy {
	case idem.PolicySkip:
		require.NoError(t, got.err)
		assert.Equal(t, idem.StatusSkipped, got.res.Status)
		assert.Equal(t, map[string]any{"idempotent": true, "originalStatus": "failed"}, got.res.Metadata)
	case idem.PolicyFail:
		require.ErrorIs(t, got.err, idem.ErrDuplicate)
		assert.ErrorContains(t, got.err, `"failed"`)
	case idem.PolicyReturnCached:
		requireFailed(t, got.err, reason, metadata)
		assert.Equal(t, idem.StatusFailed, got.res.Status)
		assert.Equal(t, reason, got.res.Reason)
		assert.Equal(t, metadata, got.res.Metadata)
	}
}

func TestFailIsStoredAsTheAnswer(t *testing.T) {
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		metadata := map[string]any{"code": "CARD_EXPIRED", "tries": 3.0}
		res, err := paying(newClient(t, store), func(context.Context, payment) (receipt, error) {
			return receipt{}, idem.Fail("card expired", metadata)
		}, idem.WithOnDuplicate(policy)).Run(t.Context(), a17)
		requireFailed(t, err, "card expired", metadata)
		assert.Equal(t, idem.StatusFailed, res.Status)

		again := paying(newClient(t, store), mustNotRun(t), idem.WithOnDuplicate(policy))
		requireDuplicateOfFailure(t, policy, <-start(t.Context(), again, a17), "card expired", metadata)
	})
}

func TestSkipIsStoredAsTheAnswer(t *testing.T) {
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		metadata := map[string]any{"open": 0.0}
		res, err := paying(newClient(t, store), func(context.Context, payment) (receipt, error) {
			return receipt{Number: "old"}, idem.Skip("nothing to pay", metadata)
		}, idem.WithOnDuplicate(policy)).Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.Result[receipt]{
			Value: receipt{Number: "old"}, Status: idem.StatusSkipped, Reason: "nothing to pay", Metadata: metadata,
		}, res)

		got := <-start(t.Context(), paying(newClient(t, store), mustNotRun(t), idem.WithOnDuplicate(policy)), a17)
		assert.Equal(t, idem.StatusSkipped, got.res.Original.Status)
		switch policy {
		case idem.PolicySkip:
			assert.Equal(t, "Duplicate execution prevented", got.res.Reason)
			assert.Equal(t, "skipped", got.res.Metadata["originalStatus"])
		case idem.PolicyFail:
			require.ErrorIs(t, got.err, idem.ErrDuplicate)
		case idem.PolicyReturnCached:
			require.NoError(t, got.err)
			assert.Equal(t, "old", got.res.Value.Number)
			assert.Equal(t, idem.StatusSkipped, got.res.Status)
			assert.Equal(t, "nothing to pay", got.res.Reason)
			assert.Equal(t, metadata, got.res.Metadata)
		}
	})
}

func TestAFailureOfAnotherTaskIsAnOrdinaryErrorOfThisOne(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		inner := &idem.FailedError{Key: "another", Reason: "no stock"}
		task := paying(newClient(t, store), func(context.Context, payment) (receipt, error) { return receipt{}, inner })
		_, err := task.Run(t.Context(), a17)
		assert.Same(t, inner, err)
		rec, err := task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StateReleased, rec.State)
	})
}

func TestAPanicReleasesTheClaimAndGoesOn(t *testing.T) {
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		c := newClient(t, store)
		assert.PanicsWithValue(t, "boom", func() {
			_, _ = paying(c, func(context.Context, payment) (receipt, error) { panic("boom") },
				idem.WithOnDuplicate(policy)).Run(t.Context(), a17)
		})
		res, err := paying(c, paid, idem.WithOnDuplicate(policy)).Run(t.Context(), a17)
		require.NoError(t, err)
		assert.False(t, res.Duplicate)
	})
}

func TestOtherMatchFieldsAreAMismatchInEveryState(t *testing.T) {
	other := payment{Order: 17, Amount: 1}
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		refused := func(state string) {
			t.Helper()
			for _, crash := range []idem.CrashPolicy{idem.CrashRetry, idem.CrashFail} {
				_, err := matching(newClient(t, store), mustNotRun(t), idem.WithOnDuplicate(policy), idem.WithOnCrash(crash)).Run(t.Context(), other)
				require.ErrorIs(t, err, idem.ErrMismatch, state)
				assert.Equal(t, "FINGERPRINT_MISMATCH", idem.Code(err))
				assert.ErrorContains(t, err, paymentKey)
			}
		}
		g := newGate()
		owner := newClient(t, store)
		first := start(t.Context(), matching(owner, g.run, idem.WithOnDuplicate(policy)), a17)
		<-g.started
		refused("running")
		_, err := matching(owner, mustNotRun(t), idem.WithOnDuplicate(policy)).Run(t.Context(), other)
		require.ErrorIs(t, err, idem.ErrMismatch, "running in this process")

		g.open <- errors.New("declined")
		require.Error(t, (<-first).err)
		refused("released")

		_, err = matching(owner, paid, idem.WithOnDuplicate(policy)).Run(t.Context(), a17)
		require.NoError(t, err)
		refused("done")
		requireDuplicate(t, policy, <-start(t.Context(), matching(owner, mustNotRun(t), idem.WithOnDuplicate(policy)), a17))
	})
}

func TestAMismatchIsSeenWhenTheExecutionWasInterrupted(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		reply, err := store.Claim(t.Context(), paymentKey, idem.Claim{
			ID: "vanished", Now: time.Now(), Lease: 100 * time.Millisecond, Retention: time.Hour, Fingerprint: "another", OnCrash: idem.CrashRetry,
		})
		require.NoError(t, err)
		require.True(t, reply.Owned)
		time.Sleep(150 * time.Millisecond)
		_, err = matching(newClient(t, store), mustNotRun(t)).Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrMismatch)
	})
}

func TestAnErrorOfACancelledCallerIsNeverTheAnswer(t *testing.T) {
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		opts := []idem.TaskOption{idem.WithOnDuplicate(policy), idem.WithOnError(idem.ErrorStore)}
		ctx, cancel := context.WithCancel(t.Context())
		task := paying(newClient(t, store), func(ctx context.Context, _ payment) (receipt, error) {
			cancel()
			return receipt{}, ctx.Err()
		}, opts...)
		_, err := task.Run(ctx, a17)
		require.ErrorIs(t, err, context.Canceled)
		assert.Empty(t, idem.Code(err))
		rec, err := task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StateReleased, rec.State)
	})
}

func TestAnErrorFromPastTheDeadlineIsNeverTheAnswer(t *testing.T) {
	for range 100 {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Millisecond)
		store := memstore.New()
		_, err := paying(newClient(t, store), func(ctx context.Context, _ payment) (receipt, error) {
			deadline, _ := ctx.Deadline()
			for time.Now().Before(deadline) { // as a connection with the same deadline: sooner than the context's own timer
				continue
			}
			return receipt{}, os.ErrDeadlineExceeded
		}, idem.WithOnError(idem.ErrorStore)).Run(ctx, a17)
		cancel()
		require.Error(t, err)
		for _, record := range store.Records() {
			require.Equal(t, idem.StateReleased, record.State)
		}
	}
}

func TestADeclaredFailureIsFoundBesideAnotherTasks(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		client := newClient(t, store)
		inner := paying(client, func(context.Context, payment) (receipt, error) { return receipt{}, idem.Fail("no stock", nil) })
		outer := paying(client, func(ctx context.Context, _ payment) (receipt, error) {
			_, err := inner.Run(ctx, payment{Order: 99})
			return receipt{}, fmt.Errorf("%w: %w", err, idem.Fail("declined", nil))
		}, idem.WithOnDuplicate(idem.PolicyReturnCached))
		_, err := outer.Run(t.Context(), a17)
		requireFailed(t, err, "declined", nil)
		_, err = outer.Run(t.Context(), a17)
		requireFailed(t, err, "declined", nil)
	})
}

// A report does not encode where its ratio is NaN.
type report struct {
	Name   string
	Totals struct{ Ratio float64 }
	Pages  string
}

func reporting(c *idem.Client, r report) *idem.Task[payment, report] {
	return idem.NewTask(c, idem.Spec[payment, report]{
		Name: "billing.Pay",
		Key:  func(k *idem.KeyWriter, p payment) { k.Part("Order").Int(int64(p.Order)) },
		Run:  func(context.Context, payment) (report, error) { return r, nil },
	}, idem.WithOnDuplicate(idem.PolicyReturnCached))
}

func TestAResultThatCannotBeStoredIsStillTheCallersAndNeverRunsAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		report report
		want   []string
	}{
		"it does not encode": {
			report{Totals: struct{ Ratio float64 }{math.NaN()}},
			[]string{"billing.Pay", paymentKey, "field idem_test.report.Totals.Ratio does not encode as json", "NaN"},
		},
		"it is too large": {
			report{Pages: strings.Repeat("x", 2000)},
			[]string{"billing.Pay", paymentKey, "2002 of them the value's field idem_test.report.Pages", "WithMaxRecordSize allows 1000"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(t *testing.T, store idem.Store) {
				c := newClient(t, store, idem.WithMaxRecordSize(1000))
				res, err := reporting(c, tt.report).Run(t.Context(), a17)
				require.ErrorIs(t, err, idem.ErrNotRecorded)
				assert.Equal(t, "NOT_RECORDED", idem.Code(err))
				for _, want := range tt.want {
					require.ErrorContains(t, err, want)
				}
				assert.Equal(t, tt.report.Pages, res.Value.Pages)
				assert.Equal(t, idem.StatusSuccess, res.Status)

				res, err = reporting(c, report{}).Run(t.Context(), a17)
				require.ErrorIs(t, err, idem.ErrNoResult)
				assert.True(t, res.Duplicate)
			})
		})
	}
}

func TestMetadataThatDoesNotEncodeIsLeftOut(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		opt := idem.WithOnDuplicate(idem.PolicyReturnCached)
		_, err := paying(newClient(t, store), func(context.Context, payment) (receipt, error) {
			return receipt{}, idem.Fail("odd", map[string]any{"f": func() {}})
		}, opt).Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrNotRecorded)
		require.ErrorIs(t, err, idem.ErrFailed)

		_, err = paying(newClient(t, store), mustNotRun(t), opt).Run(t.Context(), a17)
		requireFailed(t, err, "odd", nil)
	})
}

func TestStoredBytesThatCannotBeReadAreCorruptAndNeverRunAgain(t *testing.T) {
	for name, value := range map[string]string{
		"a newer version":       "i2 done x 1 1 1 2\n{}",
		"another program's":     "hello",
		"nothing":               "\n",
		"a cut header":          "i1 done x 1 1",
		"a cut payload":         "i1 done x 1 1 1 20\n{}",
		"an unknown state":      "i1 dreaming x 1 1\n",
		"a value of other type": "i1 done x 1 1 1 4\n\"no\"",
		"another codec's value": "i1 done x 1 1 1 2 codec=gob\n{}",
		"an unreadable note":    "i1 failed x 1 1 1 - note=1\n{",
	} {
		t.Run(name, func(t *testing.T) {
			onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
				_, err := store.Replace(t.Context(), paymentKey, idem.Swap{New: []byte(value), TTL: time.Hour, IfAbsent: true})
				require.NoError(t, err)
				task := paying(newClient(t, store, idem.WithFailOpen()), mustNotRun(t), idem.WithOnDuplicate(policy))
				_, err = task.Run(t.Context(), a17)
				if policy == idem.PolicyReturnCached || !strings.HasPrefix(value, "i1 ") || strings.HasPrefix(name, "a cut") || strings.HasPrefix(name, "an unknown") {
					require.ErrorIs(t, err, idem.ErrCorrupt)
					assert.Equal(t, "CORRUPT_RECORD", idem.Code(err))
					assert.ErrorContains(t, err, paymentKey)
					assert.ErrorContains(t, err, "billing.Pay")
				}
			})
		})
	}
}

func TestAnInterruptedExecutionWaitsForAPersonUnderOnCrashFail(t *testing.T) {
	onEachPolicy(t, func(t *testing.T, store idem.Store, policy idem.Policy) {
		opts := []idem.TaskOption{idem.WithOnDuplicate(policy), idem.WithOnCrash(idem.CrashFail)}
		interrupt := func() *idem.Task[payment, receipt] {
			t.Helper()
			require.NoError(t, forget(t, store))
			vanish(t, store, 100*time.Millisecond, time.Hour)
			task := paying(newClient(t, store), mustNotRun(t), opts...)
			_, err := task.Run(t.Context(), a17) // also one that had to wait for the lease to end
			require.ErrorIs(t, err, idem.ErrInterrupted)
			assert.Equal(t, "INTERRUPTED", idem.Code(err))
			assert.ErrorContains(t, err, "attempt 1, started 20")
			rec, err := task.Lookup(t.Context(), a17)
			require.NoError(t, err)
			assert.Equal(t, idem.StateInterrupted, rec.State)
			assert.Equal(t, 1, rec.Attempt)
			return task
		}
		t.Run("until Resolve", func(t *testing.T) {
			task := interrupt()
			require.NoError(t, task.Resolve(t.Context(), a17, receipt{Number: "R-1", Cents: 999}))
			requireDuplicate(t, policy, <-start(t.Context(), task, a17))
		})
		t.Run("until Forget", func(t *testing.T) {
			task := interrupt()
			require.NoError(t, task.Forget(t.Context(), a17))
			var got idem.Execution
			_, err := paying(newClient(t, store), func(ctx context.Context, p payment) (receipt, error) {
				got = idem.FromContext(ctx)
				return paid(ctx, p)
			}, opts...).Run(t.Context(), a17)
			require.NoError(t, err)
			assert.Equal(t, 2, got.Attempt)
		})
	})
}

func TestARecordWithoutAValueIsNoResultAndNeverRunsAgain(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		_, err := paying(newClient(t, store), paid, idem.WithOnDuplicate(idem.PolicySkip)).Run(t.Context(), a17)
		require.NoError(t, err)
		res, err := paying(newClient(t, store), mustNotRun(t), idem.WithOnDuplicate(idem.PolicyReturnCached)).Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrNoResult)
		assert.Equal(t, "NO_RESULT", idem.Code(err))
		assert.ErrorContains(t, err, `"success"`)
		assert.Equal(t, idem.StatusSuccess, res.Original.Status)
	})
}

func TestATaskWithoutAValueHasNoneToMiss(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		task := idem.NewTask(newClient(t, store), idem.Spec[payment, struct{}]{
			Name: "billing.Pay",
			Key:  func(k *idem.KeyWriter, p payment) { k.Part("Order").Int(int64(p.Order)) },
			Run:  func(context.Context, payment) (struct{}, error) { return struct{}{}, nil },
		}, idem.WithOnDuplicate(idem.PolicyReturnCached))
		_, err := task.Run(t.Context(), a17)
		require.NoError(t, err)
		res, err := task.Run(t.Context(), a17)
		require.NoError(t, err)
		assert.True(t, res.Duplicate)
		assert.Equal(t, idem.StatusSuccess, res.Status)
	})
}

func TestKeysOfAnySizeAndBytesAreRememberedOneByOne(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		runs := 0
		task := idem.NewTask(newClient(t, store), idem.Spec[string, struct{}]{
			Name: "test.Any",
			Key:  func(k *idem.KeyWriter, s string) { k.Part("s").String(s) },
			Run:  func(context.Context, string) (struct{}, error) { runs++; return struct{}{}, nil },
		})
		long := strings.Repeat("x", 1<<20)
		parts := []string{long, long + "y", "\xff\xfe", "\xff", "\x00", "a:b", "a%3Ab", "{slot}", "\x1b[2J", "\r\nDEL x\r\n", "\u2028"}
		for _, duplicate := range []bool{false, true} {
			for _, part := range parts {
				res, err := task.Run(t.Context(), part)
				require.NoError(t, err)
				assert.Equal(t, duplicate, res.Duplicate)
				key, err := task.Key(part)
				require.NoError(t, err)
				assert.LessOrEqual(t, len(key), 512)
				assert.NotContains(t, key, "{")
			}
		}
		assert.Equal(t, len(parts), runs)
	})
}
