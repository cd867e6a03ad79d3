// Package outbox carries a change from one database to another by messages.
//
// What it teaches: a message is stored in the transaction of the change that it is
// about; a relay sends what is stored, at least once; the consumer is a task whose key
// is the message's, so that one which comes twice counts once; and the consumer's own
// transaction notes key and fence, so that not even a crash between that transaction
// and the record in Redis makes it count twice.
package outbox

import (
	"context"
	"errors"

	idem "github.com/idemgen/idemgen/runtime"
)

//go:generate go tool idemgen

// PlaceOrder stores an order, and the message about it, in one transaction.
func PlaceOrder(db *DB, o Order) error {
	return db.Tx(func(rows *Rows) error {
		rows.Orders = append(rows.Orders, o)
		rows.Outbox = append(rows.Outbox, Message{ID: o.ID, Order: o})
		return nil
	})
}

// Relay sends what stands in the outbox, the oldest first. Who dies between sending
// and noting that it was sent leaves a message to be sent again.
func Relay(ctx context.Context, db *DB, send func(context.Context, Message) error) error {
	for {
		m, ok := db.Oldest()
		if !ok {
			return nil
		}
		if err := send(ctx, m); err != nil {
			return err
		}
		if err := db.Tx(func(rows *Rows) error { rows.Sent(m); return nil }); err != nil {
			return err
		}
	}
}

// ReserveStock handles a message at the warehouse.
//
//idem:task key=MessageID ttl=7d
type ReserveStock struct {
	MessageID string
	SKU       string
	Count     int

	Warehouse *DB `idem:"-"`
}

// Run reserves the stock, in one transaction with the note that it has.
func (r ReserveStock) Run(ctx context.Context) error {
	x := idem.FromContext(ctx)
	return r.Warehouse.Tx(func(rows *Rows) error {
		first, err := rows.Enter(x.Key, x.Fence)
		if err != nil || !first {
			return err
		}
		rows.Stock[r.SKU] -= r.Count
		return nil
	})
}

// ErrStale says that a later owner of the key has been here.
var ErrStale = errors.New("a later owner has been here")

// Enter notes an execution in the transaction in which it acts. It tells whether it is
// the first one to do so.
func (r *Rows) Enter(key string, fence int64) (first bool, err error) {
	switch last, been := r.Executions[key]; {
	case !been:
		r.Executions[key] = fence
		return true, nil
	case fence < last:
		return false, ErrStale
	}
	return false, nil // an earlier attempt has committed: there is nothing left to do
}
