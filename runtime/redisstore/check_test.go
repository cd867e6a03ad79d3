package redisstore_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// durable is the persistence that Check wants.
var durable = redistest.WithConfig("appendonly yes", "appendfsync everysec")

func findings(t *testing.T, store *redisstore.Store) []string {
	t.Helper()
	found, err := store.Check(t.Context())
	require.NoError(t, err)
	var lines []string
	for _, f := range found {
		lines = append(lines, f.String())
	}
	return lines
}

func TestCheckFindsNothingWhereAllIsWell(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, durable)
	assert.Empty(t, findings(t, open(t, server)))
	require.Eventually(t, func() bool { return server.Do("dbsize") == int64(0) }, 30*time.Second, 50*time.Millisecond,
		"the probe leaves no key")
}

func TestCheckTellsOfSettingsThatWeakenThePromises(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		config []string
		want   string
	}{
		"eviction": {
			[]string{"appendonly yes", "maxmemory-policy allkeys-lru"},
			"maxmemory-policy: allkeys-lru lets Redis evict records when its memory is full: their tasks run again: " +
				"set maxmemory-policy noeviction, or give idemgen a Redis of its own",
		},
		"no persistence": {
			nil,
			"appendonly: it is off: a restart loses the records since the last snapshot, or all; their tasks run again: " +
				"set appendonly yes, and appendfsync everysec or always",
		},
		"lazy persistence": {
			[]string{"appendonly yes", "appendfsync no"},
			"appendfsync: it is no: a crash of the machine loses the records of half a minute; their tasks run again: " +
				"set appendfsync everysec (which may lose a second) or always",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t, redistest.WithConfig(tt.config...))
			assert.Equal(t, []string{tt.want}, findings(t, open(t, server)))
		})
	}
}

func TestCheckTellsOfReplication(t *testing.T) {
	t.Parallel()
	primary := redistest.Start(t, durable)
	replica := redistest.Start(t, durable, redistest.ReplicaOf(primary))
	primary.AwaitReplicas(1)
	assert.Equal(t, []string{
		"WithReplicas: it asks for 2 replicas, and 1 are connected: claims are refused: connect more replicas, or ask for fewer",
		"min-replicas-to-write: it is 0: a primary that is cut off from its replicas goes on accepting claims, beside the one that takes its place: " +
			"set min-replicas-to-write to 1 or more",
	}, findings(t, open(t, primary, redisstore.WithReplicas(2, 50*time.Millisecond))))
	primary.Do("config", "set", "min-replicas-to-write", "1")
	assert.Empty(t, findings(t, open(t, primary)))

	found := findings(t, open(t, replica))
	require.NotEmpty(t, found)
	assert.Contains(t, found[len(found)-1], "role: this server is a replica and refuses to write: connect to the primary")
}

func TestCheckFailsWhereRedisCannotBeAsked(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	store := open(t, server)
	server.Kill()
	_, err := store.Check(t.Context())
	require.ErrorContains(t, err, "connection refused")
}

func TestARingIsRefused(t *testing.T) {
	server := redistest.Start(t)
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"one": server.Addr}})
	defer func() { _ = ring.Close() }()
	store := redisstore.New(ring)
	defer func() { _ = store.Close() }()
	_, err := store.Check(t.Context())
	require.ErrorContains(t, err, "Ring")
	_, err = store.Claim(t.Context(), "key", newClaim())
	require.ErrorContains(t, err, "use a *redis.Client or *redis.ClusterClient")
	assert.Zero(t, server.CommandStats()["set"])
}
