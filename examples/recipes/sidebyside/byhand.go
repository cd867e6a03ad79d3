package sidebyside

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// ByHand is the old code: a lock, a result key, and the work in between.
type ByHand struct {
	Redis  *redis.Client
	Charge func(ctx context.Context, orderID string) (receipt string, err error)
}

func lockKey(orderID string) string   { return "lock:charge:" + orderID }
func resultKey(orderID string) string { return "result:charge:" + orderID }

// unlock deletes the lock if it is still ours.
var unlock = redis.NewScript(`if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`)

// Run charges an order, unless there is a result.
func (b ByHand) Run(ctx context.Context, orderID string) (string, error) {
	token := rand.Text()
	for {
		ok, err := b.Redis.SetNX(ctx, lockKey(orderID), token, 30*time.Second).Result()
		if err != nil {
			return "", err
		}
		if ok {
			break
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	defer unlock.Run(context.WithoutCancel(ctx), b.Redis, []string{lockKey(orderID)}, token)
	receipt, err := b.Redis.Get(ctx, resultKey(orderID)).Result()
	if !errors.Is(err, redis.Nil) {
		return receipt, err
	}
	if receipt, err = b.Charge(ctx, orderID); err != nil {
		return "", err
	}
	return receipt, b.Redis.Set(ctx, resultKey(orderID), receipt, 24*time.Hour).Err()
}
