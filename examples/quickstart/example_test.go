package main

import (
	"context"
	"fmt"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

func ExampleNewIdempotentChargeOrder() {
	ctx, store := context.Background(), memstore.New()

	client := idem.New(store)
	charge := NewIdempotentChargeOrder(client)
	for range 2 {
		res, err := charge.Run(ctx, ChargeOrder{OrderID: 123, Amount: 9999})
		fmt.Println(res.Status, res.Value, res.Duplicate, err)
	}
	// Output:
	//     ... charging order 123: 99.99, attempt 1
	// success receipt-123 false <nil>
	// success receipt-123 true <nil>
}

func Example() {
	charge := NewIdempotentChargeOrder(idem.New(memstore.New()))
	if err := tell(context.Background(), charge, true); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1. Order 123 is charged.
	//     ... charging order 123: 99.99, attempt 1
	//     success: "receipt-123"
	//
	// 2. The same order again: the task does not run, its answer comes back.
	//     duplicate: "receipt-123", from attempt 1, 0s ago
	//
	// 3. Ten callers charge order 124 at once: one runs at most, the others wait for its answer.
	//     ... charging order 124: 5.00, attempt 1
	//     ran: 1, duplicates: 9
	//
	// 4. The bank does not answer for order 125. An error is not remembered, so a retry runs.
	//     ... charging order 125: 2.50, attempt 1
	//     error: the bank does not answer
	//     ... charging order 125: 2.50, attempt 2
	//     success: "receipt-125"
	//
	// 5. What is stored for order 125:
	//     key      idempotency:quickstart.ChargeOrder:125
	//     state    done, attempt 2, value "receipt-125"
	//     expires  in 24h0m0s
}
