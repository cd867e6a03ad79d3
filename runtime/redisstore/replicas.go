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
// and nothing runs. An answer that too few have stands, with a warning. It lowers the risk that a
// failover loses them, and does not rule it out: a replica that does not have
// them may still be promoted. A timeout below a millisecond means 1 ms.
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

// send sends one command about the key; acks is how many replicas have what it
// wrote, where they count.
func (s *Store) send(ctx context.Context, key string, command func(redis.Cmdable) redis.Cmder) (acks int, err error) {
	if s.replicas.count == 0 {
		err = command(s.client).Err()
	} else {
		acks, err = s.sendAndWait(ctx, key, command)
	}
	s.lookAgain(ctx, err)
	return acks, err
}

// sendAndWait sends the command and WAIT to the key's master. A Cluster's
// redirections it follows as often as the client would.
func (s *Store) sendAndWait(ctx context.Context, key string, command func(redis.Cmdable) redis.Cmder) (acks int, err error) {
	master, err := masterFor(ctx, s.client, key)
	if err != nil {
		return 0, err
	}
	to := target{client: master}
	cluster, ok := s.client.(*redis.ClusterClient)
	for redirections := 0; ; redirections++ {
		acks, err = s.pipeAndWait(ctx, to, command)
		to.done()
		if !ok || redirections == cluster.Options().MaxRedirects {
			return acks, err
		}
		if to, ok = to.redirected(ctx, cluster, err); !ok {
			return acks, err
		}
	}
}

// pipeAndWait sends the command and WAIT in a plain pipeline: anything else could
// put the two on different connections, which makes WAIT's answer meaningless.
func (s *Store) pipeAndWait(ctx context.Context, to target, command func(redis.Cmdable) redis.Cmder) (acks int, err error) {
	pipe := to.client.Pipeline()
	if to.asking {
		pipe.Do(ctx, "asking")
	}
	cmd := command(pipe)
	wait := pipe.Do(ctx, "wait", s.replicas.count, s.replicas.timeout.Milliseconds())
	_, _ = pipe.Exec(ctx)
	if err := cmd.Err(); err != nil && !errors.Is(err, redis.Nil) {
		return 0, err
	}
	acks, err = wait.Int()
	if err != nil {
		return 0, fmt.Errorf("redisstore: WAIT: %w", err)
	}
	return acks, cmd.Err()
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
