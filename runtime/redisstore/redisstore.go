package redisstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
)

// A Store is an [idem.Store] in Redis. Make one with [New] or [Open].
type Store struct {
	client   redis.UniversalClient
	owned    bool // the client was opened by Open
	refusal  error
	logger   *slog.Logger
	probeKey string
	replicas replicas
	commands *transport
	wakeups  *subscriber

	// withoutSetGet is set once the server has turned out not to know SET with
	// both NX and GET.
	withoutSetGet atomic.Bool
	// withoutSetIfEqual likewise, for IFEQ.
	withoutSetIfEqual atomic.Bool
}

var _ idem.Store = (*Store)(nil)

// An Option sets up a [Store].
type Option func(*Store)

// WithLogger sets where [Open] writes what [Store.Check] finds: by default
// slog.Default().
func WithLogger(logger *slog.Logger) Option { return func(s *Store) { s.logger = logger } }

// WithProbeKey sets the beginning of the keys on which [Store.Check] tries the
// store's commands, by default "idempotency:redisstore.Check". It must be among
// the keys to which the client's user has access.
func WithProbeKey(key string) Option { return func(s *Store) { s.probeKey = key } }

// New returns a store that uses the client, which stays the caller's to close.
// A *redis.Ring is refused: every call returns an error, because a Ring moves
// keys when a server looks down, and then two callers own one key.
func New(client redis.UniversalClient, opts ...Option) *Store {
	s := &Store{
		client:   client,
		logger:   slog.Default(),
		probeKey: "idempotency:redisstore.Check",
		commands: newTransport(client),
		wakeups:  newSubscriber(client),
	}
	for _, opt := range opts {
		opt(s)
	}
	s.refusal = s.refuse()
	return s
}

// refuse returns why the store cannot work with its client, or nil.
func (s *Store) refuse() error {
	if _, ok := s.client.(*redis.Ring); ok {
		return idem.Permanent(errors.New("redisstore: a *redis.Ring moves keys when a server looks down, " +
			"so that two callers could own one key: use a *redis.Client or *redis.ClusterClient"))
	}
	if s.replicas.count > 0 && !knowsMasters(s.client) {
		return idem.Permanent(fmt.Errorf("redisstore: WithReplicas needs a *redis.Client or *redis.ClusterClient, "+
			"not a %T, whose WAIT may go to another connection than the write", s.client))
	}
	return nil
}

// Close ends the store's subscriptions and, if [Open] has opened the client,
// closes that as well.
func (s *Store) Close() error {
	s.wakeups.close()
	if s.owned {
		return s.client.Close()
	}
	return nil
}

// Subscribe implements [idem.Store]. All subscriptions of a store share one
// connection.
func (s *Store) Subscribe(ctx context.Context, key string) (wake <-chan struct{}, cancel func(), err error) {
	if s.refusal != nil {
		return nil, nil, s.refusal
	}
	return s.wakeups.subscribe(ctx, key)
}
