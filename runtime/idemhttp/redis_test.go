package idemhttp_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemhttp"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// onRedis returns a client of its own of a real Redis, as each process has one.
func onRedis(t *testing.T, server *redistest.Server, opts ...idem.Option) *idem.Client {
	t.Helper()
	client := idem.New(redisstore.New(server.Client()), opts...)
	t.Cleanup(func() { assert.NoError(t, client.Close(context.WithoutCancel(t.Context()))) })
	return client
}

// These share a server, which is what takes time.
func TestOnRedis(t *testing.T) {
	server := redistest.Start(t)
	for name, test := range map[string]func(*testing.T, *redistest.Server){
		"servers share one Redis":                        serversShareOneRedis,
		"a request in progress elsewhere is a conflict":  aRequestInProgressElsewhereIsAConflict,
		"a killed server's request is taken over":        aKilledServersRequestIsTakenOver,
		"a response whose lease was lost is not sent":    aResponseWhoseLeaseWasLostIsNotSent,
		"a lease is lost also after the client has gone": aLeaseIsLostAlsoAfterTheClientHasGone,
		"what Redis holds can be read":                   whatRedisHoldsCanBeRead,
	} {
		t.Run(name, func(t *testing.T) {
			server.Do("FLUSHALL")
			test(t, server)
		})
	}
}

func serversShareOneRedis(t *testing.T, server *redistest.Server) {
	t.Helper()
	handler := created()
	servers := []*api{
		serveOn(t, onRedis(t, server), handler, idemhttp.WithTask(idem.WithWait(patience))),
		serveOn(t, onRedis(t, server), handler, idemhttp.WithTask(idem.WithWait(patience))),
	}
	for round := range 5 {
		answers := make(chan answer)
		for i := range 20 {
			go func() { answers <- servers[i%2].post(fmt.Sprint("k", round), `"tea"`) }()
		}
		replayed := 0
		for range 20 {
			res := <-answers
			assert.Equal(t, 201, res.StatusCode)
			assert.JSONEq(t, fmt.Sprintf(`{"id": %d, "order": "tea"}`, round+1), res.body)
			assert.Equal(t, fmt.Sprintf(`/orders/%d`, round+1), res.Header.Get("Location"))
			if res.Header.Get("Idempotency-Replayed") == "true" {
				replayed++
			}
		}
		assert.Equal(t, 19, replayed)
	}
	assert.Equal(t, int32(5), servers[0].runs.Load()+servers[1].runs.Load())
}

func aRequestInProgressElsewhereIsAConflict(t *testing.T, server *redistest.Server) {
	t.Helper()
	handler, running, release := blocking()
	here, there := serveOn(t, onRedis(t, server), handler), serveOn(t, onRedis(t, server), handler)
	first := make(chan answer)
	go func() { first <- here.post("k", "1") }()
	<-running
	assert.Equal(t, "in-progress", there.post("k", "1").kind(t))
	assert.Equal(t, "key-reused", there.post("k", "2").kind(t))
	close(release)
	assert.Equal(t, "done", (<-first).body)
	assert.Equal(t, "done", there.post("k", "1").body)
	assert.Zero(t, there.runs.Load())
}

func aKilledServersRequestIsTakenOver(t *testing.T, server *redistest.Server) {
	t.Helper()
	process, says := startWorker(t, server)
	require.True(t, says.Scan())
	here := serveOn(t, onRedis(t, server), func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "attempt ", idem.FromContext(r.Context()).Attempt)
	}, shortLease)

	there := &api{t: t, Server: here.Server}
	r := there.request("k", "1")
	r.URL.Host = says.Text()
	cut := make(chan error)
	go func() {
		res, err := here.Client().Do(r)
		if err == nil {
			_ = res.Body.Close()
		}
		cut <- err
	}()
	require.True(t, says.Scan())
	require.Equal(t, "attempt 1", says.Text())
	assert.Equal(t, "in-progress", here.post("k", "1").kind(t))
	require.NoError(t, process.Process.Kill())
	require.Error(t, <-cut)

	assert.Equal(t, "attempt 2", here.eventually("1").body)
	assert.Equal(t, "attempt 2", here.post("k", "1").body)
	assert.Equal(t, int32(1), here.runs.Load())
}

