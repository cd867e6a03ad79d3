package redisstore_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
)

func TestNothingOfHashedPartsLeavesTheProcess(t *testing.T) {
	const part, amount = "ada.lovelace", "750.01"
	server := redistest.Start(t)
	var out strings.Builder // whatever somebody could see
	var log bytes.Buffer
	client := idem.New(open(t, server), idem.WithHashedKeys([]byte("0123456789abcdef")),
		idem.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		idem.WithObserver(func(_ context.Context, e idem.Event) { fmt.Fprintf(&out, "%+v\n", e) }))
	type transfer struct{ from, amount string }
	spec := idem.Spec[transfer, string]{
		Name:  "bank.Transfer",
		Key:   func(k *idem.KeyWriter, task transfer) { k.Part("From").String(task.from) },
		Match: func(k *idem.KeyWriter, task transfer) { k.Part("Amount").String(task.amount) },
		Run:   func(context.Context, transfer) (string, error) { panic("executed") },
	}
	other := idem.NewTask(idem.New(open(t, server), idem.WithHashedKeys([]byte("0123456789abcdef")),
		idem.WithLogger(slog.New(slog.DiscardHandler))), spec, idem.WithWait(300*time.Millisecond))
	var during func()
	spec.Run = func(ctx context.Context, _ transfer) (string, error) {
		fmt.Fprintf(&out, "%+v\n", idem.FromContext(ctx))
		during()
		return "answer", nil
	}
	task := idem.NewTask(client, spec, idem.WithOnDuplicate(idem.PolicyFail))

	told := func(_ any, err error) {
		require.Error(t, err)
		fmt.Fprintln(&out, err)
	}
	dump := func() {
		for _, key := range server.Do("keys", "*").([]any) {
			fmt.Fprintln(&out, key, server.Do("get", key))
		}
		fmt.Fprintln(&out, server.Do("pubsub", "channels"))
	}
	during = func() {
		waits := make(chan error)
		go func() {
			_, err := other.Run(context.Background(), transfer{part, amount})
			waits <- err
		}()
		require.Eventually(t, func() bool { return len(server.Do("pubsub", "channels").([]any)) > 0 }, 30*time.Second, time.Millisecond)
		dump()
		err := <-waits
		require.ErrorIs(t, err, idem.ErrTimeout)
		fmt.Fprintln(&out, err)
	}
	_, err := task.Run(t.Context(), transfer{part, amount})
	require.NoError(t, err)
	told(task.Run(t.Context(), transfer{part, amount}))
	told(task.Run(t.Context(), transfer{part, "1"}))
	record, err := task.Lookup(t.Context(), transfer{part, amount})
	require.NoError(t, err)
	fmt.Fprintf(&out, "%+v\n", record)
	dump()

	key, err := task.Key(transfer{part, amount})
	require.NoError(t, err)
	server.Do("set", key, "garbage")
	told(task.Run(t.Context(), transfer{part, amount}))
	dump()
	for _, text := range []string{out.String(), log.String()} {
		assert.Contains(t, text, key, "it is found by what Key gives")
		assert.NotContains(t, text, part)
		assert.NotContains(t, text, "lovelace")
		assert.NotContains(t, text, amount)
	}
}
