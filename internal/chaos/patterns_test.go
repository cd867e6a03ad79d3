package chaos_test

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/bsm/redislock"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
	"github.com/redis/go-redis/v9"
)

// A pattern is a way to run a task once per key: idemgen's, or one that people
// write by hand. All have the same lease, where those by hand often have 60 s.
type pattern struct {
	name string
	does string
	open func(client *redis.Client, w *worker) (do doer, close func(context.Context) error)
}

// A doer calls a task.
type doer func(ctx context.Context, j job) (idem.Result[string], error)

const (
	poll      = 20 * time.Millisecond // how often who waits by hand looks again
	resultTTL = time.Hour
)

var patterns = []pattern{
	{"lock key and result key", "SET NX PX, GET and SET of the result, DEL; no token, no renewal", openKeys},
	{"redislock", "bsm/redislock around GET and SET of the result; no renewal", openRedislock(false)},
	{"redislock, renewed", "the same, refreshed every third of the lease; the task's context ends when that fails", openRedislock(true)},
	{"idemgen", "a wrapper with return-cached", openIdemgen},
}

func openIdemgen(client *redis.Client, w *worker) (doer, func(context.Context) error) {
	store := redisstore.New(client)
	idemClient := idem.New(store, idem.WithLogger(slog.New(slog.DiscardHandler)))
	return newTask(idemClient, w.run).Run, func(ctx context.Context) error {
		return errors.Join(idemClient.Close(ctx), store.Close())
	}
}

func nothingToClose(context.Context) error { return nil }

// openKeys is the pattern of two keys: whoever sets the lock runs, everybody else
// looks for the result until it is there, or the lock is not.
func openKeys(client *redis.Client, w *worker) (doer, func(context.Context) error) {
	return func(ctx context.Context, j job) (res idem.Result[string], err error) {
		lock, result := "lock:"+j.Key, "result:"+j.Key
		for locked := false; ; {
			if value, err := client.Get(ctx, result).Result(); !errors.Is(err, redis.Nil) {
				if locked {
					err = errors.Join(err, client.Del(ctx, lock).Err())
				}
				return idem.Result[string]{Value: value, Duplicate: true}, err
			}
			if locked {
				break
			}
			if locked, err = client.SetNX(ctx, lock, "1", lease).Result(); err != nil {
				return res, err
			}
			if locked {
				continue // the result may have come meanwhile
			}
			select {
			case <-ctx.Done():
				return res, ctx.Err()
			case <-time.After(poll):
			}
		}
		if res.Value, err = w.run(ctx, j); err == nil {
			err = client.Set(ctx, result, res.Value, resultTTL).Err()
		}
		return res, errors.Join(err, client.Del(ctx, lock).Err())
	}, nothingToClose
}

// openRedislock is the same with a lock that only its owner can release.
func openRedislock(renewed bool) func(*redis.Client, *worker) (doer, func(context.Context) error) {
	return func(client *redis.Client, w *worker) (doer, func(context.Context) error) {
		locker := redislock.New(client)
		return func(ctx context.Context, j job) (idem.Result[string], error) {
			held, err := locker.Obtain(ctx, "lock:"+j.Key, lease, &redislock.Options{RetryStrategy: redislock.LinearBackoff(poll)})
			if err != nil {
				return idem.Result[string]{}, err
			}
			defer func() { _ = held.Release(context.WithoutCancel(ctx)) }()
			value, err := client.Get(ctx, "result:"+j.Key).Result()
			if !errors.Is(err, redis.Nil) {
				return idem.Result[string]{Value: value, Duplicate: true}, err
			}
			run, cancel := context.WithCancelCause(ctx)
			defer cancel(nil)
			if renewed {
				go renew(run, cancel, held)
			}
			if value, err = w.run(run, j); err == nil {
				err = client.Set(run, "result:"+j.Key, value, resultTTL).Err()
			}
			return idem.Result[string]{Value: value}, err
		}, nothingToClose
	}
}

// renew refreshes a lock until ctx ends, or ends it.
func renew(ctx context.Context, cancel context.CancelCauseFunc, held *redislock.Lock) {
	ticker := time.NewTicker(lease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := held.Refresh(ctx, lease, nil); err != nil && ctx.Err() == nil {
				cancel(err)
			}
		}
	}
}
