// Package payment charges an order once, also where the process dies between
// the charge and the record of it.
//
// What it teaches: a method task with a dependency that is no part of the task
// (the bank), and what closes the gap that no store can close. Redis cannot know
// whether a process that vanished had charged already. The bank can: it is given
// the execution's key with every charge, and an attempt after the first asks it
// before it charges.
package payment

import (
	"context"
	"errors"

	idem "github.com/idemgen/idemgen/runtime"
)

//go:generate go tool idemgen

// ErrNoCharge says that the bank knows of no charge under a reference.
var ErrNoCharge = errors.New("no such charge")

// A Bank charges cards. It accepts a reference once, and finds charges by it.
type Bank interface {
	Charge(ctx context.Context, reference string, cents int64) (Receipt, error)
	Find(ctx context.Context, reference string) (Receipt, error) // ErrNoCharge
}

// A Receipt proves a charge.
type Receipt struct {
	ID    string
	Cents int64
}

// ProcessPayment charges an order.
//
//idem:task key=OrderID ttl=24h on-duplicate=skip
type ProcessPayment struct {
	OrderID int
	Amount  int64 // in cents

	Bank Bank `idem:"-"` // what does the work is no part of what the work is
}

// Run charges the order, unless an attempt before this one has done so and was
// cut off before it could record it.
func (p ProcessPayment) Run(ctx context.Context) (Receipt, error) {
	x := idem.FromContext(ctx)
	if x.Attempt > 1 {
		receipt, err := p.Bank.Find(ctx, x.Key)
		if !errors.Is(err, ErrNoCharge) {
			return receipt, err
		}
	}
	return p.Bank.Charge(ctx, x.Key, p.Amount)
}
