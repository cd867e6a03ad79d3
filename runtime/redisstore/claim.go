package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
)

// Claim implements [idem.Store] with one native SET … NX GET. Servers that do
// not know it, such as Redis before 7.0, are found out once and get a contend
// instead, which does the same and more.
func (s *Store) Claim(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	if s.refusal != nil {
		return idem.Reply{}, s.refusal
	}
	if s.withoutSetGet.Load() {
		return s.Contend(ctx, key, c)
	}
	return offload(ctx, func(ctx context.Context) (idem.Reply, error) {
		own := c.Record().Bytes()
		var held *redis.StatusCmd
		acks, err := s.send(ctx, key, func(cmds redis.Cmdable) redis.Cmder {
			held = cmds.SetArgs(ctx, key, own, redis.SetArgs{Mode: "NX", Get: true, TTL: c.Retention})
			return held
		})
		switch {
		case errors.Is(err, redis.Nil):
			r := idem.Reply{Record: own, Owned: true, TTL: c.Retention}
			return r, s.replicas.missing(acks)
		case redis.HasErrorPrefix(err, "syntax error"):
			s.withoutSetGet.Store(true)
			return s.contend(ctx, key, c)
		case err != nil:
			return idem.Reply{}, classify(err)
		}
		r := idem.Reply{Record: []byte(held.Val())}
		if !idem.SameClaim(r.Record, own) {
			return r, nil
		}
		r.Owned = true
		return r, s.replicas.missing(acks)
	})
}

// Contend implements [idem.Store].
func (s *Store) Contend(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	if s.refusal != nil {
		return idem.Reply{}, s.refusal
	}
	return offload(ctx, func(ctx context.Context) (idem.Reply, error) { return s.contend(ctx, key, c) })
}

func (s *Store) contend(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	reply, acks, err := s.writeScript(ctx, contendScript, key, c.ID, c.Record().Fence,
		c.Lease.Milliseconds(), c.Retention.Milliseconds(), c.Fingerprint, string(c.OnCrash))
	if err != nil {
		return idem.Reply{}, classify(err)
	}
	values, _ := reply.Val().([]any)
	switch verdict := text(values, 0); {
	case verdict == "owned" && len(values) == 4:
		r := idem.Reply{
			Record: []byte(text(values, 1)), Owned: true, TTL: milliseconds(values[2]),
			From: idem.State(text(values, 3)),
		}
		return r, s.replicas.missing(acks)
	case verdict == "kept" && len(values) == 3:
		return idem.Reply{Record: []byte(text(values, 1)), TTL: milliseconds(values[2])}, nil
	case verdict == "corrupt":
		return idem.Reply{}, corrupt(text(values, 1))
	}
	return idem.Reply{}, unexpected("contend", reply)
}

// Lookup implements [idem.Store].
func (s *Store) Lookup(ctx context.Context, key string) (idem.Reply, error) {
	if s.refusal != nil {
		return idem.Reply{}, s.refusal
	}
	return offload(ctx, func(ctx context.Context) (idem.Reply, error) {
		reply, err := evalScript(ctx, s.client, lookupScript, key)
		switch {
		case errors.Is(err, redis.Nil):
			return idem.Reply{}, nil
		case err != nil:
			s.lookAgain(ctx, err)
			return idem.Reply{}, classify(err)
		}
		values, _ := reply.Val().([]any)
		if len(values) != 2 {
			return idem.Reply{}, unexpected("lookup", reply)
		}
		r := idem.Reply{Record: []byte(text(values, 0)), TTL: milliseconds(values[1])}
		if r.TTL < 0 {
			return idem.Reply{}, corrupt("it has no expiry")
		}
		return r, nil
	})
}

// unexpected is the error for an answer that no script of ours gives. It shows
// no more than the answer's type: the rest may be somebody's payload.
func unexpected(script string, reply *redis.Cmd) error {
	return fmt.Errorf("redisstore: unexpected answer to %s.lua, of type %T", script, reply.Val())
}

func text(values []any, i int) string {
	if i >= len(values) {
		return ""
	}
	s, _ := values[i].(string)
	return s
}

func milliseconds(v any) time.Duration {
	n, _ := v.(int64)
	return time.Duration(n) * time.Millisecond
}
