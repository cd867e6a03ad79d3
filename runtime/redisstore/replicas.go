package redisstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// replicas is how many must have a write before it counts.
type replicas struct {
	count   int
	timeout time.Duration
}

// WithReplicas lets every claim and every answer wait until n replicas have it,
// at most for the timeout (which should be well below the client's
// ReadTimeout). A claim that too few have is an error: its caller gives it back,
// and nothing runs. An answer that too few have stands, with a warning. It lowers
// the risk that a failover loses them, and does not rule it out: a replica that
// does not have them may still be promoted. A timeout below a millisecond means
// 1 ms.
func WithReplicas(n int, timeout time.Duration) Option {
	return func(s *Store) { s.replicas = replicas{n, max(timeout, time.Millisecond)} }
}

// missing returns an error if fewer replicas than required have a write.
func (r replicas) missing(acks int) error {
	if acks >= r.count {
		return nil
	}
	return fmt.Errorf("redisstore: %d of %d replicas had the record after %v", acks, r.count, r.timeout)
}

// send sends a command; acks is how many replicas have what it wrote, where they
// count.
func (s *Store) send(ctx context.Context, c command) (cmd redis.Cmder, acks int, err error) {
	if s.replicas.count == 0 || !c.writes {
		cmd, err = s.commands.do(ctx, c)
	} else {
		var r acknowledged
		r, err = offload(ctx, func(ctx context.Context) (acknowledged, error) { return s.sendAndWait(ctx, c) })
		cmd, acks = r.cmd, r.acks
	}
	s.lookAgain(ctx, err)
	return cmd, acks, err
}

// acknowledged is a command with its reply, and how many replicas have what it
// wrote.
type acknowledged struct {
	cmd  redis.Cmder
	acks int
}

// sendAndWait sends the command and WAIT to the key's master. A Cluster's
// redirections it follows as often as the client would.
func (s *Store) sendAndWait(ctx context.Context, c command) (acknowledged, error) {
	master, err := masterFor(ctx, s.client, c.key)
	if err != nil {
		return acknowledged{}, err
	}
	to := target{client: master}
	cluster, ok := s.client.(*redis.ClusterClient)
	for redirections := 0; ; redirections++ {
		r, err := s.pipeAndWait(ctx, to, c)
		to.done()
		if !ok || redirections == cluster.Options().MaxRedirects {
			return r, err
		}
		if to, ok = to.redirected(ctx, cluster, err); !ok {
			return r, err
		}
	}
}

// pipeAndWait sends the command and WAIT in a plain pipeline: anything else could
// put the two on different connections, which makes WAIT's answer meaningless.
func (s *Store) pipeAndWait(ctx context.Context, to target, c command) (r acknowledged, err error) {
	pipe := to.client.Pipeline()
	if to.asking {
		pipe.Do(ctx, "asking")
	}
	r.cmd = c.send(pipe)
	wait := pipe.Do(ctx, "wait", s.replicas.count, s.replicas.timeout.Milliseconds())
	_, _ = pipe.Exec(ctx)
	if err := r.cmd.Err(); err != nil && !errors.Is(err, redis.Nil) {
		return r, err
	}
	if r.acks, err = wait.Int(); err != nil {
		return r, fmt.Errorf("redisstore: WAIT: %w", err)
	}
	return r, r.cmd.Err()
}

// knowsMasters tells whether masterFor works with the client.
func knowsMasters(client redis.UniversalClient) bool {
	switch client.(type) {
	case *redis.Client, *redis.ClusterClient:
		return true
	}
	return false
}

// masterFor returns the client of the one server that has the key.
func masterFor(ctx context.Context, client redis.UniversalClient, key string) (*redis.Client, error) {
	switch c := client.(type) {
	case *redis.Client:
		return c, nil
	case *redis.ClusterClient:
		return c.MasterForKey(ctx, key)
	}
	return nil, fmt.Errorf("redisstore: a %T has no master for a key", client)
}
