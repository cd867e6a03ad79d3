// Package sidebyside moves a task from a hand-written lock to idemgen while processes
// with the old code and with the new one run at the same time.
//
// What it teaches: the order of three deploys. A handler task has one record through
// all of them; what changes is the handler.
package sidebyside

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

//go:generate go tool idemgen

// ChargeOrder charges a customer for an order.
//
//idem:task key=OrderID ttl=24h on-duplicate=return-cached
type ChargeOrder struct {
	OrderID string
}

// Both is the handler as long as processes with the old code run: it does all that
// they do, lock and result key included.
func Both(old ByHand) func(context.Context, ChargeOrder) (string, error) {
	return func(ctx context.Context, c ChargeOrder) (string, error) {
		return old.Run(ctx, c.OrderID)
	}
}

// After is the handler once the last of them has ended: old results still count.
func After(old ByHand) func(context.Context, ChargeOrder) (string, error) {
	return func(ctx context.Context, c ChargeOrder) (string, error) {
		receipt, err := old.Redis.Get(ctx, resultKey(c.OrderID)).Result()
		if !errors.Is(err, redis.Nil) {
			return receipt, err
		}
		return old.Charge(ctx, c.OrderID)
	}
}

// Alone is the handler once the last old result has expired.
func Alone(old ByHand) func(context.Context, ChargeOrder) (string, error) {
	return func(ctx context.Context, c ChargeOrder) (string, error) {
		return old.Charge(ctx, c.OrderID)
	}
}
