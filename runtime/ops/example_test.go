package ops_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
)

// These need a Redis of yours, so they are compiled and not run.

// What is stuck?
func ExampleNew() {
	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
	inspector := ops.New(rdb)
	stuck := ops.Query{States: []idem.State{idem.StateInterrupted, ops.StateCorrupt}}
	for record, err := range inspector.List(context.Background(), stuck) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(record.Key, record.State, "attempt", record.Attempt, "of", record.StartedAt)
	}
}

// For clients that have idem.WithPrefix("shop").
func ExampleWithPrefix() {
	inspector := ops.New(redis.NewClient(&redis.Options{Addr: "localhost:6379"}), ops.WithPrefix("shop"))
	stats, err := inspector.Stats(context.Background(), ops.Query{})
	if err != nil {
		log.Fatal(err)
	}
	for _, task := range stats {
		fmt.Println(task.Task, task.States, task.Bytes, "bytes")
	}
}

// A Redis with little to spare is looked through more slowly: 10 million keys take
// nearly three hours.
func ExampleWithRate() {
	inspector := ops.New(redis.NewClient(&redis.Options{Addr: "localhost:6379"}), ops.WithRate(1_000))
	_ = inspector
}

// Redis serves others after every 50 keys.
func ExampleWithCount() {
	inspector := ops.New(redis.NewClient(&redis.Options{Addr: "localhost:6379"}), ops.WithCount(50))
	_ = inspector
}

// The bank says that the charge of a crashed attempt went through.
func ExampleInspector_Resolve() {
	ctx := context.Background()
	inspector := ops.New(redis.NewClient(&redis.Options{Addr: "localhost:6379"}))
	seen, err := inspector.Get(ctx, "idempotency:billing.ChargeOrder:123")
	if err != nil {
		log.Fatal(err)
	}
	if seen.State != idem.StateInterrupted {
		log.Fatal("it is ", seen.State)
	}
	err = inspector.Resolve(ctx, seen, idem.Answer{Value: []byte(`"receipt-123"`)})
	if errors.Is(err, ops.ErrChanged) {
		log.Fatal("somebody else was here: look again")
	}
}

// The bank knows nothing of the charge: it may run again.
func ExampleInspector_Forget() {
	ctx := context.Background()
	inspector := ops.New(redis.NewClient(&redis.Options{Addr: "localhost:6379"}))
	seen, err := inspector.Get(ctx, "idempotency:billing.ChargeOrder:123")
	if err != nil {
		log.Fatal(err)
	}
	if err := inspector.Forget(ctx, seen); err != nil {
		log.Fatal(err) // idem.ErrInProgress while somebody runs it
	}
}

// Whatever is interrupted reaches whoever is on call, and so does how it ends.
func ExampleInspector_Watch() {
	inspector := ops.New(redis.NewClient(&redis.Options{Addr: "localhost:6379"}))
	stuck := ops.Query{States: []idem.State{idem.StateInterrupted}}
	for record, err := range inspector.Watch(context.Background(), stuck, time.Minute) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(record.Key, "attempt", record.Attempt, "is", record.State)
	}
}
