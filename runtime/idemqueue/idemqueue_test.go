package idemqueue_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemqueue"
	"github.com/idemgen/idemgen/runtime/memstore"
)

var errBroken = errors.New("broken")

func TestEveryErrorHasItsVerdict(t *testing.T) {
	const second = time.Second
	for name, tc := range map[string]struct {
		err    error
		action idemqueue.Action
		delay  time.Duration
	}{
		"none":                              {nil, idemqueue.Ack, 0},
		"a duplicate":                       {&idem.DuplicateError{}, idemqueue.Ack, 0},
		"no result":                         {idem.ErrNoResult, idemqueue.Ack, 0},
		"not recorded":                      {idem.ErrNotRecorded, idemqueue.Ack, 0},
		"in progress":                       {idem.ErrInProgress, idemqueue.Retry, second},
		"a wait that ran out":               {idem.ErrTimeout, idemqueue.Retry, second},
		"a lost lease":                      {idem.ErrLeaseLost, idemqueue.Retry, second},
		"a lost lease, and a failure":       {errors.Join(idem.ErrLeaseLost, &idem.FailedError{}), idemqueue.Retry, second},
		"the store is down":                 {idem.ErrUnavailable, idemqueue.Retry, second},
		"the client is closed":              {idem.ErrClosed, idemqueue.Retry, second},
		"a failure":                         {&idem.FailedError{}, idemqueue.Dead, 0},
		"a failure that was not recorded":   {errors.Join(idem.ErrNotRecorded, &idem.FailedError{}), idemqueue.Dead, 0},
		"interrupted":                       {idem.ErrInterrupted, idemqueue.Dead, 0},
		"another request":                   {idem.ErrMismatch, idemqueue.Dead, 0},
		"no key":                            {idem.ErrEmptyKey, idemqueue.Dead, 0},
		"a record that cannot be read":      {idem.ErrCorrupt, idemqueue.Dead, 0},
		"the task's own":                    {errBroken, idemqueue.Retry, 0},
		"its context has ended":             {context.Canceled, idemqueue.Retry, 0},
		"one of these, wrapped by somebody": {fmt.Errorf("worker: %w", idem.ErrInProgress), idemqueue.Retry, second},
	} {
		t.Run(name, func(t *testing.T) {
			v := idemqueue.Judge(tc.err, idemqueue.WithDelay(second))
			assert.Equal(t, idemqueue.Verdict{Action: tc.action, Delay: tc.delay, Reason: tc.err}, v)
			if tc.action == idemqueue.Ack {
				assert.NoError(t, v.Err())
				return
			}
			require.ErrorIs(t, v.Err(), tc.err)
			again, ok := idemqueue.FromError(fmt.Errorf("queue: %w", v.Err()))
			assert.True(t, ok)
			assert.Equal(t, v, again)
		})
	}
	assert.Equal(t, 5*time.Second, idemqueue.Judge(idem.ErrInProgress).Delay)
	assert.Equal(t, idemqueue.Ack, idemqueue.Judge(&idem.FailedError{}, idemqueue.WithFailed(idemqueue.Ack)).Action)
	_, ok := idemqueue.FromError(errBroken)
	assert.False(t, ok)
}

// charging is a task of orders that never waits, as suits a queue.
func charging(store idem.Store, run func(context.Context, int) error, opts ...idem.TaskOption) *idem.Task[int, struct{}] {
	return idem.NewTask(idem.New(store), idem.Spec[int, struct{}]{
		Name: "test.Charge",
		Key:  func(k *idem.KeyWriter, order int) { k.Part("order").Int(int64(order)) },
		Run:  func(ctx context.Context, order int) (struct{}, error) { return struct{}{}, run(ctx, order) },
	}, append([]idem.TaskOption{idem.WithWait(0)}, opts...)...)
}

// A queue delivers what is in it, and notes how messages were settled.
type queue struct {
	messages []string
	settled  []string
	fail     error // of settling
	empty    error // of receiving from an empty queue
}

func (q *queue) Receive(ctx context.Context) (string, error) {
	if len(q.messages) == 0 {
		if q.empty != nil {
			return "", q.empty
		}
		<-ctx.Done()
		return "", ctx.Err()
	}
	m := q.messages[0]
	q.messages = q.messages[1:]
	return m, nil
}

func (q *queue) settle(ctx context.Context, how, m string, more any) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	q.settled = append(q.settled, fmt.Sprintf("%s %s %v", how, m, more))
	return q.fail
}

func (q *queue) Ack(ctx context.Context, m string) error { return q.settle(ctx, "ack", m, "") }
func (q *queue) Retry(ctx context.Context, m string, d time.Duration) error {
	return q.settle(ctx, "retry", m, d)
}

