package idem_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// The tests of this file guard what a call costs by its allocations, which do not
// depend on how fast the machine is. Benchmarks tell the time.

// numbered returns a task that succeeds, and payments that were not made yet.
func numbered(b testing.TB, opts ...idem.TaskOption) (*idem.Task[payment, receipt], func() payment) {
	b.Helper()
	client := idem.New(memstore.New(), idem.WithLogger(slog.New(slog.DiscardHandler)))
	n := 0
	return paying(client, paid, opts...), func() payment {
		n++
		return payment{Order: n, Amount: 999}
	}
}

func TestADuplicateOnMemstoreCostsFewAllocations(t *testing.T) {
	task, _ := numbered(t)
	ctx, cancel := context.WithCancel(t.Context()) // as callers have it
	defer cancel()
	_, err := task.Run(ctx, a17)
	require.NoError(t, err)
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() { _, _ = task.Run(ctx, a17) }), 10+raced)
}

func TestAFirstExecutionOnMemstoreCostsFewAllocations(t *testing.T) {
	for name, opt := range map[string]idem.TaskOption{
		"skip":          idem.WithOnDuplicate(idem.PolicySkip),
		"return-cached": idem.WithOnDuplicate(idem.PolicyReturnCached),
	} {
		t.Run(name, func(t *testing.T) {
			task, next := numbered(t, opt)
			ctx, cancel := context.WithCancel(t.Context()) // as callers have it
			defer cancel()
			assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() { _, _ = task.Run(ctx, next()) }), 20+raced)
		})
	}
}

func BenchmarkDuplicate(b *testing.B) {
	task, _ := numbered(b)
	_, err := task.Run(b.Context(), a17)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = task.Run(b.Context(), a17)
	}
}

func BenchmarkFirst(b *testing.B) {
	task, next := numbered(b)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = task.Run(b.Context(), next())
	}
}

func BenchmarkKey(b *testing.B) {
	task, _ := numbered(b)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = task.Key(a17)
	}
}
