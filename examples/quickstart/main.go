// Quickstart charges some orders more than once and prints what happened: on a
// store in memory or, where REDIS_URL is set, on Redis. On Redis a second run
// meets the answers of the first one; -forget makes it start afresh.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

func main() {
	forget := flag.Bool("forget", false, "forget what earlier runs have stored")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *forget)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, forget bool) error {
	store, where, closeStore, err := open(ctx)
	if err != nil {
		return err
	}
	defer closeStore()
	client := idem.New(store)
	defer client.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is running any more
	fmt.Printf("Records are kept in %s.\n", where)
	return tell(ctx, NewIdempotentChargeOrder(client), forget)
}

// open returns a store, where it is, and how to close it.
func open(ctx context.Context) (idem.Store, string, func(), error) {
	if os.Getenv("REDIS_URL") == "" {
		return memstore.New(), "memory; they end with this program (set REDIS_URL to use Redis)", func() {}, nil
	}
	store, err := redisstore.Open(ctx, "") // "" means REDIS_URL
	if err != nil {
		return nil, "", nil, err
	}
	return store, "Redis, for 24 hours", func() { _ = store.Close() }, nil
}

// tell goes through what can happen to a task, step by step.
func tell(ctx context.Context, charge *IdempotentChargeOrder, forget bool) error {
	first, crowded, failing := ChargeOrder{123, 9999}, ChargeOrder{124, 500}, ChargeOrder{flaky, 250}
	if forget {
		for _, task := range []ChargeOrder{first, crowded, failing} {
			if err := charge.Forget(ctx, task); err != nil && !errors.Is(err, idem.ErrNotFound) {
				return err
			}
		}
	}

	fmt.Println("\n1. Order 123 is charged.")
	print(charge.Run(ctx, first))

	fmt.Println("\n2. The same order again: the task does not run, its answer comes back.")
	print(charge.Run(ctx, first))

	fmt.Println("\n3. Ten callers charge order 124 at once: one runs at most, the others wait for its answer.")
	ran, duplicates := crowd(ctx, charge, crowded)
	fmt.Printf("    ran: %d, duplicates: %d\n", ran, duplicates)

	fmt.Println("\n4. The bank does not answer for order 125. An error is not remembered, so a retry runs.")
	print(charge.Run(ctx, failing))
	print(charge.Run(ctx, failing))

	fmt.Println("\n5. What is stored for order 125:")
	record, err := charge.Lookup(ctx, failing)
	if err != nil {
		return err
	}
	fmt.Printf("    key      %s\n    state    %s, attempt %d, value %q\n    expires  in %v\n",
		record.Key, record.State, record.Attempt, record.Result.Value, time.Until(record.ExpiresAt).Round(time.Hour))
	return nil
}

// crowd runs one task ten times at once.
func crowd(ctx context.Context, charge *IdempotentChargeOrder, task ChargeOrder) (ran, duplicates int) {
	var mu sync.Mutex
	var callers sync.WaitGroup
	for range 10 {
		callers.Go(func() {
			res, err := charge.Run(ctx, task)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				fmt.Println("    error:", err)
			case res.Duplicate:
				duplicates++
			default:
				ran++
			}
		})
	}
	callers.Wait()
	return ran, duplicates
}

// print says what one call came to.
func print(res idem.Result[string], err error) {
	switch {
	case err != nil:
		fmt.Println("    error:", err)
	case res.Duplicate:
		ago := time.Since(res.Original.FinishedAt).Truncate(time.Second)
		fmt.Printf("    duplicate: %q, from attempt %d, %v ago\n", res.Value, res.Original.Attempt, ago)
	default:
		fmt.Printf("    %s: %q\n", res.Status, res.Value)
	}
}