func (q *queue) Dead(ctx context.Context, m string, why error) error {
	return q.settle(ctx, "dead", m, why)
}

func TestALoopSettlesEveryMessageAsItsTaskEnds(t *testing.T) {
	runs := map[int]int{}
	q := &queue{messages: []string{"1", "1", "2", "x", "3", "3"}, empty: errBroken}
	task := charging(memstore.New(), func(_ context.Context, order int) error {
		runs[order]++
		switch {
		case order == 2:
			return idem.Fail("no money", nil)
		case order == 3 && runs[3] == 1:
			return errBroken
		}
		return nil
	})
	err := idemqueue.Consume(t.Context(), q, idemqueue.NewHandler(strconv.Atoi, task.Run))
	require.ErrorIs(t, err, errBroken)
	assert.EqualError(t, err, "idemqueue: receive a message: broken")
	assert.Equal(t, []string{
		"ack 1 ", "ack 1 ",
		"dead 2 idem: execution failed: no money: key idempotency:test.Charge:2",
		`dead x the message does not decode: strconv.Atoi: parsing "x": invalid syntax`,
		"retry 3 0s", "ack 3 ",
	}, q.settled)
	assert.Equal(t, map[int]int{1: 1, 2: 1, 3: 2}, runs)
}

func TestAMessageInProgressIsRetriedLaterAndAnInterruptedOneIsDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		opts := []idem.TaskOption{idem.WithOnCrash(idem.CrashFail), idem.WithLease(time.Second)}
		_, err := store.Claim(t.Context(), "idempotency:test.Charge:1", idem.Claim{
			ID: "somebody-who-vanishes-", Now: time.Now(), Lease: time.Second, Retention: time.Hour,
		})
		require.NoError(t, err)
		handle := idemqueue.NewHandler(strconv.Atoi, charging(store, func(context.Context, int) error { return nil }, opts...).Run)
		v := handle(t.Context(), "1")
		assert.Equal(t, idemqueue.Retry, v.Action)
		assert.Equal(t, 5*time.Second, v.Delay)
		time.Sleep(v.Delay)
		v = handle(t.Context(), "1")
		assert.Equal(t, idemqueue.Dead, v.Action)
		assert.ErrorIs(t, v.Reason, idem.ErrInterrupted)
	})
}

func TestALoopThatIsToldToEndSettlesItsLastMessage(t *testing.T) {
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	q := &queue{messages: []string{"1", "2"}}
	err := idemqueue.Consume(ctx, q, func(context.Context, string) idemqueue.Verdict {
		cancel(stop)
		return idemqueue.Verdict{Action: idemqueue.Ack}
	})
	require.ErrorIs(t, err, stop)
	assert.Equal(t, []string{"ack 1 "}, q.settled)
	assert.Equal(t, []string{"2"}, q.messages)
}

func TestALoopEndsWhileItWaitsForAMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := idemqueue.Consume(ctx, &queue{}, func(context.Context, string) idemqueue.Verdict { return idemqueue.Verdict{} })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.NotContains(t, err.Error(), "receive")
	})
}

func TestALoopReturnsWhatKeptItFromSettling(t *testing.T) {
	q := &queue{messages: []string{"1", "2"}, fail: errBroken}
	err := idemqueue.Consume(t.Context(), q, func(context.Context, string) idemqueue.Verdict {
		return idemqueue.Verdict{Action: idemqueue.Ack}
	})
	require.EqualError(t, err, "idemqueue: settle a message (ack): broken")
	assert.Len(t, q.messages, 1)
}

func TestInPlaceTriesAgainWithGrowingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		handle := idemqueue.InPlace(func(context.Context, string) idemqueue.Verdict {
			at = append(at, time.Since(began))
			if len(at) == 2 { // somebody else is at it, which does not count
				return idemqueue.Judge(idem.ErrInProgress)
			}
			return idemqueue.Judge(errBroken)
		}, 4)
		v := handle(t.Context(), "1")
		assert.Equal(t, idemqueue.Dead, v.Action)
		assert.ErrorIs(t, v.Reason, errBroken)
		assert.ErrorContains(t, v.Reason, "the task has failed 4 times")
		assert.Equal(t, []time.Duration{0, 1 * time.Second, 6 * time.Second, 8 * time.Second, 12 * time.Second}, at)
	})
}

func TestInPlaceGivesUpWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		tries := 0
		v := idemqueue.InPlace(func(context.Context, string) idemqueue.Verdict {
			tries++
			return idemqueue.Judge(errBroken)
		}, 100)(ctx, "1")
		assert.Equal(t, idemqueue.Retry, v.Action)
		assert.Equal(t, 2, tries)
	})
}
