package redisstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// answeredOver runs a job in the middle of which something happens to Redis, and
// requires its answer to be recorded: a duplicate gets it from the same client
// and from a new one.
func answeredOver(t *testing.T, event func(), job string, client func() redis.UniversalClient, opts ...redisstore.Option) {
	t.Helper()
	store := openOn(t, client(), opts...)
	res, err := jobs(idem.New(store), func(ctx context.Context, _ string) (string, error) {
		event()
		return "answer", ctx.Err()
	}, idem.WithLease(time.Minute)).Run(t.Context(), job)
	require.NoError(t, err)
	assert.False(t, res.Duplicate)
	for _, s := range []*redisstore.Store{store, openOn(t, client(), opts...)} {
		res, err = jobs(idem.New(s), nothing).Run(t.Context(), job)
		require.NoError(t, err)
		assert.Equal(t, "answer", res.Value)
		assert.Equal(t, 1, res.Original.Attempt)
	}
}

// awaitRole waits until a server is a "master" or a "slave", as Redis says.
func awaitRole(t *testing.T, server *redistest.Server, role string) {
	t.Helper()
	require.Eventually(t, func() bool {
		return strings.Contains(server.Do("info", "replication").(string), "role:"+role)
	}, 30*time.Second, 10*time.Millisecond)
}

// soon is after how many milliseconds a server counts as failed in these tests.
const soon = 2000

func TestAnAnswerIsRecordedOverAFailoverOfACluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	c.Configure("cluster-node-timeout", soon)
	client := func() redis.UniversalClient { return c.Client(unasked) }
	promote := func(replica, primary *redistest.Server) func() {
		return func() {
			replica.Do("cluster", "failover")
			awaitRole(t, replica, "master")
			awaitRole(t, primary, "slave")
		}
	}
	t.Run("that is planned", func(t *testing.T) {
		answeredOver(t, promote(c.Replicas[0], c.Primaries[0]), jobOf(c, 0, "planned"), client)
	})
	t.Run("that is planned, with replicas", func(t *testing.T) {
		answeredOver(t, promote(c.Replicas[1], c.Primaries[1]), jobOf(c, 1, "replicated"), client,
			redisstore.WithReplicas(1, 10*time.Second))
	})
	t.Run("that replaces a killed primary", func(t *testing.T) {
		kill := func() {
			c.Primaries[2].Kill()
			awaitRole(t, c.Replicas[2], "master")
		}
		answeredOver(t, kill, jobOf(c, 2, "killed"), client)
	})
}

func TestAPromotedReplicaIsFoundAlthoughItsPrimaryRedirectsNobody(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	c.Configure("cluster-node-timeout", soon)
	held, free := c.KeyOf(0, "held"), c.KeyOf(0, "free")
	// Each client looks where slots are by its first command.
	first := openOn(t, c.Client(), redisstore.WithReplicas(1, 10*time.Second))
	claimed := newClaim()
	lease := idem.Lease{Key: held, Record: claim(t, first, held, claimed), Retention: claimed.Retention}
	heart, newcomer, reader := openOn(t, c.Client(unasked)), openOn(t, c.Client(unasked)), openOn(t, c.Client(unasked))
	for _, store := range []*redisstore.Store{heart, newcomer, reader} {
		_, err := store.Lookup(t.Context(), held)
		require.NoError(t, err)
	}
	c.Primaries[0].Kill()
	awaitRole(t, c.Replicas[0], "master")
	require.Eventually(t, func() bool {
		var err error
		heart.Heartbeat(t.Context(), []idem.Lease{lease}, func(_ int, e error) { err = e })
		return err == nil
	}, 30*time.Second, 10*time.Millisecond, "by heartbeats")
	attempt := newClaim()
	require.Eventually(t, func() bool {
		reply, err := newcomer.Claim(t.Context(), free, attempt)
		return err == nil && reply.Owned
	}, 30*time.Second, 10*time.Millisecond, "by claims")
	require.Eventually(t, func() bool {
		_, err := reader.Lookup(t.Context(), held)
		return err == nil
	}, 30*time.Second, 10*time.Millisecond, "by lookups")
}

// unasked keeps a client from looking by itself, after a while, where slots are;
// and from trying long to connect.
func unasked(o *redis.ClusterOptions) { o.ClusterStateReloadInterval, o.DialerRetries = time.Hour, 1 }

func TestAnAnswerIsRecordedOverAFailoverBySentinel(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t)
	answeredOver(t, s.Failover, "job", func() redis.UniversalClient { return s.Client() })
	require.Eventually(t, func() bool {
		record, _ := s.Primary.Do("get", jobKey).(string)
		return strings.HasPrefix(record, "i1 done ")
	}, 30*time.Second, 10*time.Millisecond, "the old primary follows the new one")
}
