package main

import (
	"context"
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
			stands, err := replace.Exec(ctx, client, []string{key}, []string{own, result, expiry, "1"}).AsInt64()
			return false, checkStands(stands == 1, err)
		}, func() error { client.Close(); return nil }), nil
	},
}
