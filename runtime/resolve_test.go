package idem_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
)

func TestLookupTellsOfEveryState(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		began := time.Now()
		g := newGate()
		task := paying(newClient(t, store), g.run, idem.WithOnDuplicate(idem.PolicyReturnCached), idem.WithTTL(time.Hour))
		_, err := task.Lookup(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrNotFound)
		assert.Equal(t, "NOT_FOUND", idem.Code(err))

		first := start(t.Context(), task, a17)
		x := <-g.started
		rec, err := task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StateRunning, rec.State)
		assert.Equal(t, paymentKey, rec.Key)
		assert.Equal(t, x.ID, rec.ID)
		assert.Equal(t, 1, rec.Attempt)
		assert.WithinDuration(t, began, rec.StartedAt, time.Minute)
		assert.Zero(t, rec.FinishedAt)

		g.open <- errors.New("declined")
		require.Error(t, (<-first).err)
		rec, err = task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StateReleased, rec.State)

		first = start(t.Context(), task, a17)
		<-g.started
		g.open <- nil
		require.NoError(t, (<-first).err)
		rec, err = task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StateDone, rec.State)
		assert.Equal(t, 2, rec.Attempt)
		assert.Equal(t, idem.Result[receipt]{Value: receipt{Number: "R-1", Cents: 999}, Status: idem.StatusSuccess}, rec.Result)
		assert.False(t, rec.FinishedAt.Before(rec.StartedAt))
		assert.WithinDuration(t, began.Add(time.Hour), rec.ExpiresAt, time.Minute)
	})
}

func TestForgetLetsATaskRunAgain(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		task := matching(newClient(t, store), paid)
		require.ErrorIs(t, task.Forget(t.Context(), a17), idem.ErrNotFound)
		_, err := task.Run(t.Context(), a17)
		require.NoError(t, err)
		require.NoError(t, task.Forget(t.Context(), a17))
		require.ErrorIs(t, task.Forget(t.Context(), a17), idem.ErrNotFound, "a released execution has nothing to forget")
		rec, err := task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, idem.StateReleased, rec.State)

		res, err := task.Run(t.Context(), payment{Order: 17, Amount: 5})
		require.NoError(t, err, "what was forgotten is no mismatch")
		assert.False(t, res.Duplicate)
		rec, err = task.Lookup(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, 2, rec.Attempt, "but the attempt is remembered")
	})
}

func TestForgetAndResolveRefuseALiveLease(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		g := newGate()
		task := paying(newClient(t, store), g.run)
		first := start(t.Context(), task, a17)
		<-g.started
		require.ErrorIs(t, task.Forget(t.Context(), a17), idem.ErrInProgress)
		require.ErrorIs(t, task.Resolve(t.Context(), a17, receipt{}), idem.ErrInProgress)
		g.open <- nil
		require.NoError(t, (<-first).err)
	})
}

func TestResolveAnswersByHand(t *testing.T) {
	opt := idem.WithOnDuplicate(idem.PolicyReturnCached)
	byHand := receipt{Number: "by hand"}
	for name, before := range map[string]func(t *testing.T, store idem.Store){
		"what was never seen": func(*testing.T, idem.Store) {},
		"what was released": func(t *testing.T, store idem.Store) {
			t.Helper()
			_, err := paying(newClient(t, store), func(_ ctx, _ payment) (receipt, error) { return receipt{}, errors.New("declined") }).Run(t.Context(), a17)
			require.Error(t, err)
		},
		"what was interrupted": func(t *testing.T, store idem.Store) {
			t.Helper()
			vanish(t, store, 100*time.Millisecond, time.Hour)
			time.Sleep(150 * time.Millisecond)
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEachStore(t, func(t *testing.T, store idem.Store) {
				before(t, store)
				task := paying(newClient(t, store), mustNotRun(t), opt)
				require.NoError(t, task.Resolve(t.Context(), a17, byHand))
				res, err := task.Run(t.Context(), a17)
				require.NoError(t, err)
				assert.True(t, res.Duplicate)
				assert.Equal(t, byHand, res.Value)
				require.ErrorIs(t, task.Resolve(t.Context(), a17, receipt{}), idem.ErrDuplicate, "a stored answer never changes")
			})
		})
	}
}

func TestResolveWakesThoseWhoWaitAndRefusesWhatCannotBeStored(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		c := newClient(t, store, idem.WithMaxRecordSize(100))
		task := paying(c, mustNotRun(t), idem.WithOnDuplicate(idem.PolicyReturnCached))
		err := task.Resolve(t.Context(), a17, receipt{Number: string(make([]byte, 200))})
		require.ErrorIs(t, err, idem.ErrNotRecorded)
		_, err = task.Lookup(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrNotFound, "nothing was stored in its place")
	})
}

func TestResolveRefusesOtherMatchFields(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		client := newClient(t, store)
		_, err := matching(client, func(context.Context, payment) (receipt, error) { return receipt{}, errDown }).Run(t.Context(), a17)
		require.ErrorIs(t, err, errDown)
		task := matching(client, paid)
		require.ErrorIs(t, task.Resolve(t.Context(), payment{Order: 17, Amount: 1}, receipt{}), idem.ErrMismatch)
		require.NoError(t, task.Resolve(t.Context(), a17, receipt{}))
	})
}

// A caller that knows the key but not the task, such as an operator's tool, makes its
// task without match fields.
func TestResolveWithoutMatchFieldsKeepsThoseOfTheExecution(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		client := newClient(t, store)
		task := matching(client, func(context.Context, payment) (receipt, error) { return receipt{}, errDown })
		_, err := task.Run(t.Context(), a17)
		require.ErrorIs(t, err, errDown)
		require.NoError(t, paying(client, mustNotRun(t)).Resolve(t.Context(), a17, receipt{}))
		_, err = task.Run(t.Context(), payment{Order: 17, Amount: 1})
		require.ErrorIs(t, err, idem.ErrMismatch)
		res, err := task.Run(t.Context(), a17)
		require.NoError(t, err)
		assert.True(t, res.Duplicate)
	})
}
