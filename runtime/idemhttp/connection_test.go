package idemhttp_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemhttp"
	"github.com/idemgen/idemgen/runtime/idemtest"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// patience bounds what tests wait for; nothing depends on how long it is.
const patience = 30 * time.Second

// eventually posts until the answer is not to come again later.
func (a *api) eventually(body string) answer {
	a.t.Helper()
	for limit := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		res := a.post("k", body)
		if res.Header.Get("Retry-After") == "" || time.Now().After(limit) {
			return res
		}
	}
}

// leaving sends a request and gives it up once the handler runs.
func (a *api) leaving(running <-chan struct{}) {
	a.t.Helper()
	ctx, leave := context.WithCancel(a.t.Context())
	go func() {
		<-running
		leave()
	}()
	_, err := a.Client().Do(a.request("k", "").WithContext(ctx)) //nolint:bodyclose // there is none
	require.ErrorIs(a.t, err, context.Canceled)
}

func TestAHandlerFinishesAlthoughItsClientHasGone(t *testing.T) {
	running, gone := make(chan struct{}), make(chan struct{})
	var cut error
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		running <- struct{}{}
		<-gone
		cut = r.Context().Err()
		fmt.Fprint(w, "done")
	})
	a.leaving(running)
	close(gone)
	res := a.eventually("")
	assert.NoError(t, cut)
	assert.Equal(t, "done", res.body)
	assert.Equal(t, "true", res.Header.Get("Idempotency-Replayed"))
	assert.Equal(t, int32(1), a.runs.Load())
}

func TestAHandlerDoesNotStartForAClientThatHasGone(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	client := idemtest.NewClient(t, idem.WithObserver(func(_ context.Context, e idem.Event) {
		if e.Kind == idem.EventClaimed && e.Attempt == 1 {
			leave()
		}
	}))
	a := serveOn(t, client, created())
	handler := a.requests.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { a.runs.Add(1) }))
	handler.ServeHTTP(httptest.NewRecorder(), a.request("k", "1").WithContext(ctx))
	assert.Zero(t, a.runs.Load())
	assert.Equal(t, 201, a.post("k", "1").StatusCode, "its claim was given back")
}

func TestAHandlerIsCancelledWithItsClientByOption(t *testing.T) {
	running := make(chan struct{}, 2)
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		running <- struct{}{}
		if idem.FromContext(r.Context()).Attempt == 1 {
			<-r.Context().Done()
			w.WriteHeader(http.StatusInternalServerError)
		}
	}, idemhttp.WithCancelOnDisconnect())
	a.leaving(running)
	res := a.eventually("")
	assert.Equal(t, 200, res.StatusCode)
	assert.NotContains(t, res.Header, "Idempotency-Replayed")
	assert.Equal(t, int32(2), a.runs.Load())
}

func TestAHandlerGoesOnWritingAlthoughItsClientHasGone(t *testing.T) {
	left := make(chan struct{})
	const rounds = 200
	part := strings.Repeat("x", 1000)
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range rounds {
			n, err := fmt.Fprint(w, part)
			assert.NoError(t, err)
			assert.Equal(t, 1000, n)
			assert.NoError(t, http.NewResponseController(w).Flush())
			if i == 0 {
				<-left
			}
		}
	})
	res, err := a.Client().Do(a.request("k", ""))
	require.NoError(t, err)
	_, err = io.ReadFull(res.Body, make([]byte, 1000))
	require.NoError(t, err)
	_ = res.Body.Close()
	close(left)
	again := a.eventually("")
	assert.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	assert.Equal(t, strings.Repeat(part, rounds), again.body)
	assert.Equal(t, int32(1), a.runs.Load())
}

func TestWritesFailForAClientThatHasGoneOnceNothingCanBeKept(t *testing.T) {
	left, failed := make(chan struct{}), make(chan error, 1)
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		part := make([]byte, 1000)
		for i := 0; ; i++ {
			_, err := w.Write(part)
			if err == nil {
				err = http.NewResponseController(w).Flush()
			}
			if err != nil {
				failed <- err
				return
			}
			if i == 0 {
				<-left
			}
		}
	}, idemhttp.WithMaxResponseBody(5000))
	res, err := a.Client().Do(a.request("k", ""))
	require.NoError(t, err)
	_ = res.Body.Close()
	close(left)
	assert.Error(t, <-failed, "a stream without end must end")
	assert.Equal(t, "response-not-kept", a.eventually("").kind(t))
}

// A cutter is a proxy that cuts connections while it says so.
type cutter struct {
	net.Listener
	mu  sync.Mutex
	cut func(response []byte) bool
}

func cutting(t *testing.T, a *api, cut func(response []byte) bool) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &cutter{Listener: l, cut: cut}
	target := a.Listener.Addr().String()
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { c.carry(in, target) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		a.CloseClientConnections()
		conns.Wait()
	})
	a.URL = "http://" + l.Addr().String()
	return c
}

func (c *cutter) carry(in net.Conn, target string) {
	defer func() { _ = in.Close() }()
	out, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer func() { _ = out.Close() }()
	go func() {
		_, _ = io.Copy(out, in)
		_ = out.Close()
	}()
	buf := make([]byte, 4096)
	for {
		n, err := out.Read(buf)
		c.mu.Lock()
		cut := n > 0 && c.cut(buf[:n])
		c.mu.Unlock()
		if cut {
			_, _ = in.Write(buf[:n/2])
			return
		}
		if _, werr := in.Write(buf[:n]); err != nil || werr != nil {
			return
		}
	}
}

