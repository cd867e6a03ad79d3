package redisstore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// What commands cost is what the server has counted, scripts' own included: of a
// script, EVALSHA alone goes over the wire.

// loadScripts lets the server know every script, so that none is sent twice.
func loadScripts(t *testing.T, server *redistest.Server) {
	t.Helper()
	files, err := filepath.Glob("*.lua")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		server.Do("script", "load", string(source))
	}
}

// warm runs a task once: a store's first completion tries SET with IFEQ on a server
// that may not know it.
func warm(t *testing.T, server *redistest.Server, store *redisstore.Store) {
	t.Helper()
	loadScripts(t, server)
	_, err := jobs(idem.New(store), answer).Run(t.Context(), "warm")
	require.NoError(t, err)
}

// completion is what the server executes of one that nobody waits for.
func completion(t *testing.T, server *redistest.Server) map[string]int {
	t.Helper()
	err := server.Client().SetArgs(t.Context(), "absent", "new", redis.SetArgs{Mode: "IFEQ", MatchValue: "old"}).Err()
	if errors.Is(err, redis.Nil) {
		return map[string]int{"set": 1}
	}
	require.ErrorContains(t, err, "syntax error")
	return map[string]int{"evalsha": 1, "get": 1, "set": 1}
}

// answer is the run of a task that succeeds.
func answer(context.Context, string) (string, error) { return "answer", nil }

func TestAFirstExecutionIsTwoRoundTripsAndADuplicateOne(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server)
	warm(t, server, store)
	task := jobs(idem.New(store), answer)
	expected := completion(t, server)
	expected["set"]++ // the claim

	server.ResetStats()
	_, err := task.Run(t.Context(), "job")
	require.NoError(t, err)
	assert.Equal(t, expected, server.CommandStats())

	server.ResetStats()
	res, err := jobs(idem.New(store), nothing).Run(t.Context(), "job")
	require.NoError(t, err)
	assert.Equal(t, "answer", res.Value)
	assert.Equal(t, map[string]int{"set": 1}, server.CommandStats())
}

func TestCallersInOneProcessShareTheRoundTripsOfOne(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server)
	warm(t, server, store)
	task := jobs(idem.New(store), func(ctx context.Context, _ string) (string, error) {
		time.Sleep(100 * time.Millisecond)
		return "answer", ctx.Err()
	})
	expected := completion(t, server)
	server.ResetStats()
	var callers sync.WaitGroup
	for range 1000 {
		callers.Go(func() {
			res, err := task.Run(t.Context(), "job")
			assert.NoError(t, err)
			assert.Equal(t, "answer", res.Value)
		})
	}
	callers.Wait()
	stats := server.CommandStats()
	assert.Equal(t, expected["evalsha"], stats["evalsha"], "one completion")
	assert.LessOrEqual(t, stats["set"], 1+expected["set"]+10, "callers that come after its end are duplicates, each with one round trip")
}

func TestAWaiterIsWokenAndDoesNotPoll(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	loadScripts(t, server)
	started, finish := make(chan struct{}), make(chan struct{})
	owner := jobs(idem.New(open(t, server)), func(context.Context, string) (string, error) {
		close(started)
		<-finish
		return "answer", nil
	})
	go func() { _, _ = owner.Run(context.Background(), "job") }()
	<-started
	server.ResetStats()
	waiter := jobs(idem.New(open(t, server)), nothing)
	results := make(chan idem.Result[string], 1)
	go func() {
		res, _ := waiter.Run(context.Background(), "job")
		results <- res
	}()
	awaitSubscribers(t, server, 1)
	awaitMark(t, server)
	// Long enough for a poll every quarter of a second to show.
	time.Sleep(time.Second)
	ended := time.Now()
	close(finish)
	res := <-results
	assert.Equal(t, "answer", res.Value)
	assert.Less(t, time.Since(ended), 4*time.Second, "sooner than the slow poll")
	stats := server.CommandStats()
	assert.Equal(t, 1, stats["publish"])
	assert.Zero(t, stats["eval"])
	assert.Equal(t, 1+3, stats["evalsha"], "the completion, and three contends: before and after subscribing, and when woken")
}

// awaitSubscribers waits until the job's wake-ups have n listeners.
func awaitSubscribers(t *testing.T, server *redistest.Server, n int64) {
	t.Helper()
	require.Eventually(t, func() bool {
		reply := server.Do("pubsub", "numsub", jobKey).([]any)
		return reply[1] == n
	}, 30*time.Second, 5*time.Millisecond)
}
