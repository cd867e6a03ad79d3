package ops

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// An Inspector looks at records and changes single ones. It is safe for concurrent
// use.
type Inspector struct {
	client redis.UniversalClient
	store  *redisstore.Store
	tasks  *idem.Client
	prefix string
	rate   int
	count  int
}

// An Option sets up an [Inspector].
type Option func(*Inspector)

// WithPrefix sets the first part of the keys to look at, by default "idempotency",
// which is also a client's default.
func WithPrefix(prefix string) Option { return func(i *Inspector) { i.prefix = prefix } }

// WithRate bounds how many keys a second are looked through, by default 10,000,
// which costs Redis a tenth of its time at most. 0 or less is no bound.
func WithRate(keysPerSecond int) Option { return func(i *Inspector) { i.rate = keysPerSecond } }

// WithCount sets how many keys Redis looks through in one step, during which it
// serves nobody else: by default 200.
func WithCount(keys int) Option { return func(i *Inspector) { i.count = keys } }

// New returns an inspector of the Redis behind the client, which stays the caller's
// to close: a *redis.Client, also one by redis.NewFailoverClient, or a
// *redis.ClusterClient. Any other is refused by every method, since nobody could
// know whether it shows all keys.
func New(client redis.UniversalClient, opts ...Option) *Inspector {
	i := &Inspector{client: client, prefix: "idempotency", rate: 10_000, count: 200}
	for _, opt := range opts {
		opt(i)
	}
	i.count = max(i.count, 1)
	probe := idem.Key{Prefix: i.prefix, Task: "redisstore.Check"}.String()
	i.store = redisstore.New(client, redisstore.WithProbeKey(probe))
	i.tasks = idem.New(i.store, idem.WithLogger(slog.New(slog.DiscardHandler)))
	return i
}

// Prefix returns the first part of the keys that are looked at.
func (i *Inspector) Prefix() string { return i.prefix }

// Check tells what weakens the promises of idemgen at this Redis; see
// [redisstore.Store.Check].
func (i *Inspector) Check(ctx context.Context) ([]redisstore.Finding, error) {
	if _, err := i.primaries(ctx); err != nil {
		return nil, err
	}
	return i.store.Check(ctx)
}

// A Server is one that has keys.
type Server struct {
	Addr    string `json:"addr"`
	Version string `json:"version,omitempty"` // empty where it may not be asked
	Keys    int64  `json:"keys"`              // of all kinds, in its database
}

// Servers returns the primary, or all of a Cluster, in order of their addresses.
func (i *Inspector) Servers(ctx context.Context) ([]Server, error) {
	primaries, err := i.primaries(ctx)
	if err != nil {
		return nil, err
	}
	servers := make([]Server, len(primaries))
	for n, p := range primaries {
		s := &servers[n]
		s.Addr = p.Options().Addr
		if s.Keys, err = p.DBSize(ctx).Result(); err != nil {
			return nil, fmt.Errorf("ops: %s: DBSIZE: %w", s.Addr, err)
		}
		info, err := p.Info(ctx, "server").Result()
		if _, refused := errors.AsType[redis.Error](err); err != nil && !refused {
			return nil, fmt.Errorf("ops: %s: INFO: %w", s.Addr, err)
		}
		s.Version = version(info)
	}
	return servers, nil
}

// version names the program and version that INFO tells of.
func version(info string) string {
	program, number := "Redis", ""
	for line := range strings.Lines(info) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch {
		case name == "redis_version" && number == "":
			number = value
		case name == "valkey_version":
			program, number = "Valkey", value
		}
	}
	if number == "" {
		return ""
	}
	return program + " " + number
}

// primaries returns a client for each server that has keys, in order of their
// addresses.
func (i *Inspector) primaries(ctx context.Context) ([]*redis.Client, error) {
	switch client := i.client.(type) {
	case *redis.Client:
		return []*redis.Client{client}, nil
	case *redis.ClusterClient:
		var mu sync.Mutex
		var list []*redis.Client
		err := client.ForEachMaster(ctx, func(_ context.Context, c *redis.Client) error {
			mu.Lock()
			defer mu.Unlock()
			list = append(list, c)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("ops: the primaries of the Cluster cannot be found: %w", err)
		}
		slices.SortFunc(list, func(a, b *redis.Client) int { return strings.Compare(a.Options().Addr, b.Options().Addr) })
		return list, nil
	}
	return nil, fmt.Errorf("ops: a %T may not show all keys: use a *redis.Client or *redis.ClusterClient", i.client)
}
