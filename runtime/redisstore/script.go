package redisstore

import (
	"context"
	_ "embed"

	"github.com/redis/go-redis/v9"
)

// None of the scripts has a shebang line: with one, Redis would refuse even
// PEXPIRE when its memory is full.
var (
	//go:embed contend.lua
	contendSource string
	//go:embed heartbeat.lua
	heartbeatSource string
	//go:embed replace.lua
	replaceSource string
	//go:embed lookup.lua
	lookupSource string

	contendScript   = redis.NewScript(contendSource)
	heartbeatScript = redis.NewScript(heartbeatSource)
	replaceScript   = redis.NewScript(replaceSource)
	lookupScript    = redis.NewScript(lookupSource)
)

// evalScript calls a script on one key by its hash or, where the server does not
// know it (any more), by its source.
func evalScript(ctx context.Context, c redis.Scripter, script *redis.Script, key string, args ...any) (*redis.Cmd, error) {
	reply := script.EvalSha(ctx, c, []string{key}, args...)
	if isNoScript(reply.Err()) {
		reply = script.Eval(ctx, c, []string{key}, args...)
	}
	return reply, reply.Err()
}

// writeScript does the same for a script that writes; acks is how many replicas
// have what it wrote.
func (s *Store) writeScript(ctx context.Context, script *redis.Script, key string, args ...any) (
	reply *redis.Cmd, acks int, err error,
) {
	send := func(eval func(context.Context, redis.Scripter, []string, ...any) *redis.Cmd) {
		acks, err = s.send(ctx, key, func(c redis.Cmdable) redis.Cmder {
			reply = eval(ctx, c, []string{key}, args...)
			return reply
		})
	}
	if send(script.EvalSha); isNoScript(err) {
		send(script.Eval)
	}
	return reply, acks, err
}

func isNoScript(err error) bool { return redis.HasErrorPrefix(err, "NOSCRIPT") }
