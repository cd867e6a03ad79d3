package main

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// The floor is the least that can be asked of Redis for one execution: SET NX GET,
// then a plain SET of the result; for a duplicate, which it must be told that it
// is, a plain GET. Its SET overwrites whatever is there, a lost claim is never
// noticed, and nobody can wait.
var (
	floorPool = floorIn("floor, pool", false)
	floorAuto = floorIn("floor, AutoPipeline", true)
)

func floorIn(name string, auto bool) contestant {
	return contestant{
		name: name,
		role: floor,
		does: traits{First: 2, Duplicate: 1, Exclusive: "everywhere", Replay: true},
		open: func(addr string) (*runner, error) {
			commands, closing, err := connect(addr, auto)
			if err != nil {
				return nil, err
			}
			return &runner{
				first: func(ctx context.Context, id string) error {
					err := commands.SetArgs(ctx, prefix+id, running, redis.SetArgs{Mode: "NX", Get: true, TTL: retention}).Err()
					switch {
					case err == nil:
						return errNotFirst
					case !errors.Is(err, redis.Nil):
						return err
					}
					_, _ = pay(ctx, charge{id})
					return commands.Set(ctx, prefix+id, done, ttl).Err()
				},
				duplicate: func(ctx context.Context, id string) error {
					record, err := commands.Get(ctx, prefix+id).Bytes()
					if err != nil {
						return err
					}
					return checkPayload(record)
				},
				close: closing,
			}, nil
		},
	}
}
