package main

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/redis/go-redis/v9"
)

// byHand is the pattern that people write around a lock: lock, GET the result, run,
// SET the result, unlock. With look it GETs the result before it locks as well,
// which spares duplicates the lock and costs first executions a round trip.
//
// Nobody renews the lock while the task runs, so a slow task loses it in silence;
// the result is SET whether the lock is still held or not; who waits for the lock
// asks again and again; an execution knows neither fence nor attempt.
type byHand struct {
	client *redis.Client
	lock   func(ctx context.Context, key string) (unlock func(context.Context) error, err error)
	look   bool
}

func (h byHand) runner() *runner { return once(h.do, h.client.Close) }

func (h byHand) do(ctx context.Context, id string) (replayed bool, err error) {
	key := prefix + id
	if h.look {
		if replayed, err := h.replay(ctx, key); replayed || err != nil {
			return replayed, err
		}
	}
	unlock, err := h.lock(ctx, "lock:"+key)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, unlock(ctx)) }()
	if replayed, err := h.replay(ctx, key); replayed || err != nil {
		return replayed, err
	}
	result, err := pay(ctx, charge{id})
	if err != nil {
		return false, err
	}
	data, err := json.Marshal(result)
	if err != nil {
		return false, err
	}
	return false, h.client.Set(ctx, key, data, ttl).Err()
}

func (h byHand) replay(ctx context.Context, key string) (bool, error) {
	data, err := h.client.Get(ctx, key).Bytes()
	switch {
	case errors.Is(err, redis.Nil):
		return false, nil
	case err != nil:
		return false, err
	}
	var result receipt
	if err := json.Unmarshal(data, &result); err != nil {
		return true, err
	}
	if result != paid {
		return true, errWrongResult
	}
	return true, nil
}