func TestWithoutItsStoreNothingRuns(t *testing.T) {
	server := redistest.Start(t)
	a := serveOn(t, onRedis(t, server), created())
	open := serveOn(t, onRedis(t, server, idem.WithFailOpen()), created())
	server.Kill()

	res := a.post("k", "1")
	assert.Equal(t, 503, res.StatusCode)
	assert.Equal(t, "unavailable", res.kind(t))
	assert.Equal(t, "1", res.Header.Get("Retry-After"))
	assert.NotContains(t, res.body, server.Addr, "a problem tells nothing of the server's insides")
	assert.Zero(t, a.runs.Load())

	assert.Equal(t, 201, open.post("k", "1").StatusCode, "it was asked to run unprotected")
	assert.Equal(t, int32(1), open.runs.Load())

	server.Restart()
	assert.Equal(t, 201, a.post("k", "1").StatusCode)
}

func TestAResponseThatCannotBeRecordedIsSent(t *testing.T) {
	server := redistest.Start(t)
	a := serveOn(t, onRedis(t, server), func(w http.ResponseWriter, r *http.Request) {
		if idem.FromContext(r.Context()).Attempt == 1 {
			server.Kill()
		}
		fmt.Fprint(w, "charged")
	}, shortLease)
	res := a.post("k", "1")
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, "charged", res.body)
}

// overtake puts somebody else's claim in the place of the one that the handler holds,
// and waits until the handler is told.
func overtake(t *testing.T, server *redistest.Server, r *http.Request) {
	t.Helper()
	server.Do("FLUSHALL")
	reply, err := redisstore.New(server.Client()).Claim(t.Context(), idem.FromContext(r.Context()).Key, idem.Claim{
		ID: "other", Now: time.Now(), Lease: time.Minute, Retention: time.Hour,
	})
	assert.NoError(t, err)
	assert.True(t, reply.Owned)
	select {
	case <-r.Context().Done():
		assert.ErrorIs(t, context.Cause(r.Context()), idem.ErrLeaseLost)
	case <-time.After(patience):
		assert.Fail(t, "the handler is not told of its loss")
	}
}

func aResponseWhoseLeaseWasLostIsNotSent(t *testing.T, server *redistest.Server) {
	t.Helper()
	for name, handler := range map[string]http.HandlerFunc{
		"held back": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Leak", "secret")
			overtake(t, server, r)
			fmt.Fprint(w, "mine")
		},
		"an error": func(w http.ResponseWriter, r *http.Request) {
			overtake(t, server, r)
			w.WriteHeader(http.StatusInternalServerError)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := serveOn(t, onRedis(t, server), handler, shortLease)
			res := a.post(name[:2], "1")
			assert.Equal(t, 503, res.StatusCode)
			assert.Equal(t, "overtaken", res.kind(t))
			assert.Equal(t, "1", res.Header.Get("Retry-After"))
			assert.NotContains(t, res.Header, "Leak")
		})
	}
	t.Run("streamed", func(t *testing.T) {
		a := serveOn(t, onRedis(t, server), func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, "mine")
			w.(http.Flusher).Flush()
			overtake(t, server, r)
		}, shortLease)
		res, err := a.Client().Do(a.request("streamed", "1"))
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		_, err = io.ReadAll(res.Body)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "what does not stand must not look whole")
	})
}

// A client that leaves must not hide the loss of a lease from the handler.
func aLeaseIsLostAlsoAfterTheClientHasGone(t *testing.T, server *redistest.Server) {
	t.Helper()
	running, gone, told := make(chan struct{}), make(chan struct{}), make(chan struct{})
	a := serveOn(t, onRedis(t, server), func(_ http.ResponseWriter, r *http.Request) {
		running <- struct{}{}
		<-gone
		overtake(t, server, r)
		close(told)
	}, shortLease)
	a.leaving(running)
	close(gone)
	<-told
}

func whatRedisHoldsCanBeRead(t *testing.T, server *redistest.Server) {
	t.Helper()
	a := serveOn(t, onRedis(t, server), created(), idemhttp.WithTask(idem.WithTTL(time.Hour)))
	a.post(`"key one"`, `1`)
	value := server.Do("GET", "idempotency:http:ada:key%20one").(string)
	head, rest, _ := strings.Cut(value, "\n")
	assert.Regexp(t, `^i1 done .* codec=http`, head)
	assert.Equal(t, "201\nContent-Type: application/json\nLocation: /orders/1\n\n{\"id\": 1, \"order\": 1}", rest)
	assert.InDelta(t, 3600, server.Do("TTL", "idempotency:http:ada:key%20one"), 60)
}

func TestAnotherCodecMayStoreResponses(t *testing.T) {
	a := serve(t, created(), idemhttp.WithTask(idem.WithCodec(idem.JSON)))
	first, again := a.post("k", "1"), a.post("k", "1")
	assert.Equal(t, first.body, again.body)
	assert.Equal(t, "/orders/1", again.Header.Get("Location"))
}
