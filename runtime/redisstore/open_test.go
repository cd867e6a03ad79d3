package redisstore_test

import (
	"bytes"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

func TestOpenReadsTheURLOrREDIS_URL(t *testing.T) {
	server := redistest.Start(t, durable, redistest.WithUser("app", "s/cret", "~* &* +@all"))
	address := server.URL(url.UserPassword("app", "s/cret")) + "/3"
	for name, given := range map[string]string{"given": address, "from the environment": ""} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("REDIS_URL", "redis://127.0.0.1:1")
			if given == "" {
				t.Setenv("REDIS_URL", address)
			}
			store, err := redisstore.Open(t.Context(), given)
			require.NoError(t, err)
			defer func() { require.NoError(t, store.Close()) }()
			_, err = jobs(idem.New(store), answer).Run(t.Context(), "job")
			require.NoError(t, err)
			assert.Contains(t, server.Do("info", "keyspace"), "db3:keys=")
		})
	}
}

func TestOpenUsesAUnixSocket(t *testing.T) {
	socket := t.TempDir() + "/redis.sock"
	redistest.Start(t, durable, redistest.WithConfig("unixsocket "+socket))
	store, err := redisstore.Open(t.Context(), "unix://"+socket)
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	_, err = jobs(idem.New(store), answer).Run(t.Context(), "job")
	require.NoError(t, err)
}

func TestOpenSaysWhereRedisIsMissing(t *testing.T) {
	for name, tt := range map[string]struct {
		given, environment string
		want               []string
	}{
		"nobody there":         {"redis://127.0.0.1:1", "", []string{"redisstore: Redis at 127.0.0.1:1: ", "connection refused"}},
		"in the environment":   {"", "redis://127.0.0.1:1", []string{"redisstore: Redis at 127.0.0.1:1 (from REDIS_URL): "}},
		"another scheme":       {"http://localhost", "", []string{"redisstore: the URL of Redis cannot be read", "scheme", "http"}},
		"not a database":       {"redis://localhost/x", "", []string{"invalid database number"}},
		"a password unescaped": {"redis://app:s/cret@localhost", "", []string{"write special characters of user and password as %XX"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("REDIS_URL", tt.environment)
			_, err := redisstore.Open(t.Context(), tt.given)
			for _, want := range tt.want {
				require.ErrorContains(t, err, want)
			}
			assert.NotContains(t, err.Error(), "cret", "no part of a password")
		})
	}
}

func TestOpenLogsWhatCheckFindsOnce(t *testing.T) {
	server := redistest.Start(t)
	var log bytes.Buffer
	store, err := redisstore.Open(t.Context(), server.URL(nil), redisstore.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	defer func() { require.NoError(t, store.Close()) }()
	assert.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
	assert.Contains(t, log.String(), `level=WARN msg="redisstore: appendonly: it is off`)
	assert.Contains(t, log.String(), `remedy="set appendonly yes`)
}

func TestCloseLeavesAClientThatNewWasGiven(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	require.NoError(t, redisstore.New(client).Close())
	require.NoError(t, client.Ping(t.Context()).Err())
}
