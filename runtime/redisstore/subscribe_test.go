package redisstore_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// subscriberConnections counts the connections that are subscribed to something.
func subscriberConnections(server *redistest.Server) int {
	list, _ := server.Do("client", "list", "type", "pubsub").(string)
	return strings.Count(list, "\n")
}

func TestAllWhoWaitShareOneConnectionAndLeaveNothingBehind(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server)
	var group sync.WaitGroup
	var mu sync.Mutex
	var cancels []func()
	for i := range 1000 {
		group.Go(func() {
			_, cancel, err := store.Subscribe(t.Context(), fmt.Sprint("key ", i))
			assert.NoError(t, err)
			mu.Lock()
			defer mu.Unlock()
			cancels = append(cancels, cancel)
		})
	}
	group.Wait()
	assert.Equal(t, 1, subscriberConnections(server))
	assert.Len(t, server.Do("pubsub", "channels"), 1000)
	for _, cancel := range cancels {
		cancel()
	}
	require.Eventually(t, func() bool {
		return len(server.Do("pubsub", "channels").([]any)) == 0
	}, 30*time.Second, 5*time.Millisecond)
}

func TestALostConnectionIsReplacedAndThoseWhoWaitAreWoken(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server)
	wake, cancel, err := store.Subscribe(t.Context(), "key")
	require.NoError(t, err)
	defer cancel()
	server.Do("client", "kill", "type", "pubsub")
	receive(t, wake, "a wake-up may have been lost meanwhile")
	server.Do("publish", "key", "")
	receive(t, wake, "the new connection works")
	assert.Equal(t, 1, subscriberConnections(server))
}

func receive(t *testing.T, wake <-chan struct{}, why string) {
	t.Helper()
	select {
	case <-wake:
	case <-time.After(30 * time.Second):
		require.Fail(t, "no wake-up: "+why)
	}
}

func TestASubscriptionSurvivesARestartOfRedis(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server)
	wake, cancel, err := store.Subscribe(t.Context(), "key")
	require.NoError(t, err)
	defer cancel()
	server.Kill()
	server.Restart()
	receive(t, wake, "resubscribed")
}

func TestASubscribeThatGetsNoConfirmationEndsWithItsContext(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server)
	server.Pause()
	defer server.Resume()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err := store.Subscribe(ctx, "key")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestARefusedChannelIsAnErrorAndHarmsNoOther(t *testing.T) {
	server := redistest.Start(t, redistest.WithUser("app", "secret", "~* &mine:* +@all"))
	client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "app", Password: "secret"})
	defer func() { _ = client.Close() }()
	store := redisstore.New(client)
	defer func() { _ = store.Close() }()
	wake, cancel, err := store.Subscribe(t.Context(), "mine:1")
	require.NoError(t, err)
	defer cancel()
	_, _, err = store.Subscribe(t.Context(), "theirs:1")
	require.ErrorContains(t, err, "NOPERM")
	server.Do("publish", "mine:1", "")
	receive(t, wake, "the other subscription goes on")
}

func TestAClosedStoreTakesNoSubscriptions(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server)
	require.NoError(t, store.Close())
	_, _, err := store.Subscribe(t.Context(), "key")
	require.ErrorIs(t, err, redis.ErrClosed)
}
