// Command foreign runs each of its tasks twice, on the Redis of REDIS_URL.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/netip"

	"github.com/google/uuid"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
	"github.com/redis/go-redis/v9"
)

func main() {
	ctx := context.Background()
	store, err := redisstore.Open(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	client := idem.New(store)

	entry := ProcessEntry{XMessage: redis.XMessage{ID: "1764000000000-0", Values: map[string]any{"a": 1}}, Stream: "orders"}
	twice(ctx, NewIdempotentProcessEntry(client), entry)

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://example.com/a:b?c", nil)
	if err != nil {
		log.Fatal(err)
	}
	twice(ctx, NewIdempotentFetchPage(client), &FetchPage{request})

	twice(ctx, NewIdempotentEnrol(client), Enrol{
		Device: uuid.MustParse("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
		Key:    []byte{0xAB, 0xCD},
		Addr:   netip.MustParseAddr("::1"),
	})
}

// A wrapper is what idemgen generates for a T.
type wrapper[T, R any] interface {
	Key(task T) (string, error)
	Run(ctx context.Context, task T) (idem.Result[R], error)
}

func twice[T, R any](ctx context.Context, w wrapper[T, R], task T) {
	key, err := w.Key(task)
	if err != nil {
		log.Fatal(err)
	}
	first, err := w.Run(ctx, task)
	if err != nil {
		log.Fatal(err)
	}
	_, err = w.Run(ctx, task)
	fmt.Println(key, first.Value, idem.Code(err), errors.Is(err, idem.ErrDuplicate))
}
