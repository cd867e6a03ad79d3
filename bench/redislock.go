package main

import (
	"context"
	"time"

	"github.com/bsm/redislock"
	"github.com/redis/go-redis/v9"
)

// The pattern by hand on bsm/redislock. Its lock can be refreshed, but not by
// itself, and has no fence; who waits for it polls.
var (
	redislockFirst = onRedislock("redislock by hand", traits{First: 4, Duplicate: 3}, false)
	redislockLook  = onRedislock("redislock by hand, GET first", traits{First: 5, Duplicate: 1}, true)
)

func onRedislock(name string, does traits, look bool) contestant {
	does.Exclusive, does.Replay = "everywhere", true
	return contestant{
		name: name,
		role: alternative,
		does: does,
		open: func(addr string) (*runner, error) {
			client := redis.NewClient(&redis.Options{Addr: addr})
			locker := redislock.New(client)
			lock := func(ctx context.Context, key string) (func(context.Context) error, error) {
				held, err := locker.Obtain(ctx, key, lease, &redislock.Options{
					RetryStrategy: redislock.LinearBackoff(50 * time.Millisecond),
				})
				if err != nil {
					return nil, err
				}
				return held.Release, nil
			}
			return byHand{client, lock, look}.runner(), nil
		},
	}
}
