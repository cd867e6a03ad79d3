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

// The tests of this file are about claims whose callers did not live to use them.

func TestAnAbandonedTakeoverKeepsTheMemoryOfTheAttemptBeforeIt(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		vanish(t, store, time.Second, 24*time.Hour)
		time.Sleep(2 * time.Second)
		n := 0
		store.reply = func() error {
			if n++; n == 2 { // the contend's
				return errDown
			}
			return nil
		}
		_, err := paying(newClient(t, store), mustNotRun(t)).Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrUnavailable)
		time.Sleep(2 * time.Minute) // of 24 h
		var got idem.Execution
		_, err = paying(newClient(t, store), func(ctx context.Context, p payment) (receipt, error) {
			got = idem.FromContext(ctx)
			return paid(ctx, p)
		}).Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, 2, got.Attempt, "attempt 1 was interrupted")
	})
}

// lateStore's next contend blocks until its caller gives up, and is executed some time later.

func TestAnAbandonedClaimBindsNobodyToItsMatchFields(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.reply = down
		_, err := matching(newClient(t, store), mustNotRun(t)).Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrUnavailable)
		store.set(func(f *faulty) { f.reply = nil })
		time.Sleep(time.Second)
		_, err = matching(newClient(t, store), paid).Run(t.Context(), payment{Order: 17, Amount: 1000})
		require.NoError(t, err, "nothing ran before")
	})
}

type lateStore struct {
	*faulty
	late atomic.Bool
}

func (s *lateStore) Contend(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	if s.late.CompareAndSwap(true, false) {
		<-ctx.Done()
		time.AfterFunc(100*time.Millisecond, func() {
			_, _ = s.faulty.Contend(context.Background(), key, c)
		})
		return idem.Reply{}, ctx.Err()
	}
	return s.faulty.Contend(ctx, key, c)
}

func TestAnAbandonedContendThatArrivesLateOwnsNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, f *faulty) {
		store := &lateStore{faulty: f}
		_, err := paying(newClient(t, store), func(context.Context, payment) (receipt, error) {
			return receipt{}, errDown
		}).Run(t.Context(), a17) // released
		require.ErrorIs(t, err, errDown)
		store.late.Store(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = paying(newClient(t, store), mustNotRun(t), idem.WithOnCrash(idem.CrashFail)).Run(ctx, a17)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		time.Sleep(time.Minute)
		_, err = paying(newClient(t, store), paid, idem.WithOnCrash(idem.CrashFail)).Run(t.Context(), a17)
		require.NoError(t, err)
	})
}

func TestAClaimThatCameTooLateIsGivenBackWhenTheClientCloses(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		store.reply = func() error { time.Sleep(14 * time.Second); return nil }
		client := idem.New(store)
		time.AfterFunc(time.Second, func() { _ = client.Close(context.Background()) })
		_, err := paying(client, mustNotRun(t), idem.WithOnCrash(idem.CrashFail)).Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrClosed)
		time.Sleep(time.Minute)
		store.set(func(f *faulty) { f.reply = nil })
		_, err = paying(newClient(t, store), paid, idem.WithOnCrash(idem.CrashFail)).Run(t.Context(), a17)
		require.NoError(t, err, "nothing ran")
	})
}

func TestAClaimThatCameTooLateAndWasForgottenIsMadeAnew(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		slow := true
		store.reply = func() error {
			if slow {
				slow = false
				time.Sleep(20 * time.Second)
			}
			return nil
		}
		client := newClient(t, store)
		time.AfterFunc(17*time.Second, func() { assert.NoError(t, paying(newClient(t, store), paid).Forget(context.Background(), a17)) })
		_, err := paying(client, paid).Run(t.Context(), a17)
		require.NoError(t, err)
	})
}
