package redisstore_test

import (
	"testing"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
	"github.com/idemgen/idemgen/runtime/storetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	store := open(t, redistest.Start(t))
	storetest.Run(t, func(*testing.T) idem.Store { return store })
}

// open returns a store on the server, with a client of its own.
func open(t *testing.T, server *redistest.Server, opts ...redisstore.Option) *redisstore.Store {
	t.Helper()
	store := redisstore.New(server.Client(), opts...)
	t.Cleanup(func() { _ = store.Close() })
	return store
}
