package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// A relay is a proxy. Connections made before the last swallow lead nowhere.
type relay struct {
	addr      string
	dead, gen atomic.Int64
}

func newRelay(t *testing.T, target string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	r := &relay{addr: l.Addr().String()}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", target)
			if err != nil {
				_ = near.Close()
				continue
			}
			t.Cleanup(func() {
				_ = near.Close()
				_ = far.Close()
			})
			gen := r.gen.Load()
			go pump(far, near, func() bool { return gen >= r.dead.Load() })
			go pump(near, far, func() bool { return true })
		}
	}()
	return r
}

// pump copies from one connection to another what it is told to, and drops the
// rest.
func pump(to, from net.Conn, pass func() bool) {
	defer func() { _ = to.Close() }()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if pass() {
			_, _ = to.Write(buf[:n])
		}
	}
}

func (r *relay) swallow() { r.dead.Store(r.gen.Add(1)) }

func TestAConnectionThatSwallowsCommandsCostsNoLaneForGood(t *testing.T) {
	server := redistest.Start(t)
	r := newRelay(t, server.Addr)
	client := redis.NewClient(&redis.Options{Addr: r.addr, ReadTimeout: -1, WriteTimeout: -1, ContextTimeoutEnabled: true})
	defer func() { _ = client.Close() }()
	store := openOn(t, client)
	burst := func() int64 {
		var failed atomic.Int64
		var group sync.WaitGroup
		for i := range 400 {
			group.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
				defer cancel()
				if _, err := store.Lookup(ctx, fmt.Sprint("key", i)); err != nil {
					failed.Add(1)
				}
			})
		}
		group.Wait()
		return failed.Load()
	}
	require.Zero(t, burst())
	r.swallow() // a firewall has forgotten the connections; new ones work
	for range 5 {
		burst()
	}
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		return client.Ping(ctx).Err() == nil
	}, 20*time.Second, time.Millisecond, "the client works")
	assert.Zero(t, burst(), "so does the store")
}

type breaker struct{ open atomic.Bool }

var errOpen = errors.New("circuit breaker is open")

func (b *breaker) DialHook(next redis.DialHook) redis.DialHook { return next }
func (b *breaker) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if b.open.Load() {
			return errOpen
		}
		return next(ctx, cmd)
	}
}

func (b *breaker) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if b.open.Load() {
			return errOpen
		}
		return next(ctx, cmds)
	}
}

func TestAPipelineThatAHookRefusesIsUnavailable(t *testing.T) {
	client := redistest.Start(t).Client()
	b := &breaker{}
	client.AddHook(b)
	task := jobs(idem.New(openOn(t, client)), nothing)
	b.open.Store(true)
	defer b.open.Store(false)
	var corrupt, other atomic.Int64
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			if _, err := task.Run(t.Context(), fmt.Sprint(i)); errors.Is(err, idem.ErrCorrupt) {
				corrupt.Add(1)
			} else if errors.Is(err, errOpen) && errors.Is(err, idem.ErrUnavailable) {
				other.Add(1)
			}
		})
	}
	group.Wait()
	assert.Zero(t, corrupt.Load(), "%d were ErrUnavailable", other.Load())
}

type namespace struct{} // puts the keys of one tenant under a prefix

func (namespace) rewrite(cmd redis.Cmder) {
	at := map[string]int{"set": 1, "evalsha": 3, "eval": 3}[cmd.Name()]
	if key, ok := cmd.Args()[at].(string); ok && at > 0 && !strings.HasPrefix(key, "tenant:") {
		cmd.Args()[at] = "tenant:" + key
	}
}
func (namespace) DialHook(next redis.DialHook) redis.DialHook { return next }
func (n namespace) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { n.rewrite(cmd); return next(ctx, cmd) }
}

func (n namespace) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, c := range cmds {
			n.rewrite(c)
		}
		return next(ctx, cmds)
	}
}

func TestCommandsOfEverySizeGoTheSameWay(t *testing.T) {
	cluster := redistest.StartCluster(t)
	runs := 0
	for range 2 {
		client := cluster.Client()
		client.AddHook(namespace{})
		_, err := jobs(idem.New(openOn(t, client)), func(context.Context, string) (string, error) {
			runs++
			return strings.Repeat("x", 20<<10), nil // goes alone
		}, idem.WithLease(time.Second)).Run(t.Context(), "job")
		assert.NoError(t, err)
	}
	assert.Equal(t, 1, runs)
}

func TestACallOnASilentClusterEndsWithItsContext(t *testing.T) {
	server := redistest.Start(t)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{server.Addr}})
	defer func() { _ = client.Close() }()
	store := openOn(t, client)
	server.Pause()
	defer server.Resume()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := store.Claim(ctx, "key", newClaim())
	require.Error(t, err)
	assert.Less(t, time.Since(began), 3*time.Second, "go-redis alone comes back after five")
}

func TestOpenGoesOnWhereNobodyCanSubscribe(t *testing.T) {
	server := redistest.Start(t)
	server.Do("config", "set", "maxclients", "2") // the test's own, and one more
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		if s, err := redisstore.Open(context.Background(), server.URL(nil)); err == nil {
			_ = s.Close()
		}
	}()
	select {
	case <-opened:
	case <-time.After(15 * time.Second):
		t.Error("Open hangs, although Redis answers")
		server.Do("config", "set", "maxclients", "100")
		<-opened
	}
}

func TestOpenTellsNoPartOfAPassword(t *testing.T) {
	for _, raw := range []string{
		"redis://app:hunter2#x@localhost:6379",
		"redis://app:71234/hunter2@localhost",
		"redis://app:71234?hunter2@localhost",
		"redis://app:71234/hunter2/x@localhost",
	} {
		_, err := redisstore.Open(t.Context(), raw)
		if assert.Error(t, err) {
			assert.NotContains(t, err.Error(), "hunter2")
		}
	}
}

type tagged struct {
	redis.UniversalClient
	tags []string
}

func TestAClientThatCannotBeComparedWorks(t *testing.T) {
	store := openOn(t, tagged{redistest.Start(t).Client(), []string{"x"}})
	assert.NotPanics(t, func() {
		_, err := store.Claim(t.Context(), "key", newClaim())
		assert.NoError(t, err)
	})
}

func TestCloseDoesNotWaitForASilentServer(t *testing.T) {
	server := redistest.Start(t)
	store := redisstore.New(server.Client())
	server.Pause()
	defer server.Resume()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err := store.Subscribe(ctx, "key")
	require.Error(t, err)
	began := time.Now()
	require.NoError(t, store.Close())
	assert.Less(t, time.Since(began), 3*time.Second, "go-redis alone comes back after five")
}
