package main

import (
	"bytes"
	"context"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/opstest"
	"github.com/idemgen/idemgen/internal/redistest"
	"github.com/idemgen/idemgen/runtime/ops"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"idemops": main})
}

// Each script is one behaviour of the command, told with a Redis of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			server := redistest.Start(t)
			env.Values["server"] = server
			env.Setenv("GORACE", "atexit_sleep_ms=0") // else each call lasts a second longer
			env.Setenv("ADDR", server.Addr)
			env.Setenv("REDIS_URL", server.URL(nil))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"cluster": func(ts *testscript.TestScript, _ bool, _ []string) {
				cluster := redistest.StartCluster(t)
				ts.Check(opstest.Seed(context.Background(), cluster.Client()))
				ts.Setenv("REDIS_URL", cluster.Primaries[0].URL(nil))
			},
			"tls": func(ts *testscript.TestScript, _ bool, _ []string) {
				server := redistest.Start(t, redistest.WithTLS())
				client := server.Client()
				ts.Check(opstest.Seed(context.Background(), client))
				ts.Setenv("TLS_URL", server.URL(nil))
				ts.Setenv("TLS_ADDR", server.Addr)
				ts.Setenv("TLS_CA", client.ConfigGet(context.Background(), "tls-cert-file").Val()["tls-cert-file"])
			},
			"seed":  seed,
			"redis": doRedis,
		},
	})
}

// seed stores a record in every state, or with two numbers so many of such a size.
func seed(ts *testscript.TestScript, _ bool, args []string) {
	client := ts.Value("server").(*redistest.Server).Client()
	if len(args) == 0 {
		ts.Check(opstest.Seed(context.Background(), client))
		return
	}
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(opstest.Fill(context.Background(), client, n, size))
}

// doRedis executes a command of Redis; its arguments may have escapes, as in "\x1b".
func doRedis(ts *testscript.TestScript, _ bool, args []string) {
	words := make([]any, len(args))
	for i, arg := range args {
		text, err := strconv.Unquote(`"` + arg + `"`)
		ts.Check(err)
		words[i] = text
	}
	ts.Value("server").(*redistest.Server).Do(words...)
}

func TestProgressIsShownOnceItTakesLong(t *testing.T) {
	var out bytes.Buffer
	p := &progress{w: &out, next: time.Now().Add(time.Hour)}
	p.tell(ops.Progress{Looked: 10, Total: 1000})
	p.clear()
	assert.Empty(t, out.String())
	p.next = time.Time{}
	p.tell(ops.Progress{Looked: 250_000, Total: 1_000_000, Found: 7})
	assert.Equal(t, "\r\x1b[K 25%  250,000 of about 1,000,000 keys looked through, 7 found", out.String())
	p.tell(ops.Progress{Looked: 250_001, Total: 1_000_000, Found: 7})
	p.clear()
	assert.True(t, strings.HasSuffix(out.String(), "found\r\x1b[K"), "not too often, and gone in the end")
	assert.Equal(t, 1, strings.Count(out.String(), "found"))
}

// No error tells a password, whatever is wrong with the URL.
func TestAPasswordIsNeverTold(t *testing.T) {
	for _, rawURL := range []string{
		"redis://app:s3cret@127.0.0.1:1", "redis://app:s3cret%zz@127.0.0.1:1", "redis://app:s3cret#x@127.0.0.1:1",
		"redis://app:s3cret@127.0.0.1:port", "http://app:s3cret@127.0.0.1:1", "redis://app:s3cret@127.0.0.1:1/db/0",
		"redis://app:s3cret@127.0.0.1:1?nonsense=1", "redis://app:s3cret@127.0.0.1:1?addr=127.0.0.1:1",
		"redis://app:s3cret@127.0.0.1:1?master_name=x", "app:s3cret@127.0.0.1:1", ":s3cret", "redis://127.0.0.1:1?password=s3cret",
		"redis://app:s3cret", "redis://127.0.0.1:1/s3cret", "redis://app:pw/s3cret@127.0.0.1:1", "redis:s3cret", "redis://app:pw@s3cret@127.0.0.1:1",
		"redis://app:s3cret:6379", "unix://s3cret/run/redis.sock", "redis://127.0.0.1:1/0?s3cret@127.0.0.1:2", "redis://127.0.0.1:1?db=s3cret",
	} {
		_, err := connect(t.Context(), rawURL, "")
		if assert.Error(t, err, rawURL) {
			assert.NotContains(t, err.Error(), "s3cret", rawURL)
		}
	}
}

func TestASentinelIsAskedForThePrimary(t *testing.T) {
	sentinel := redistest.StartSentinel(t)
	u := url.URL{Scheme: "redis", Host: sentinel.Sentinels[0].Addr, RawQuery: "master_name=primary"}
	client, err := connect(t.Context(), u.String(), "")
	require.NoError(t, err)
	require.NoError(t, client.Set(t.Context(), "k", "v", time.Minute).Err())
	require.NoError(t, client.Close())
}
