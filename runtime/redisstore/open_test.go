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

func TestOpenSpeaksTLS(t *testing.T) {
	server := redistest.Start(t, durable, redistest.WithTLS(), redistest.WithUser("app", "s/cret", "~* &* +@all"))
	address := server.URL(url.UserPassword("app", "s/cret"))
	require.Contains(t, address, "rediss://")

	t.Run("with a server that it is told to trust", func(t *testing.T) {
		store, err := redisstore.Open(t.Context(), address+"?skip_verify=true")
		require.NoError(t, err)
		defer func() { require.NoError(t, store.Close()) }()
		_, err = jobs(idem.New(store), answer).Run(t.Context(), "job")
		require.NoError(t, err)
		assert.Contains(t, server.Do("get", jobKey), "i1 done ")
	})
	t.Run("and says so where it does not trust the server", func(t *testing.T) {
		_, err := redisstore.Open(t.Context(), address)
		require.EqualError(t, err, "redisstore: Redis at "+server.Addr+": tls: failed to verify certificate: "+
			"x509: certificate signed by unknown authority: "+
			"to trust it, make a client with a TLSConfig that does, and give it to New")
	})
	t.Run("only where the URL says so", func(t *testing.T) {
		_, err := redisstore.Open(t.Context(), "redis://"+server.Addr)
		require.EqualError(t, err, "redisstore: Redis at "+server.Addr+": EOF: if it speaks TLS, its URL begins with rediss://")
	})
	t.Run("and not with a server that does not", func(t *testing.T) {
		plain := redistest.Start(t)
		_, err := redisstore.Open(t.Context(), "rediss://"+plain.Addr+"?dial_timeout=100ms&max_retries=-1")
		require.ErrorContains(t, err, "unless it speaks TLS, its URL begins with redis://")
	})
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
