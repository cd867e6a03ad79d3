package idem_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
)

func TestAnAnswerIsForgottenByItsKey(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		c := newClient(t, store)
		require.ErrorIs(t, c.Forget(t.Context(), paymentKey, nil), idem.ErrNotFound)
		task := matching(c, paid, idem.WithTTL(time.Hour))
		_, err := task.Run(t.Context(), a17)
		require.NoError(t, err)

		no := errors.New("not this one")
		var shown idem.Record[struct{}]
		require.ErrorIs(t, c.Forget(t.Context(), paymentKey, func(r idem.Record[struct{}]) error { shown = r; return no }), no)
		rec, err := task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StateDone, rec.State, "a check prevents it")
		assert.Equal(t, idem.StateDone, shown.State)
		assert.Equal(t, idem.StatusSuccess, shown.Result.Status)
		assert.Equal(t, rec.ID, shown.ID)
		assert.Equal(t, rec.FinishedAt, shown.FinishedAt)
		assert.WithinDuration(t, rec.ExpiresAt, shown.ExpiresAt, time.Minute)

		require.NoError(t, c.Forget(t.Context(), paymentKey, nil))
		require.ErrorIs(t, c.Forget(t.Context(), paymentKey, nil), idem.ErrNotFound)
		rec, err = task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StateReleased, rec.State)
		assert.WithinDuration(t, time.Now().Add(time.Hour), rec.ExpiresAt, time.Minute, "for as long as the answer would have stood")
		res, err := task.Run(t.Context(), payment{Order: 17, Amount: 5})
		require.NoError(t, err, "what was forgotten is no mismatch")
		assert.False(t, res.Duplicate)
	})
}

func TestALiveLeaseIsRefusedByKey(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		c := newClient(t, store)
		vanish(t, store, time.Hour, time.Hour)
		err := c.Forget(t.Context(), paymentKey, func(idem.Record[struct{}]) error { t.Error("asked"); return nil })
		require.ErrorIs(t, err, idem.ErrInProgress)
		assert.ErrorContains(t, err, "task billing.Pay, key "+paymentKey)
		require.ErrorIs(t, c.Resolve(t.Context(), paymentKey, idem.Answer{}, nil), idem.ErrInProgress)
	})
}

func TestAnAnswerIsGivenByKey(t *testing.T) {
	value := []byte(`{"number":"by hand","cents":5}`)
	for name, test := range map[string]struct {
		before func(t *testing.T, store idem.Store)
		answer idem.Answer
		seen   idem.State
		ttl    time.Duration
	}{
		"to what was never seen": {
			before: func(*testing.T, idem.Store) {},
			answer: idem.Answer{Value: value}, ttl: 24 * time.Hour,
		},
		"to what was interrupted, with the task's ttl": {
			before: func(t *testing.T, store idem.Store) {
				t.Helper()
				vanish(t, store, 100*time.Millisecond, 3*time.Hour)
				time.Sleep(150 * time.Millisecond)
			},
			answer: idem.Answer{Value: value, Codec: "json"}, seen: idem.StateInterrupted, ttl: 3 * time.Hour,
		},
		"to what was released, with a ttl": {
			before: func(t *testing.T, store idem.Store) {
				t.Helper()
				_, err := matching(newClient(t, store), func(ctx, payment) (receipt, error) { return receipt{}, errDown }).Run(t.Context(), a17)
				require.ErrorIs(t, err, errDown)
			},
			answer: idem.Answer{Value: value, TTL: 2 * time.Hour}, seen: idem.StateReleased, ttl: 2 * time.Hour,
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(t *testing.T, store idem.Store) {
				test.before(t, store)
				c := newClient(t, store)
				no := errors.New("not this one")
				require.ErrorIs(t, c.Resolve(t.Context(), paymentKey, test.answer, func(r idem.Record[struct{}]) error {
					assert.Equal(t, paymentKey, r.Key)
					assert.Equal(t, test.seen, r.State)
					return no
				}), no)
				require.NoError(t, c.Resolve(t.Context(), paymentKey, test.answer, nil))
				task := matching(c, mustNotRun(t), idem.WithOnDuplicate(idem.PolicyReturnCached))
				res, err := task.Run(t.Context(), a17)
				require.NoError(t, err)
				assert.Equal(t, receipt{Number: "by hand", Cents: 5}, res.Value)
				rec, err := task.Lookup(t.Context(), a17)
				require.NoError(t, err)
				assert.WithinDuration(t, time.Now().Add(test.ttl), rec.ExpiresAt, time.Minute)
				require.ErrorIs(t, c.Resolve(t.Context(), paymentKey, idem.Answer{}, nil), idem.ErrDuplicate)
			})
		})
	}
}

func TestAnAnswerByKeyKeepsTheFingerprint(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		c := newClient(t, store)
		_, err := matching(c, func(ctx, payment) (receipt, error) { return receipt{}, errDown }).Run(t.Context(), a17)
		require.ErrorIs(t, err, errDown)
		require.NoError(t, c.Resolve(t.Context(), paymentKey, idem.Answer{}, nil))
		_, err = matching(c, mustNotRun(t)).Run(t.Context(), payment{Order: 17, Amount: 1})
		require.ErrorIs(t, err, idem.ErrMismatch)
	})
}

func TestAnAnswerByKeyThatCannotBeStoredIsRefused(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		c := newClient(t, store, idem.WithMaxRecordSize(200))
		require.ErrorIs(t, c.Resolve(t.Context(), paymentKey, idem.Answer{Value: make([]byte, 200)}, nil), idem.ErrNotRecorded)
		require.ErrorContains(t, c.Resolve(t.Context(), paymentKey, idem.Answer{TTL: time.Millisecond}, nil), "ttl 1ms: from 1s")
		require.ErrorContains(t, c.Resolve(t.Context(), paymentKey, idem.Answer{Value: []byte("1"), Codec: "my codec"}, nil), `codec name "my codec"`)
		require.ErrorIs(t, c.Forget(t.Context(), paymentKey, nil), idem.ErrNotFound)
	})
}
