package main

import (
	"context"

	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
	"github.com/redis/go-redis/v9"
)

// The pattern by hand on redsync, here with one server rather than the several for
// which its algorithm is made. Its mutex can be extended, but not by itself, and
// has no fence; who waits for it polls.
var redsyncLock = contestant{
	name: "redsync by hand",
	role: alternative,
	does: traits{First: 4, Duplicate: 3, Exclusive: "everywhere", Replay: true},
	open: func(addr string) (*runner, error) {
		client := redis.NewClient(&redis.Options{Addr: addr})
		locks := redsync.New(goredis.NewPool(client))
		lock := func(ctx context.Context, key string) (func(context.Context) error, error) {
			mutex := locks.NewMutex(key, redsync.WithExpiry(lease))
			if err := mutex.LockContext(ctx); err != nil {
				return nil, err
			}
			return func(ctx context.Context) error {
				_, err := mutex.UnlockContext(ctx)
				return err
			}, nil
		}
		return byHand{client, lock, false}.runner(), nil
	},
}
