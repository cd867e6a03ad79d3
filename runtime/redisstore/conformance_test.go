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
	t.Parallel()
	conforms := func(name string, client redis.UniversalClient, opts ...redisstore.Option) {
		store := openOn(t, client, opts...)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Run(t, func(*testing.T) idem.Store { return store })
		})
	}
	conforms("on a single server", redistest.Start(t).Client())
	conforms("over TLS", redistest.Start(t, redistest.WithTLS()).Client())
	conforms("behind Sentinel", redistest.StartSentinel(t).Client())
	cluster := redistest.StartCluster(t)
	conforms("on a Cluster", cluster.Client())
	conforms("on a Cluster, with replicas", cluster.Client(), redisstore.WithReplicas(1, 10*time.Second))
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
