package order_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/idemgen/idemgen/examples/order"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

func Example() {
	ctx := context.Background()
	var orders []order.CreateOrder // the database
	create := order.NewIdempotentCreateOrder(idem.New(memstore.New()),
		func(_ context.Context, o order.CreateOrder) (int, error) {
			orders = append(orders, o)
			return len(orders), nil
		})

	request := order.CreateOrder{
		IdempotencyKey: "5f0c", Customer: "ada", Lines: []order.Line{{SKU: "tea", Count: 2}},
	}
	res, err := create.Run(ctx, request)
	fmt.Println("first:   ", res.Status, "order", res.Value, err)

	res, err = create.Run(ctx, request)
	fmt.Println("again:   ", res.Status, res.Duplicate, err)

	request.Lines[0].Count = 3
	_, err = create.Run(ctx, request)
	fmt.Println("changed: ", idem.Code(err), errors.Is(err, idem.ErrMismatch))

	request.IdempotencyKey = ""
	_, err = create.Run(ctx, request)
	fmt.Println("no key:  ", idem.Code(err))
	fmt.Println("orders:  ", len(orders))
	// Output:
	// first:    success order 1 <nil>
	// again:    skipped true <nil>
	// changed:  FINGERPRINT_MISMATCH true
	// no key:   EMPTY_KEY
	// orders:   1
}
