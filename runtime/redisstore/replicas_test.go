package redisstore_test

import (
	"context"
	"testing"
	"time"

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
	loadScripts(t, primary)
	store := open(t, primary, redisstore.WithReplicas(1, 10*time.Second))
	primary.ResetStats()
	_, err := jobs(idem.New(store), answer).Run(t.Context(), "job")
	require.NoError(t, err)
	assert.Equal(t, 2, primary.CommandStats()["wait"])
	assert.Contains(t, replica.Do("get", jobKey), "i1 done ")
}

func TestAnAnswerThatTooFewReplicasHaveStandsWithAWarning(t *testing.T) {
	t.Parallel()
	primary := redistest.Start(t)
	replica := redistest.Start(t, redistest.ReplicaOf(primary))
	primary.AwaitReplicas(1)
	store := open(t, primary, redisstore.WithReplicas(1, 2*time.Second))
	var events []idem.Event
	client := idem.New(store, idem.WithObserver(func(_ context.Context, e idem.Event) { events = append(events, e) }))
	res, err := jobs(client, func(context.Context, string) (string, error) {
		replica.Kill()
		return "answer", nil
	}).Run(t.Context(), "job")
	require.NoError(t, err)
	assert.Equal(t, "answer", res.Value)
	last := events[len(events)-1]
	assert.Equal(t, idem.EventNotRecorded, last.Kind)
	assert.ErrorContains(t, last.Err, "0 of 1 replicas had the record")
	res, err = jobs(idem.New(open(t, primary)), nothing).Run(t.Context(), "job")
	require.NoError(t, err)
	assert.Equal(t, "answer", res.Value)
}
