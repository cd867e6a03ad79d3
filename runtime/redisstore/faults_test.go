package redisstore_test

import (
	"context"
	"crypto/rand"
	"io"
	"net"
	"strings"
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

func TestRedisDownAtAClaimIsUnavailableAndNothingRuns(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	store := open(t, server)
	server.Kill()
	_, err := jobs(idem.New(store), nothing).Run(t.Context(), "job")
	require.ErrorIs(t, err, idem.ErrUnavailable)
	assert.ErrorContains(t, err, jobKey)
	assert.ErrorContains(t, err, "connection refused")
}

func TestRedisDownAtACompletionIsRetriedUntilTheLeaseEnds(t *testing.T) {
	server := redistest.Start(t)
	task := jobs(idem.New(open(t, server)), func(context.Context, string) (string, error) {
		server.Kill()
		return "answer", nil
	}, idem.WithLease(workerLease))
	res, err := task.Run(t.Context(), "job")
	require.ErrorIs(t, err, idem.ErrNotRecorded)
	assert.Equal(t, "answer", res.Value)
}

func TestARestartBetweenClaimAndCompletionIsNotSeen(t *testing.T) {
	for name, config := range map[string][]string{
		"that keeps the claim": {"appendonly yes", "appendfsync always"},
		"that loses the claim": nil,
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t, redistest.WithConfig(config...))
			task := jobs(idem.New(open(t, server)), func(context.Context, string) (string, error) {
				server.Kill()
				server.Restart()
				return "answer", nil
			})
			res, err := task.Run(t.Context(), "job")
			require.NoError(t, err)
			assert.False(t, res.Duplicate)
			res, err = jobs(idem.New(open(t, server)), nothing).Run(t.Context(), "job")
			require.NoError(t, err)
			assert.Equal(t, "answer", res.Value)
		})
	}
}

func TestFlushedScriptsAreSentAgain(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server)
	task := jobs(idem.New(store), func(context.Context, string) (string, error) {
		time.Sleep(3 * workerLease) // heartbeats go out, without their script
		server.Do("script", "flush")
		return "answer", nil
	}, idem.WithLease(workerLease))
	for _, job := range []string{"one", "two"} {
		server.Do("script", "flush")
		res, err := task.Run(t.Context(), job)
		require.NoError(t, err)
		assert.Equal(t, "answer", res.Value)
	}
	record, err := task.Lookup(t.Context(), "one")
	require.NoError(t, err)
	assert.Equal(t, idem.StateDone, record.State)
}

func TestAFullMemoryIsNamed(t *testing.T) {
	server := redistest.Start(t)
	full := func() { server.Do("config", "set", "maxmemory", "1") }
	t.Run("at a claim", func(t *testing.T) {
		full()
		_, err := jobs(idem.New(open(t, server)), nothing).Run(t.Context(), "job")
		require.ErrorIs(t, err, idem.ErrUnavailable)
		assert.ErrorContains(t, err, "OOM")
	})
	t.Run("at a completion, while heartbeats still succeed", func(t *testing.T) {
		server.Do("config", "set", "maxmemory", "0")
		res, err := jobs(idem.New(open(t, server)), func(context.Context, string) (string, error) {
			full()
			return "answer", nil
		}, idem.WithLease(workerLease)).Run(t.Context(), "job")
		require.ErrorIs(t, err, idem.ErrNotRecorded)
		assert.ErrorContains(t, err, "OOM")
		assert.Equal(t, "answer", res.Value)
	})
	t.Run("and keeps nobody from waiting for one that runs already", func(t *testing.T) {
		server.Do("config", "set", "maxmemory", "0")
		store, owner, other := open(t, server), newClaim(), newClaim()
		_, err := store.Claim(t.Context(), "key", owner)
		require.NoError(t, err)
		full()
		reply, err := store.Contend(t.Context(), "key", other)
		require.NoError(t, err)
		assert.Equal(t, string(owner.Record().Bytes()), string(reply.Record), "unmarked: not even that byte can be written")
	})
}

func newClaim() idem.Claim {
	return idem.Claim{ID: rand.Text(), Now: time.Now(), Lease: time.Minute, Retention: time.Hour, OnCrash: idem.CrashRetry}
}

func TestAValueOfAnotherTypeIsCorruptAndStays(t *testing.T) {
	server := redistest.Start(t)
	server.Do("rpush", jobKey, "not ours")
	task := jobs(idem.New(open(t, server), idem.WithFailOpen()), nothing)
	_, err := task.Run(t.Context(), "job")
	require.ErrorIs(t, err, idem.ErrCorrupt)
	assert.ErrorContains(t, err, jobKey)
	_, err = task.Lookup(t.Context(), "job")
	require.ErrorIs(t, err, idem.ErrCorrupt)
	require.ErrorIs(t, task.Forget(t.Context(), "job"), idem.ErrCorrupt)
	require.ErrorIs(t, task.Resolve(t.Context(), "job", "answer"), idem.ErrCorrupt)
	assert.Equal(t, []any{"not ours"}, server.Do("lrange", jobKey, 0, -1))
}

