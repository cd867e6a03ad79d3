// Package contract holds the example of the README.
package contract

import "context"

// Receipt proves a payment.
type Receipt struct{ ID string }

// ProcessPayment charges an order.
//
//idem:task key=OrderID ttl=24h on-duplicate=skip
type ProcessPayment struct {
	OrderID int
	Amount  int
}

// Run charges.
func (p ProcessPayment) Run(context.Context) (Receipt, error) {
	return Receipt{ID: "r"}, nil
}
