package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/redis/rueidis"
)

// The bare protocol through rueidis, which pipelines whatever is sent at once: how
// fast Redis could be asked with another client. idemgen's store speaks go-redis,
// since that is what its users have.
var rueidisProtocol = contestant{
	name: "bare protocol, rueidis",
	role: outer,
	does: traits{First: 2, Duplicate: 1, Exclusive: "everywhere", Replay: true, CompareAndSet: true},
	open: func(addr string) (*runner, error) {
		source, err := os.ReadFile(replaceFile)
		if err != nil {
			return nil, fmt.Errorf("run this in the folder bench: %w", err)
		}
		client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}, DisableCache: true})
		if err != nil {
			return nil, err
		}
		commands, closing, err := connect(addr, false)
		if err != nil {
			client.Close()
			return nil, err
		}
		ifEqual, err := knowsIfEqual(commands)
		if err = errors.Join(err, closing()); err != nil {
			client.Close()
			return nil, err
		}
		replace := rueidis.NewLuaScript(string(source))
		own, result := rueidis.BinaryString(running), rueidis.BinaryString(done)
		expiry := fmt.Sprint(ttl.Milliseconds())
		return once(func(ctx context.Context, id string) (bool, error) {
			key := prefix + id
			claim := client.B().Set().Key(key).Value(own).Nx().Get().PxMilliseconds(retention.Milliseconds()).Build()
			held, err := client.Do(ctx, claim).AsBytes()
			switch {
			case err == nil:
				return true, checkPayload(held)
			case !rueidis.IsRedisNil(err):
				return false, err
			}
			_, _ = pay(ctx, charge{id})
			if ifEqual {
				complete := client.B().Arbitrary("SET").Keys(key).Args(result, "PX", expiry, "IFEQ", own).Build()
				return false, client.Do(ctx, complete).Error()
			}
			stands, err := replace.Exec(ctx, client, []string{key}, []string{own, result, expiry, "1"}).AsInt64()
			return false, checkStands(stands == 1, err)
		}, func() error { client.Close(); return nil }), nil
	},
}
