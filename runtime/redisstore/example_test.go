package redisstore_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/idemgen/idemgen/examples/order"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// These need a Redis of yours, so they are compiled and not run.

func ExampleOpen() {
	ctx := context.Background()
	store, err := redisstore.Open(ctx, "") // "" means REDIS_URL
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	create := order.NewIdempotentCreateOrder(idem.New(store), func(context.Context, order.CreateOrder) (int, error) {
		return 1, nil
	})
	res, err := create.Run(ctx, order.CreateOrder{IdempotencyKey: "5f0c"})
	fmt.Println(res.Status, err)
}

// A client of your own: here one that Sentinels lead to the primary.
func ExampleNew() {
	rdb := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName:    "main",
		SentinelAddrs: []string{"sentinel-1:26379", "sentinel-2:26379", "sentinel-3:26379"},
	})
	defer func() { _ = rdb.Close() }()
	store := redisstore.New(rdb)
	defer func() { _ = store.Close() }()
	client := idem.New(store)
	_ = client // make wrappers of it
}

func ExampleNew_cluster() {
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"redis-1:6379", "redis-2:6379"}})
	store := redisstore.New(rdb)
	client := idem.New(store)
	_ = client // make wrappers of it
}

func ExampleStore_Check() {
	ctx := context.Background()
	store, err := redisstore.Open(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	findings, err := store.Check(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range findings { // for instance, maxmemory-policy is not noeviction
		fmt.Println(f)
	}
}

// Each claim and each answer waits for one replica, for 100 milliseconds at most.
func ExampleWithReplicas() {
	store, err := redisstore.Open(context.Background(), "", redisstore.WithReplicas(1, 100*time.Millisecond))
	if err != nil {
		log.Fatal(err)
	}
	_ = store
}

// What Check finds at the start goes to a log of its own.
func ExampleWithLogger() {
	logger := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	store, err := redisstore.Open(context.Background(), "", redisstore.WithLogger(logger))
	if err != nil {
		log.Fatal(err)
	}
	_ = store
}

// For a user that may only write keys of another prefix.
func ExampleWithProbeKey() {
	store, err := redisstore.Open(context.Background(), "", redisstore.WithProbeKey("shop:check"))
	if err != nil {
		log.Fatal(err)
	}
	client := idem.New(store, idem.WithPrefix("shop"))
	_ = client // make wrappers of it
}

func ExampleFinding() {
	f := redisstore.Finding{Subject: "appendonly", Problem: "it is off", Remedy: "set appendonly yes"}
	fmt.Println(f)
	// Output: appendonly: it is off: set appendonly yes
}
