package redisstore_test

import (
	"context"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// BenchmarkFirst and BenchmarkDuplicate are for profiles of this package; what
// idemgen costs beside others is measured by the module bench.
func BenchmarkFirst(b *testing.B) {
	benchmark(b, func(n int64) string { return strconv.FormatInt(n, 36) })
}

func BenchmarkDuplicate(b *testing.B) {
	benchmark(b, func(n int64) string { return strconv.FormatInt(n%100, 36) })
}

func benchmark(b *testing.B, key func(n int64) string) {
	b.Helper()
	server := redistest.Start(b)
	client := idem.New(redisstore.New(server.Client()), idem.WithLogger(slog.New(slog.DiscardHandler)))
	task := jobs(client, answer)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var n atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(64)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, _ = task.Run(ctx, key(n.Add(1)))
		}
	})
}
