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

// eval calls a script by its hash or, where the server does not know it (any
// more), by its source. acks is how many replicas have what it wrote.
func (s *Store) eval(ctx context.Context, script *redis.Script, c command, args ...any) (
	reply *redis.Cmd, acks int, err error,
) {
	keys := []string{c.key}
	c.send = func(to redis.Cmdable) redis.Cmder { return script.EvalSha(ctx, to, keys, args...) }
	cmd, acks, err := s.send(ctx, c)
	if isNoScript(err) {
		c.send = func(to redis.Cmdable) redis.Cmder { return script.Eval(ctx, to, keys, args...) }
		cmd, acks, err = s.send(ctx, c)
	}
	reply, _ = cmd.(*redis.Cmd)
	return reply, acks, err
}

func isNoScript(err error) bool { return redis.HasErrorPrefix(err, "NOSCRIPT") }
