package memstore_test

import (
	"context"
	"fmt"

	"github.com/idemgen/idemgen/examples/order"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

func create(_ context.Context, o order.CreateOrder) (string, error) {
	return "order of " + o.Customer, nil
}

// Two clients of one store stand for two processes that share a Redis.
func ExampleNew() {
	store := memstore.New()
	for range 2 {
		orders := order.NewIdempotentCreateOrder(idem.New(store), create)
		res, err := orders.Run(context.Background(), order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
		fmt.Println(res.Status, err)
	}
	// Output:
	// success <nil>
	// skipped <nil>
}

func ExampleStore_Records() {
	store := memstore.New()
	orders := order.NewIdempotentCreateOrder(idem.New(store), create)
	_, _ = orders.Run(context.Background(), order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
	for key, record := range store.Records() {
		fmt.Println(key, record.State, record.Attempt)
	}
	fmt.Println(store.Len())
	// Output:
	// idempotency:order.CreateOrder:5f0c done 1
	// 1
}
