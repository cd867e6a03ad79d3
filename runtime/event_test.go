package idem_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

func panicsOn(kind idem.EventKind) idem.Option {
	var once atomic.Bool
	return idem.WithObserver(func(_ context.Context, e idem.Event) {
		if e.Kind == kind && once.CompareAndSwap(false, true) {
			panic("observer")
		}
	})
}

func recovering(f func()) {
	defer func() { _ = recover() }()
	f()
}

func TestAnObserversPanicLeavesNoClaimBehind(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		vanish(t, store, time.Second, time.Hour)
		time.Sleep(2 * time.Second)
		client := idem.New(store, panicsOn(idem.EventTakenOver))
		recovering(func() { _, _ = paying(client, paid).Run(t.Context(), a17) })
		time.Sleep(10 * time.Minute) // 40 leases
		rec, err := paying(client, paid).Lookup(t.Context(), a17)
		require.NoError(t, err)
		beats := store.beats.Load()
		assert.NotEqual(t, idem.StateRunning, rec.State, "nobody runs, %d heartbeats were sent", beats)
		store.set(func(f *faulty) { f.beat = func() error { return idem.ErrLeaseLost } }) // let the bubble end
		time.Sleep(time.Minute)
	})
}

func TestAnObserversPanicDoesNotBlockTheKey(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		client := idem.New(store, panicsOn(idem.EventReleased))
		task := paying(client, func(context.Context, payment) (receipt, error) { panic("task") })
		recovering(func() { _, _ = task.Run(t.Context(), a17) })
		_, err := paying(client, paid).Run(t.Context(), a17)
		require.NoError(t, err, "the key was released, and nobody is running")
	})
}

func TestAWaitThatEndsWithAClaimIsAnEvent(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		var log eventLog
		client := newClient(t, store, idem.WithObserver(log.observe))
		g := newGate()
		first := start(t.Context(), paying(client, g.run), a17)
		<-g.started
		second := start(t.Context(), paying(client, paid), a17)
		synctest.Wait()
		time.Sleep(5 * time.Second)
		g.open <- errDown
		<-first
		require.NoError(t, (<-second).err)
		assert.Contains(t, log.kinds(), idem.EventWaited)
	})
}

func TestAWaitThatItsCallerGaveUpIsAnEvent(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		var log eventLog
		client := newClient(t, store, idem.WithObserver(log.observe))
		vanish(t, store, time.Hour, time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := paying(client, paid).Run(ctx, a17)
		require.Error(t, err)
		assert.Contains(t, log.kinds(), idem.EventWaited)
	})
}

func TestAResultThatDoesNotFitIsWarnedOf(t *testing.T) {
	var buf bytes.Buffer
	var log eventLog
	client := newClient(t, memstore.New(), idem.WithMaxRecordSize(200), idem.WithObserver(log.observe),
		idem.WithLogger(slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	_, err := paying(client, func(context.Context, payment) (receipt, error) {
		return receipt{Number: strings.Repeat("x", 1000)}, nil
	}, idem.WithOnDuplicate(idem.PolicyReturnCached)).Run(t.Context(), a17)
	require.ErrorIs(t, err, idem.ErrNotRecorded)
	assert.Contains(t, log.kinds(), idem.EventNotRecorded)
	assert.NotEmpty(t, buf.String())
}
