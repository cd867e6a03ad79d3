package queuetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
)

// A Queue is what [Processes] needs of one. Its methods fail the test.
type Queue interface {
	// Name is what a [Worker] finds it by.
	Name() string
	// Deliver has an order charged.
	Deliver(order int)
	// Settled tells whether every message is done with, or dead.
	Settled() bool
	// Dead returns why an order was set aside, and "" if it was not.
	Dead(order int) string
	// Redeliver makes the queue see soon that a worker is gone, and deliver
	// what it had again.
	Redeliver()
}

// Processes tests an adapter in processes that are killed, or told to end, in the
// middle of an execution. open is called for each subtest; workers are processes of
// the test binary, whose TestMain is [Main].
func Processes(t *testing.T, open func(t *testing.T, shop *Shop) Queue) {
	// kill has three orders charged, and kills the worker while it is at the second.
	// Another one does the rest.
	kill := func(t *testing.T, policy idem.CrashPolicy) (*Shop, Queue) {
		shop := New(t)
		q := open(t, shop)
		letGo := shop.hold(2)
		for order := range 3 {
			q.Deliver(order + 1)
		}
		w := Worker{Queue: q.Name(), OnCrash: policy, Lease: 2 * time.Second}
		first := shop.hire(w)
		shop.Eventually("the second order is being charged", func() bool { return len(shop.effects(2)) == 1 })
		first.kill()
		letGo()
		assert.Equal(t, []int{1}, shop.effects(1))
		assert.Empty(t, shop.effects(3))
		q.Redeliver()
		second := shop.hire(w)
		shop.Eventually("all is settled", q.Settled)
		shop.tell(second)
		second.ends()
		for _, order := range []int{1, 3} {
			assert.Equal(t, []int{1}, shop.effects(order))
			assert.Empty(t, q.Dead(order))
			assert.True(t, shop.Recorded(order))
		}
		return shop, q
	}

	t.Run("a worker is killed, and on-crash is retry", func(t *testing.T) {
		shop, q := kill(t, idem.CrashRetry)
		assert.Equal(t, []int{1, 2}, shop.effects(2))
		assert.Empty(t, q.Dead(2))
		r, err := shop.Charge.Lookup(t.Context(), Order{2})
		require.NoError(t, err)
		assert.Equal(t, idem.StateDone, r.State)
		assert.Equal(t, 2, r.Attempt)
		assert.Equal(t, "receipt of attempt 2", r.Result.Value)
	})

	t.Run("a worker is killed, and on-crash is fail", func(t *testing.T) {
		shop, q := kill(t, idem.CrashFail)
		assert.Equal(t, []int{1}, shop.effects(2))
		assert.Contains(t, q.Dead(2), idem.ErrInterrupted.Error())
		r, err := shop.Charge.Lookup(t.Context(), Order{2})
		require.NoError(t, err)
		assert.Equal(t, idem.StateInterrupted, r.State)
	})

	t.Run("a worker is told to end", func(t *testing.T) {
		shop := New(t)
		q := open(t, shop)
		letGo := shop.hold(1)
		q.Deliver(1)
		q.Deliver(2)
		w := Worker{Queue: q.Name(), OnCrash: idem.CrashFail, Lease: time.Minute}
		first := shop.hire(w)
		shop.Eventually("the first order is being charged", func() bool { return len(shop.effects(1)) == 1 })
		shop.tell(first)
		letGo()
		first.ends()
		assert.True(t, shop.Recorded(1), "what it had begun it has finished")
		second := shop.hire(w)
		shop.Eventually("all is settled", q.Settled)
		shop.tell(second)
		second.ends()
		for _, order := range []int{1, 2} {
			assert.Equal(t, []int{1}, shop.effects(order))
			assert.Empty(t, q.Dead(order))
		}
	})
}
