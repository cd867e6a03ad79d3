package payment_test

import (
	"context"
	"fmt"

	"github.com/idemgen/idemgen/examples/payment"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// fakeBank keeps its charges in memory.
type fakeBank struct {
	charges map[string]payment.Receipt
	broken  error // what the next charge returns after it went through
}

func (b *fakeBank) Charge(_ context.Context, reference string, cents int64) (payment.Receipt, error) {
	r := payment.Receipt{ID: fmt.Sprintf("receipt-%d", len(b.charges)+1), Cents: cents}
	b.charges[reference] = r
	err := b.broken
	b.broken = nil
	return r, err
}

func (b *fakeBank) Find(_ context.Context, reference string) (payment.Receipt, error) {
	r, ok := b.charges[reference]
	if !ok {
		return r, payment.ErrNoCharge
	}
	return r, nil
}

func Example() {
	ctx := context.Background()
	b := &fakeBank{charges: map[string]payment.Receipt{}}
	pay := payment.NewIdempotentProcessPayment(idem.New(memstore.New()))

	for range 2 {
		res, err := pay.Run(ctx, payment.ProcessPayment{OrderID: 123, Amount: 9999, Bank: b})
		fmt.Printf("%s %q %q %v\n", res.Status, res.Value.ID, res.Reason, err)
	}
	fmt.Println("charges:", len(b.charges))
	// Output:
	// success "receipt-1" "" <nil>
	// skipped "" "Duplicate execution prevented" <nil>
	// charges: 1
}

// The charge goes through and its answer is lost. The error releases the claim,
// and the retry, attempt 2, finds the charge at the bank.
func Example_answerLost() {
	ctx := context.Background()
	b := &fakeBank{charges: map[string]payment.Receipt{}, broken: fmt.Errorf("connection reset")}
	pay := payment.NewIdempotentProcessPayment(idem.New(memstore.New()))

	for range 2 {
		res, err := pay.Run(ctx, payment.ProcessPayment{OrderID: 124, Amount: 500, Bank: b})
		fmt.Println(res.Status, err)
	}
	fmt.Println("charges:", len(b.charges))
	// Output:
	// failed connection reset
	// success <nil>
	// charges: 1
}