func TestAResponseCutOnItsWayIsReplayed(t *testing.T) {
	a := serve(t, created())
	cuts := 0
	cutting(t, a, func([]byte) bool { cuts++; return cuts <= 3 })
	a.Client().Transport.(*http.Transport).DisableKeepAlives = true
	failures := 0
	for {
		res, err := a.Client().Do(a.request("k", "1"))
		if err != nil {
			failures++
			continue
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			failures++
			continue
		}
		assert.Equal(t, `{"id": 1, "order": 1}`, string(body))
		assert.Equal(t, "true", res.Header.Get("Idempotency-Replayed"))
		break
	}
	assert.Equal(t, 3, failures)
	assert.Equal(t, int32(1), a.runs.Load())
}

// net/http's own client sends a request with an Idempotency-Key again by itself when a
// connection that it has used before fails.
func TestGosClientRetriesByItself(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if x := idem.FromContext(r.Context()); strings.HasSuffix(x.Key, ":cut") && x.Attempt == 1 {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprint(w, "done")
	})
	a.post("warm", "")
	r := a.request("cut", "body")
	assert.Equal(t, "done", a.send(r).body)
	assert.Equal(t, int32(3), a.runs.Load())
}

func TestARequestCutOnItsWayClaimsNothing(t *testing.T) {
	store := memstore.New()
	refused := make(chan idemhttp.Problem, 1)
	a := serveOn(t, idem.New(store), created(), idemhttp.WithProblems(func(_ http.ResponseWriter, _ *http.Request, p idemhttp.Problem) {
		refused <- p
	}))
	conn := a.dial()
	fmt.Fprint(conn, "POST /orders HTTP/1.1\r\nHost: a\r\nCustomer: ada\r\nIdempotency-Key: k\r\nContent-Length: 100\r\n\r\nhalf")
	_ = conn.Close()
	p := <-refused
	assert.Equal(t, idemhttp.ProblemType+"#unreadable-body", p.Type)
	assert.ErrorIs(t, p.Err, io.ErrUnexpectedEOF)
	assert.Zero(t, store.Len())
	assert.Zero(t, a.runs.Load())
}

// dial opens a bare connection to the server.
func (a *api) dial() net.Conn {
	a.t.Helper()
	u, err := url.Parse(a.URL)
	require.NoError(a.t, err)
	conn, err := net.Dial("tcp", u.Host)
	require.NoError(a.t, err)
	a.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// exchange sends raw bytes, and returns the raw response up to the connection's end.
func (a *api) exchange(request string) string {
	a.t.Helper()
	conn := a.dial()
	fmt.Fprint(conn, request)
	response, err := io.ReadAll(bufio.NewReader(conn))
	require.NoError(a.t, err)
	return string(response)
}

func TestAClientThatGoesWhileItWaitsChangesNothing(t *testing.T) {
	handler, running, release := blocking()
	waited := make(chan error, 1)
	client := idemtest.NewClient(t, idem.WithObserver(func(_ context.Context, e idem.Event) {
		if e.Kind == idem.EventWaited {
			waited <- e.Err
		}
	}))
	a := serveOn(t, client, handler, idemhttp.WithTask(idem.WithWait(patience)))
	first := make(chan answer)
	go func() { first <- a.post("k", "") }()
	<-running
	ctx, leave := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer leave()
	_, err := a.Client().Do(a.request("k", "").WithContext(ctx)) //nolint:bodyclose // there is none
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, <-waited, context.Canceled)
	close(release)
	assert.Equal(t, "done", (<-first).body)
	assert.Equal(t, int32(1), a.runs.Load())
}

func TestARequestWithADeadlineReturns(t *testing.T) {
	handler := idemhttp.New(idemtest.NewClient(t), idemhttp.Unscoped).Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, limited := r.Context().Deadline()
		assert.True(t, limited)
		fmt.Fprint(w, "done")
	}))
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil)
	r.Header.Set("Idempotency-Key", "k")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	assert.Equal(t, "done", w.Body.String())
}

func TestATimeOutOutsideAnswersAndTheRetryGetsTheLateResponse(t *testing.T) {
	late := make(chan struct{})
	requests := idemhttp.New(idemtest.NewClient(t), byCustomer)
	runs := 0
	handler := requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		runs++
		<-r.Context().Done()
		assert.ErrorIs(t, r.Context().Err(), context.DeadlineExceeded)
		<-late
		fmt.Fprint(w, "late")
	}))
	timed := http.TimeoutHandler(handler, 20*time.Millisecond, "too slow")
	a := &api{t: t, Server: httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Timed") != "" {
			timed.ServeHTTP(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	}))}
	t.Cleanup(a.Close)
	r := a.request("k", "")
	r.Header.Set("Timed", "yes")
	res := a.send(r)
	assert.Equal(t, 503, res.StatusCode)
	assert.Equal(t, "too slow", res.body)
	assert.Equal(t, "in-progress", a.post("k", "").kind(t))
	close(late)
	assert.Equal(t, "late", a.eventually("").body)
	assert.Equal(t, 1, runs)
}

func TestOverHTTP2(t *testing.T) {
	requests := idemhttp.New(idemtest.NewClient(t), byCustomer)
	a := &api{t: t, Server: httptest.NewUnstartedServer(requests.Wrap(created()))}
	a.EnableHTTP2 = true
	a.StartTLS()
	t.Cleanup(a.Close)
	first, again := a.post("k", "1"), a.post("k", "1")
	assert.Equal(t, 2, again.ProtoMajor)
	assert.Equal(t, first.body, again.body)
	assert.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
}
