package transfer_test

import (
	"context"
	"fmt"

	"github.com/idemgen/idemgen/examples/transfer"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

func Example() {
	ctx := context.Background()
	ledger := transfer.NewLedger(map[string]int64{"ada": 10_00, "bob": 0})
	send := transfer.NewIdempotentTransferFunds(idem.New(memstore.New()))

	rent := transfer.TransferFunds{From: "ada", To: "bob", Cents: 7_50, Reference: "rent May", Ledger: ledger}
	key, err := send.Key(rent)
	fmt.Println(key, err)
	for range 2 {
		res, err := send.Run(ctx, rent)
		fmt.Println(res.Status, err)
	}
	rent.Reference = "rent June"
	_, err = send.Run(ctx, rent)
	fmt.Println(err)
	fmt.Println("ada", ledger.Cents("ada"), "bob", ledger.Cents("bob"))
	// Output:
	// idempotency:transfer.TransferFunds:ada:bob:750:rent%20May <nil>
	// success <nil>
	// skipped <nil>
	// not enough money
	// ada 250 bob 750
}
