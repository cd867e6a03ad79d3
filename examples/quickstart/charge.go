package main

import "context"

//go:generate go tool idemgen

// ChargeOrder charges a customer for an order.
//
//idem:task key=OrderID ttl=24h on-duplicate=return-cached
type ChargeOrder struct {
	OrderID int
	Amount  int64 // in cents
}

// Run is the work that must not happen twice.
func (c ChargeOrder) Run(ctx context.Context) (string, error) {
	return chargeCard(ctx, c.OrderID, c.Amount)
}
