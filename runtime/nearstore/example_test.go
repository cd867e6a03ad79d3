package nearstore_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/idemgen/idemgen/examples/order"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"

	"github.com/idemgen/idemgen/runtime/nearstore"
)

func ExampleNew() {
	behind := memstore.New() // in a program: redisstore.Open(ctx, "")
	near, err := nearstore.New(behind, nearstore.Limits{Age: time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = near.Close() }()
	create := order.NewIdempotentCreateOrder(idem.New(near), func(context.Context, order.CreateOrder) (int, error) {
		return 1, nil
	})
	for range 2 { // the second one asks nobody
		res, err := create.Run(context.Background(), order.CreateOrder{IdempotencyKey: "5f0c"})
		fmt.Println(res.Status, err)
	}
	// Output:
	// success <nil>
	// skipped <nil>
}

func ExampleLimits() {
	_, err := nearstore.New(memstore.New(), nearstore.Limits{Count: 10_000, Bytes: 8 << 20})
	fmt.Println(err)
	// Output: nearstore: Limits.Age is 0s: set how long a Forget in another process may go unnoticed
}
