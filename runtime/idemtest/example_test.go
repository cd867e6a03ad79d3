package idemtest_test

import (
	"context"
	"testing"

	"github.com/idemgen/idemgen/examples/order"
	"github.com/idemgen/idemgen/runtime/idemtest"
)

// A test of your own, here as a function. It fails as well if a call has not returned
// when it ends, or a claim is left behind.
func ExampleNewClient() {
	testAnOrderIsMadeOnce := func(t *testing.T) {
		made := 0
		create := order.NewIdempotentCreateOrder(idemtest.NewClient(t), func(context.Context, order.CreateOrder) (int, error) {
			made++
			return made, nil
		})
		for range 2 {
			if _, err := create.Run(t.Context(), order.CreateOrder{IdempotencyKey: "5f0c"}); err != nil {
				t.Fatal(err)
			}
		}
		if made != 1 {
			t.Errorf("it was made %d times", made)
		}
	}
	_ = testAnOrderIsMadeOnce
}
