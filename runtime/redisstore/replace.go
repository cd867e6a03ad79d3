package redisstore

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
)

// Replace implements [idem.Store]. Where the server knows SET with IFEQ (Valkey
// 8.1, Redis 8.4), that does the work for a record that nobody waits for; where it
// does not apply, and on other servers, a script does.
func (s *Store) Replace(ctx context.Context, key string, swap idem.Swap) (bool, error) {
	if s.refusal != nil {
		return false, s.refusal
	}
	c := command{key: key, size: len(swap.Old) + len(swap.New), writes: true}
	if len(swap.Old) > 0 && !idem.IsMarked(swap.Old) && !s.withoutSetIfEqual.Load() {
		acks, err := s.setIfEqual(ctx, c, swap)
		switch {
		case err == nil:
			return true, s.replicas.missing(acks)
		case redis.HasErrorPrefix(err, "syntax error"):
			s.withoutSetIfEqual.Store(true)
		case !errors.Is(err, redis.Nil):
			return false, classify(err)
		}
	}
	ifAbsent := "0"
	if swap.IfAbsent {
		ifAbsent = "1"
	}
	reply, acks, err := s.eval(ctx, replaceScript, c, swap.Old, swap.New, swap.TTL.Milliseconds(), ifAbsent)
	if err != nil {
		return false, classify(err)
	}
	switch reply.Val() {
	case int64(1):
		return true, s.replicas.missing(acks)
	case int64(0):
		return false, nil
	}
	return false, unexpected("replace", reply)
}

// setIfEqual puts the new record in place of an old one without waiting mark, if the
// key holds exactly that: its error is redis.Nil if not. Those who have set the mark
// meanwhile are the script's to wake.
func (s *Store) setIfEqual(ctx context.Context, c command, swap idem.Swap) (acks int, err error) {
	c.send = func(to redis.Cmdable) redis.Cmder {
		return to.SetArgs(ctx, c.key, swap.New, redis.SetArgs{Mode: "IFEQ", MatchValue: swap.Old, TTL: swap.TTL})
	}
	_, acks, err = s.send(ctx, c)
	return acks, err
}