func TestARecordWithoutAnExpiryIsCorrupt(t *testing.T) {
	server := redistest.Start(t)
	server.Do("set", jobKey, "i1 released abc 1 1000\n")
	task := jobs(idem.New(open(t, server)), nothing)
	_, err := task.Run(t.Context(), "job")
	require.ErrorIs(t, err, idem.ErrCorrupt)
	assert.ErrorContains(t, err, "no expiry")
	_, err = task.Lookup(t.Context(), "job")
	require.ErrorIs(t, err, idem.ErrCorrupt)
}

func TestACallEndsWithItsContextAlthoughRedisDoesNotAnswer(t *testing.T) {
	server := redistest.Start(t)
	store := open(t, server)
	server.Pause()
	defer server.Resume()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	client := idem.New(store)
	_, err := jobs(client, nothing, idem.WithLease(workerLease)).Run(ctx, "job")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Empty(t, idem.Code(err))
	assert.Less(t, time.Since(began), 2*time.Second, "go-redis alone would come back after its read time-out of 3 s")
	require.NoError(t, client.Close(t.Context()), "the background release ends with the lease")
}

func TestAPausedRedisCostsTheLease(t *testing.T) {
	server := redistest.Start(t)
	cause := make(chan error, 1)
	task := jobs(idem.New(open(t, server)), func(ctx context.Context, _ string) (string, error) {
		server.Pause()
		<-ctx.Done()
		cause <- context.Cause(ctx)
		server.Resume()
		return "answer", nil
	}, idem.WithLease(workerLease))
	res, err := task.Run(t.Context(), "job")
	require.ErrorIs(t, <-cause, idem.ErrLeaseLost)
	require.NoError(t, err, "nobody took over, so the answer counts")
	assert.Equal(t, "answer", res.Value)
}

// A lossy connection executes one command whose reply never arrives: it breaks
// where the reply to the first command that contains a word is due.
type lossy struct {
	net.Conn
	word  string
	lost  *atomic.Bool
	armed bool
}

func (l *lossy) Write(b []byte) (int, error) {
	if strings.Contains(string(b), l.word) && l.lost.CompareAndSwap(false, true) {
		l.armed = true
	}
	return l.Conn.Write(b)
}

func (l *lossy) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if l.armed {
		_ = l.Close()
		return 0, io.EOF
	}
	return n, err
}

func TestALostReplyIsRecognisedByTheResend(t *testing.T) {
	for name, word := range map[string]string{
		"to the claim":    "i1 running-",
		"to the complete": "i1 done",
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t)
			loadScripts(t, server)
			var lost atomic.Bool
			client := redis.NewClient(&redis.Options{Addr: server.Addr, Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
				return &lossy{Conn: conn, word: word, lost: &lost}, err
			}})
			defer func() { _ = client.Close() }()
			runs := 0
			res, err := jobs(idem.New(redisstore.New(client)), func(ctx context.Context, _ string) (string, error) {
				runs++
				assert.Equal(t, 1, idem.FromContext(ctx).Attempt)
				return "answer", nil
			}).Run(t.Context(), "job")
			require.NoError(t, err)
			assert.True(t, lost.Load(), "a reply was lost")
			assert.Equal(t, "answer", res.Value)
			assert.Equal(t, 1, runs)
		})
	}
}

func TestServersWithoutSetNXGetAreFoundOutOnce(t *testing.T) {
	server := redistest.Start(t)
	client := server.Client()
	refused := 0
	client.AddHook(oldServer{&refused})
	store := redisstore.New(client)
	for _, job := range []string{"job", "another"} {
		task := jobs(idem.New(store), answer)
		_, err := task.Run(t.Context(), job)
		require.NoError(t, err)
		res, err := task.Run(t.Context(), job)
		require.NoError(t, err)
		assert.True(t, res.Duplicate)
	}
	assert.Equal(t, 1, refused)
}

// oldServer lets a real server answer to SET with NX and GET as those before 7.0
// do.
type oldServer struct{ refused *int }

func (oldServer) DialHook(next redis.DialHook) redis.DialHook { return next }

func (o oldServer) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if text := strings.ToLower(cmd.String()); strings.HasPrefix(text, "set ") && strings.Contains(text, " nx") && strings.Contains(text, " get") {
			*o.refused++
			err := syntaxError{}
			cmd.SetErr(err)
			return err
		}
		return next(ctx, cmd)
	}
}

func (oldServer) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

type syntaxError struct{}

func (syntaxError) Error() string { return "ERR syntax error" }
func (syntaxError) RedisError()   {}
