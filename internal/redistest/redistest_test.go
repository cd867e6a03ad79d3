package redistest_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
)

func TestAServerKeepsItsAddressAndItsSavedDataAcrossRestarts(t *testing.T) {
	s := redistest.Start(t, redistest.WithConfig("appendonly yes", "appendfsync always"))
	addr := s.Addr
	s.Do("set", "k", "v")
	s.Kill()
	s.Restart()
	assert.Equal(t, addr, s.Addr)
	assert.Equal(t, "v", s.Do("get", "k"))
}

func TestAPausedServerGoesOn(t *testing.T) {
	s := redistest.Start(t)
	s.Pause()
	s.Resume()
	assert.Equal(t, "PONG", s.Do("ping"))
}

func TestCommandStatsCountWhatClientsSent(t *testing.T) {
	s := redistest.Start(t)
	c := s.Client()
	require.NoError(t, c.Ping(t.Context()).Err())
	s.ResetStats()
	require.NoError(t, c.Set(t.Context(), "k", "v", 0).Err())
	require.NoError(t, c.Set(t.Context(), "k", "w", 0).Err())
	assert.Equal(t, map[string]int{"set": 2}, s.CommandStats())
}

func TestAServerWithTLSIsTrustedByItsOwnConfigurationOnly(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.WithTLS())
	require.NoError(t, s.Client().Ping(t.Context()).Err())
	stranger := redis.NewClient(&redis.Options{Addr: s.Addr, TLSConfig: &tls.Config{}, MaxRetries: -1, DialerRetries: 1})
	defer func() { _ = stranger.Close() }()
	require.ErrorContains(t, stranger.Ping(t.Context()).Err(), "x509")
}

func TestAClusterServesKeysOfEachPrimary(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	client := c.Client()
	for i, primary := range c.Primaries {
		key := c.KeyOf(i, "key")
		require.NoError(t, client.Set(t.Context(), key, "v", 0).Err())
		assert.Equal(t, "v", primary.Do("get", key))
	}
}

func TestSentinelsReplaceAPrimaryAndClientsFollow(t *testing.T) {
	t.Parallel()
	s := redistest.StartSentinel(t)
	client := s.Client()
	require.NoError(t, client.Set(t.Context(), "k", "v", 0).Err())
	require.NoError(t, client.Wait(t.Context(), 2, 0).Err())
	s.Failover()
	require.NoError(t, client.Set(t.Context(), "k", "w", 0).Err())
	assert.Equal(t, "w", client.Get(t.Context(), "k").Val())
}

func TestEveryProcessIsTheServerThatTheVariableNames(t *testing.T) {
	server := os.Getenv(redistest.BinaryVariable)
	if server == "" {
		server = "redis-server"
	}
	dir := t.TempDir()
	started := filepath.Join(dir, "started")
	script := "#!/bin/sh\necho \"$@\" >>" + started + "\nexec " + server + " \"$@\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "server"), []byte(script), 0o700))
	t.Setenv(redistest.BinaryVariable, filepath.Join(dir, "server"))
	redistest.StartSentinel(t)
	lines, err := os.ReadFile(started)
	require.NoError(t, err)
	assert.Equal(t, 6, strings.Count(string(lines), "\n"))
	assert.Equal(t, 3, strings.Count(string(lines), " --sentinel\n"))
}

func TestAPartedNetworkLetsNothingPassBetweenItsSides(t *testing.T) {
	t.Parallel()
	n := redistest.NewNetwork(t)
	c := redistest.StartCluster(t, redistest.In(n))
	key := c.KeyOf(0, "key")
	impatient := func(o *redis.ClusterOptions) {
		o.Addrs, o.ReadTimeout, o.MaxRedirects, o.DialerRetries = c.Public(), 100*time.Millisecond, -1, 1
	}
	far := c.Client(impatient)
	near := c.Client(impatient, func(o *redis.ClusterOptions) { o.Dialer = c.Primaries[0].Beside() })
	for _, client := range []*redis.ClusterClient{far, near} {
		require.NoError(t, client.Set(t.Context(), key, "v", 0).Err())
	}
	n.Part(c.Primaries[0])
	require.Error(t, far.Get(t.Context(), key).Err())
	assert.Equal(t, "v", near.Get(t.Context(), key).Val())
	require.Error(t, near.Get(t.Context(), c.KeyOf(1, "key")).Err())
	n.Heal()
	require.Eventually(t, func() bool { return far.Get(t.Context(), key).Val() == "v" }, 30*time.Second, 10*time.Millisecond)
}
