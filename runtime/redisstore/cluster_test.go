package redisstore_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// jobPrefix is how the keys of jobs begin.
var jobPrefix = strings.TrimSuffix(jobKey, "job")

// jobOf returns a job, with a name of its own, whose key belongs to the Cluster's
// primary i.
func jobOf(c *redistest.Cluster, i int, name string) string {
	return strings.TrimPrefix(c.KeyOf(i, jobPrefix+name), jobPrefix)
}

func TestWakeUpsOnACluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	store := openOn(t, c.Client())

	t.Run("a completion that nobody awaits publishes nothing", func(t *testing.T) {
		for i := range c.Primaries {
			_, err := jobs(idem.New(store), answer).Run(t.Context(), jobOf(c, i, "job"))
			require.NoError(t, err)
		}
		assert.Zero(t, c.Count("publish"))
	})

	_, cancel, err := store.Subscribe(t.Context(), "any") // opens the one connection
	require.NoError(t, err)
	defer cancel()
	node := slices.IndexFunc(c.Nodes(), func(s *redistest.Server) bool { return subscriberConnections(s) == 1 })
	require.NotEqual(t, -1, node)
	key := c.KeyOf((node+1)%len(c.Primaries), "key")
	wake, cancel, err := store.Subscribe(t.Context(), key)
	require.NoError(t, err)
	defer cancel()
	require.Equal(t, []any{key, int64(1)}, c.Nodes()[node].Do("pubsub", "numsub", key))

	t.Run("an awaited one wakes a waiter that is subscribed through another node", func(t *testing.T) {
		record := claim(t, store, key, newClaim())
		_, err := store.Contend(t.Context(), key, newClaim()) // sets the waiting mark
		require.NoError(t, err)
		complete(t, store, key, record)
		receive(t, wake, "published by the key's primary, heard through another node")
		assert.Equal(t, 1, c.Count("publish"))
	})
	t.Run("a waiter whose node is gone hears through another", func(t *testing.T) {
		c.Nodes()[node].Kill()
		receive(t, wake, "a wake-up may have been lost meanwhile")
		c.Nodes()[(node+1)%len(c.Nodes())].Do("publish", key, "")
		receive(t, wake, "subscribed again")
	})
}

// claim claims a free key and returns its record.
func claim(t *testing.T, store *redisstore.Store, key string, c idem.Claim) (record []byte) {
	t.Helper()
	reply, err := store.Claim(t.Context(), key, c)
	require.NoError(t, err)
	require.True(t, reply.Owned)
	return reply.Record
}

// complete puts an answer in place of a running record.
func complete(t *testing.T, store *redisstore.Store, key string, record []byte) {
	t.Helper()
	stands, err := store.Replace(t.Context(), key, idem.Swap{Old: record, New: answerTo(t, record), TTL: time.Hour})
	require.NoError(t, err)
	require.True(t, stands)
}

// answerTo returns the record of a success of the execution that the record
// stands for.
func answerTo(t *testing.T, record []byte) []byte {
	t.Helper()
	running, err := idem.ParseRecord(record)
	require.NoError(t, err)
	return idem.StoredRecord{
		State: idem.StateDone, Status: idem.StatusSuccess, ID: running.ID, Attempt: running.Attempt, Fence: running.Fence,
		Started: running.Started,
	}.Bytes()
}

// unhelped lets a Cluster's servers fail without being replaced, and without
// taking the others' slots down.
var unhelped = redistest.WithConfig("cluster-replica-no-failover yes", "cluster-require-full-coverage no")

func TestASilentPrimaryCostsItsOwnClaimsOnly(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, unhelped)
	store := openOn(t, c.Client())
	held := func() (leases []idem.Lease) {
		for i := range c.Primaries {
			claimed := newClaim()
			key := c.KeyOf(i, t.Name()+claimed.ID)
			record := claim(t, store, key, claimed)
			leases = append(leases, idem.Lease{Key: key, Record: record, Retention: claimed.Retention})
		}
		return leases
	}

	t.Run("paused, it keeps no other's heartbeat from being known", func(t *testing.T) {
		leases := held()
		c.Primaries[0].Pause()
		defer c.AwaitOK()
		defer c.Primaries[0].Resume()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var known []int
		store.Heartbeat(ctx, leases, func(i int, err error) {
			known = append(known, i)
			if len(known) < len(leases) {
				assert.NoError(t, err)
			}
			if len(known) == len(leases)-1 {
				cancel()
			}
		})
		require.Len(t, known, len(leases))
		assert.Equal(t, 0, known[2], "known when nothing is left to wait for but this: %v", known)
	})
	t.Run("paused, it costs its own claim and no other", func(t *testing.T) {
		const lease = 2 * time.Second
		defer c.AwaitOK()
		defer c.Primaries[0].Resume()
		finish := make(chan struct{})
		running, lost := make(chan struct{}, len(c.Primaries)), make(chan error, len(c.Primaries))
		client := idem.New(store)
		task := jobs(client, func(ctx context.Context, _ string) (string, error) {
			running <- struct{}{}
			select {
			case <-ctx.Done():
				lost <- context.Cause(ctx)
				return "", ctx.Err()
			case <-finish:
				return "answer", nil
			}
		}, idem.WithLease(lease))
		var results []chan error
		for i := range c.Primaries {
			result := make(chan error, 1)
			results = append(results, result)
			go func() {
				_, err := task.Run(context.Background(), jobOf(c, i, "job"))
				result <- err
			}()
		}
		for range c.Primaries {
			<-running
		}
		c.Primaries[0].Pause()
		require.ErrorIs(t, <-lost, idem.ErrLeaseLost)
		time.Sleep(lease) // which the others survive by heartbeats alone
		close(finish)
		require.ErrorIs(t, <-results[0], idem.ErrLeaseLost)
		require.NoError(t, <-results[1])
		require.NoError(t, <-results[2])
		c.Primaries[0].Resume()
		require.NoError(t, client.Close(t.Context()))
	})
	t.Run("killed, it keeps no other's heartbeat from being known", func(t *testing.T) {
		leases := held()
		c.Primaries[0].Kill()
		errs := make([]error, len(leases))
		store.Heartbeat(t.Context(), leases, func(i int, err error) { errs[i] = err })
		require.ErrorContains(t, errs[0], "refused")
		assert.NotErrorIs(t, errs[0], idem.ErrLeaseLost, "it may come back")
		assert.NoError(t, errs[1])
		assert.NoError(t, errs[2])
	})
}
