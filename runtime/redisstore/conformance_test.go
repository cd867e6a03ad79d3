package redisstore_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
	"github.com/idemgen/idemgen/runtime/storetest"
)

func TestConformance(t *testing.T) {
	conforms := func(name string, start func(t *testing.T) redis.UniversalClient, opts ...redisstore.Option) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := openOn(t, start(t), opts...)
			storetest.Run(t, func(*testing.T) idem.Store { return store })
		})
	}
	single := func(t *testing.T) redis.UniversalClient { return redistest.Start(t).Client() }
	tls := func(t *testing.T) redis.UniversalClient { return redistest.Start(t, redistest.WithTLS()).Client() }
	sentinel := func(t *testing.T) redis.UniversalClient { return redistest.StartSentinel(t).Client() }
	cluster := func(t *testing.T) redis.UniversalClient { return redistest.StartCluster(t).Client() }
	conforms("on a single server", single)
	conforms("over TLS", tls)
	conforms("behind Sentinel", sentinel)
	conforms("on a Cluster", cluster)
	conforms("on a Cluster, with replicas", cluster, redisstore.WithReplicas(1, 10*time.Second))
}

// open returns a store on the server, with a client of its own.
func open(t *testing.T, server *redistest.Server, opts ...redisstore.Option) *redisstore.Store {
	t.Helper()
	return openOn(t, server.Client(), opts...)
}

// openOn returns a store that uses the client.
func openOn(t *testing.T, client redis.UniversalClient, opts ...redisstore.Option) *redisstore.Store {
	t.Helper()
	store := redisstore.New(client, opts...)
	t.Cleanup(func() { _ = store.Close() })
	return store
}
