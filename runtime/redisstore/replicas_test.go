package redisstore_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

func TestAClaimThatTooFewReplicasHaveIsGivenBackAndNothingRuns(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server, redisstore.WithReplicas(1, 50*time.Millisecond))
	client := idem.New(store)
	_, err := jobs(client, nothing).Run(t.Context(), "job")
	require.ErrorIs(t, err, idem.ErrUnavailable)
	assert.ErrorContains(t, err, "0 of 1 replicas had the record after 50ms")
	require.NoError(t, client.Close(t.Context())) // waits for what goes on in the background
	record, err := jobs(idem.New(open(t, server)), nothing).Lookup(t.Context(), "job")
	require.NoError(t, err)
	assert.Equal(t, idem.StateReleased, record.State)
	assert.Zero(t, record.Attempt, "nothing ran")
}

func TestWithReplicasWaitsForThemInTheSameRoundTrips(t *testing.T) {
	t.Parallel()
	primary := redistest.Start(t)
	replica := redistest.Start(t, redistest.ReplicaOf(primary))
	primary.AwaitReplicas(1)
	store := open(t, primary, redisstore.WithReplicas(1, 10*time.Second))
	warm(t, primary, store)
	primary.ResetStats()
	_, err := jobs(idem.New(store), answer).Run(t.Context(), "job")
	require.NoError(t, err)
	assert.Equal(t, 2, primary.CommandStats()["wait"])
	assert.Contains(t, replica.Do("get", jobKey), "i1 done ")
}

func TestAReplicaThatFallsSilent(t *testing.T) {
	t.Parallel()
	type servers struct {
		client           redis.UniversalClient
		primary, replica *redistest.Server // of the job's key
	}
	onASingleServer := func(t *testing.T) servers {
		primary := redistest.Start(t)
		replica := redistest.Start(t, redistest.ReplicaOf(primary))
		primary.AwaitReplicas(1)
		return servers{primary.Client(), primary, replica}
	}
	onACluster := func(t *testing.T) servers {
		c := redistest.StartCluster(t)
		i := slices.IndexFunc(c.Primaries, func(s *redistest.Server) bool { return s.Serves(jobKey) })
		return servers{c.Client(), c.Primaries[i], c.Replicas[i]}
	}
	for name, start := range map[string]func(*testing.T) servers{
		"of a single server": onASingleServer, "of a Cluster's primary": onACluster,
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			loadScripts(t, s.primary)

			t.Run("after a claim lets the answer stand, with a warning", func(t *testing.T) {
				defer s.replica.Resume()
				store := openOn(t, s.client, redisstore.WithReplicas(1, 2*time.Second))
				var events []idem.Event
				observe := idem.WithObserver(func(_ context.Context, e idem.Event) { events = append(events, e) })
				res, err := jobs(idem.New(store, observe), func(context.Context, string) (string, error) {
					s.replica.Pause()
					return "answer", nil
				}).Run(t.Context(), "job")
				require.NoError(t, err)
				assert.Equal(t, "answer", res.Value)
				last := events[len(events)-1]
				assert.Equal(t, idem.EventNotRecorded, last.Kind)
				assert.ErrorContains(t, last.Err, "0 of 1 replicas had the record after 2s")
				res, err = jobs(idem.New(openOn(t, s.client)), nothing).Run(t.Context(), "job")
				require.NoError(t, err)
				assert.Equal(t, "answer", res.Value)
			})
			t.Run("before a claim has it given back, and nothing runs", func(t *testing.T) {
				task := jobs(idem.New(openOn(t, s.client)), nothing)
				require.NoError(t, task.Forget(t.Context(), "job"))
				defer s.replica.Resume()
				s.replica.Pause()
				refused := idem.New(openOn(t, s.client, redisstore.WithReplicas(1, 50*time.Millisecond)))
				_, err := jobs(refused, nothing).Run(t.Context(), "job")
				require.ErrorIs(t, err, idem.ErrUnavailable)
				assert.ErrorContains(t, err, "0 of 1 replicas had the record after 50ms")
				require.NoError(t, refused.Close(t.Context())) // waits for what goes on in the background
				record, err := task.Lookup(t.Context(), "job")
				require.NoError(t, err)
				assert.Equal(t, idem.StateReleased, record.State)
				assert.Equal(t, 1, record.Attempt, "no attempt beside that of the answer that was forgotten")
			})
		})
	}
}
