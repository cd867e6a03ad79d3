package redisstore_test

import (
	"slices"
	"strings"
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

func TestCheckOfACluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, durable, unhelped, redistest.WithConfig("min-replicas-to-write 1"))
	store := openOn(t, c.Client(unasked))
	at := func(servers ...*redistest.Server) string {
		var addrs []string
		for _, s := range servers {
			addrs = append(addrs, s.Addr)
		}
		slices.Sort(addrs)
		return strings.Join(addrs, ", ")
	}

	t.Run("finds nothing where all is well", func(t *testing.T) {
		assert.Empty(t, findings(t, store))
	})
	t.Run("tries a key of each primary, and looks at the replicas' clocks", func(t *testing.T) {
		for _, s := range c.Primaries {
			assert.Positive(t, s.CommandStats()["set"], s.Addr)
		}
		for _, s := range c.Nodes() {
			assert.Positive(t, s.CommandStats()["time"], s.Addr)
		}
	})
	t.Run("names the servers where something is wrong, be they replicas", func(t *testing.T) {
		c.Primaries[0].Do("config", "set", "min-replicas-to-write", "0")
		c.Primaries[2].Do("config", "set", "min-replicas-to-write", "0")
		c.Replicas[1].Do("config", "set", "maxmemory-policy", "allkeys-lfu")
		defer func() {
			c.Primaries[0].Do("config", "set", "min-replicas-to-write", "1")
			c.Primaries[2].Do("config", "set", "min-replicas-to-write", "1")
			c.Replicas[1].Do("config", "set", "maxmemory-policy", "noeviction")
		}()
		assert.Equal(t, []string{
			"maxmemory-policy (" + at(c.Replicas[1]) + "): allkeys-lfu lets Redis evict records when its memory is full: their tasks run again: " +
				"set maxmemory-policy noeviction, or give idemgen a Redis of its own",
			"min-replicas-to-write (" + at(c.Primaries[0], c.Primaries[2]) + "): it is 0: a primary that is cut off from its replicas goes on " +
				"accepting claims, beside the one that takes its place: set min-replicas-to-write to 1 or more",
		}, findings(t, store))
	})
	t.Run("names a primary where rights are missing, since each has users of its own", func(t *testing.T) {
		c.Primaries[1].Do("acl", "setuser", "default", "-publish")
		defer c.Primaries[1].Do("acl", "setuser", "default", "+publish")
		found := findings(t, store)
		require.Len(t, found, 1)
		assert.Contains(t, found[0], "wake-ups ("+at(c.Primaries[1])+"): ")
	})
	t.Run("is of use while servers are silent", func(t *testing.T) {
		c.Replicas[0].Kill()
		c.Primaries[1].Kill()
		found := findings(t, store)
		require.NotEmpty(t, found)
		assert.Contains(t, found, "server ("+at(c.Primaries[1])+"): it cannot be asked: dial tcp "+c.Primaries[1].Addr+
			": connect: connection refused: start it again, or take it out of the Cluster")
		for _, f := range found {
			assert.NotContains(t, f, "rights", f)
		}
	})
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
