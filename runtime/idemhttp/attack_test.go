package idemhttp_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemhttp"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// What is refused leaves nothing in the store, however often it is sent.
func TestRefusedRequestsFillNoStore(t *testing.T) {
	store := memstore.New()
	a := serveOn(t, idem.New(store), created(), idemhttp.WithMaxRequestBody(10))
	for i := range 10 {
		assert.Equal(t, 400, a.post("", "1").StatusCode)
		assert.Equal(t, 400, a.post(fmt.Sprint(`"k`, i), "1").StatusCode)
		assert.Equal(t, 400, a.post(strings.Repeat("k", 1000+i), "1").StatusCode)
		assert.Equal(t, 413, a.post(fmt.Sprint("k", i), "more than ten bytes").StatusCode)
		r := a.request(fmt.Sprint("k", i), "1")
		r.Header.Set("Customer", "")
		assert.Equal(t, 403, a.send(r).StatusCode)
	}
	assert.Zero(t, store.Len())
	assert.Zero(t, a.runs.Load())
}

func TestAnUnfinishedRequestLeavesLittle(t *testing.T) {
	store := memstore.New()
	a := serveOn(t, idem.New(store), func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, strings.Repeat("x", 100_000))
	})
	a.post("k", strings.Repeat("y", 100_000))
	for _, record := range store.Records() {
		assert.Less(t, len(record.Bytes()), 200)
	}
	assert.Equal(t, 1, store.Len())
}

func TestAHugeKeyIsRefusedAndNotEchoed(t *testing.T) {
	a := serve(t, created())
	res := a.post(strings.Repeat("k", 500_000), "1")
	assert.Equal(t, "malformed-key", res.kind(t))
	assert.Less(t, len(res.body), 500)
	res = a.post("<script>alert(1)</script> ", "1")
	assert.Equal(t, 201, res.StatusCode)
	res = a.post("<script> alert", "1")
	assert.NotContains(t, res.body, "<script>")
	assert.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
}

func TestAHugeScopeStaysApart(t *testing.T) {
	a := serve(t, created())
	long := strings.Repeat("c", 10_000)
	for _, customer := range []string{long, long + "c", long[1:] + "d"} {
		r := a.request("k", "1")
		r.Header.Set("Customer", customer)
		assert.NotContains(t, a.send(r).Header, "Idempotency-Replayed")
	}
	record, err := a.requests.Lookup(t.Context(), long, "k")
	require.NoError(t, err)
	assert.LessOrEqual(t, len(record.Key), 512)
}

func TestABodyThatSaysItIsTooLargeIsNotRead(t *testing.T) {
	a := serve(t, created())
	conn := a.dial()
	fmt.Fprint(conn, "POST /orders HTTP/1.1\r\nHost: a\r\nCustomer: ada\r\nIdempotency-Key: k\r\n"+
		"Expect: 100-continue\r\nContent-Length: 10000000000\r\n\r\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "HTTP/1.1 413 Request Entity Too Large\r\n", line, "without a 100 Continue before")
	assert.Zero(t, a.runs.Load())
}

// endless is a body without an end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	return len(p), nil
}

func TestABodyWithoutEndIsCutOff(t *testing.T) {
	requests := idemhttp.New(idem.New(memstore.New()), idemhttp.Unscoped)
	body := &endless{}
	r := httptest.NewRequest(http.MethodPost, "/", body)
	r.Header.Set("Idempotency-Key", "k")
	w := httptest.NewRecorder()
	requests.Wrap(created()).ServeHTTP(w, r)
	assert.Equal(t, 413, w.Code)
	assert.Contains(t, w.Body.String(), "At most 1048576 bytes are allowed.")
	assert.Less(t, body.read, 4<<20)
}

// Who sends slowly holds no claim: another request with the same key goes ahead.
func TestASlowBodyHoldsNothing(t *testing.T) {
	a := serve(t, created())
	slow := a.dial()
	fmt.Fprint(slow, "POST /orders HTTP/1.1\r\nHost: a\r\nCustomer: ada\r\nIdempotency-Key: k\r\nContent-Length: 3\r\n\r\n12")
	fast := a.post("k", "123")
	assert.Equal(t, 201, fast.StatusCode)
	fmt.Fprint(slow, "3")
	res, err := http.ReadResponse(bufio.NewReader(slow), nil)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	assert.Equal(t, "true", res.Header.Get("Idempotency-Replayed"))
	assert.Equal(t, int32(1), a.runs.Load())
}

func TestABodyThatIsTooSlowTimesOut(t *testing.T) {
	store := memstore.New()
	requests := idemhttp.New(idem.New(store), byCustomer)
	a := &api{t: t, Server: httptest.NewUnstartedServer(requests.Wrap(created()))}
	a.Config.ReadTimeout = 50 * time.Millisecond
	a.Start()
	t.Cleanup(a.Close)
	response := a.exchange("POST /orders HTTP/1.1\r\nHost: a\r\nCustomer: ada\r\nIdempotency-Key: k\r\nContent-Length: 3\r\n\r\n12")
	assert.True(t, strings.HasPrefix(response, "HTTP/1.1 408 Request Timeout\r\n"), response)
	assert.Zero(t, store.Len())
}

// Nothing that a caller can put into a request gives it another caller's response.
func TestNoRequestGetsAnotherCallersResponse(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "for ", r.Header.Get("Customer"))
	})
	require.Equal(t, "for ada", a.post("k", "1").body)
	for _, attack := range []struct{ customer, key string }{
		{"bob", "k"},
		{"bob", `"k"`},
		{"bob", "ada:k"},
		{"bob", `"ada:k"`},
		{"bob", "%3Aada%3Ak"},
		{"bob", `"../ada/k"`},
		{"*", "ada:k"},
		{"http:ada", "k"},
		{"ada:", "k"},
		{"Ada", "k"},
		{"ada%", "k"},
		{"ad", "a:k"},
	} {
		r := a.request(attack.key, "1")
		r.Header.Set("Customer", attack.customer)
		assert.Equal(t, "for "+attack.customer, a.send(r).body, attack)
	}
}

// Authentication stands outside: who has lost its rights gets no replay either.
func TestARevokedCallerGetsNoReplay(t *testing.T) {
	allowed := true
	requests := idemhttp.New(idem.New(memstore.New()), byCustomer)
	handler := requests.Wrap(created())
	a := &api{t: t, Server: httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !allowed {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		handler.ServeHTTP(w, r)
	}))}
	t.Cleanup(a.Close)
	assert.Equal(t, 201, a.post("k", "1").StatusCode)
	allowed = false
	res := a.post("k", "1")
	assert.Equal(t, 401, res.StatusCode)
	assert.Empty(t, res.body)
}

// Authorization that the handler itself refuses is never what a key stands for.
func TestARefusalDoesNotStick(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer fresh" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, "done")
	})
	r := a.request("k", "1")
	r.Header.Set("Authorization", "Bearer expired")
	assert.Equal(t, 401, a.send(r).StatusCode)
	r = a.request("k", "1")
	r.Header.Set("Authorization", "Bearer fresh")
	assert.Equal(t, "done", a.send(r).body)
}

// What a handler copies from a request into its header cannot become another field,
// neither when it is sent nor when it is replayed.
func TestAHeaderCannotBeInjected(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/orders/"+r.URL.Query().Get("name"))
		w.Header().Set("Vary", idem.FromContext(r.Context()).Key)
	})
	request := "POST /?name=a%0d%0aSet-Cookie:%20admin=1%0d%0a%0d%0a<script> HTTP/1.1\r\nHost: a\r\nCustomer: ada\r\n" +
		"Idempotency-Key: \"k\\\\\\\"; Set-Cookie: b=1\"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	first, again := a.exchange(request), a.exchange(request)
	for _, response := range []string{first, again} {
		assert.Contains(t, response, "\r\nLocation: /orders/a  Set-Cookie: admin=1    <script>\r\n")
		assert.NotContains(t, response, "\nSet-Cookie")
		assert.True(t, strings.HasSuffix(response, "\r\n\r\n"), response)
	}
	assert.Contains(t, again, "Idempotency-Replayed: true")
}

// A cache that sees responses gets no other rules from a replay than from the first
// response, and may keep no refusal.
func TestARepliesCacheRulesAreTheFirstOnes(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "private, no-cache")
		w.Header()["Vary"] = []string{"Authorization", "Accept"}
		w.Header().Set("Content-Security-Policy", "sandbox")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Age", "10")
		w.Header().Set("Expires", "Thu, 01 Dec 2099 16:00:00 GMT")
		fmt.Fprint(w, "<html>")
	})
	first, again := a.post("k", ""), a.post("k", "")
	for _, name := range []string{"Cache-Control", "Vary", "Content-Security-Policy", "X-Content-Type-Options", "Content-Type"} {
		assert.NotEmpty(t, again.Header[name], name)
		assert.Equal(t, first.Header[name], again.Header[name], name)
	}
	assert.NotContains(t, again.Header, "Age")
	assert.NotContains(t, again.Header, "Expires")
	assert.Equal(t, "no-store", a.post("k", "2").Header.Get("Cache-Control"))
}

// No replay is ever the answer to a request that a cache could keep.
func TestAGetWithAKeyIsNeverAReplay(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Method) })
	a.post("k", "")
	r := a.request("k", "")
	r.Method = http.MethodGet
	res := a.send(r)
	assert.Equal(t, "GET", res.body)
	assert.NotContains(t, res.Header, "Idempotency-Replayed")
}

func TestTwoKeysInOneRequestAreRefused(t *testing.T) {
	a := serve(t, created())
	for _, lines := range []string{
		"Idempotency-Key: a\r\nIdempotency-Key: b\r\n", "Idempotency-Key: a\r\nidempotency-key: a\r\n",
		"Idempotency-Key: a,b\r\n", "Idempotency-Key: \"a\", \"b\"\r\n", "Idempotency-Key:\r\n",
	} {
		response := a.exchange("POST / HTTP/1.1\r\nHost: a\r\nCustomer: ada\r\nConnection: close\r\n" + lines + "Content-Length: 0\r\n\r\n")
		assert.Contains(t, response, "#malformed-key", lines)
	}
	assert.Zero(t, a.runs.Load())
}

// The way in which a request is written does not make it another one, nor two
// requests one.
func TestTheTargetIsWhatWasSent(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) })
	send := func(target string) string {
		return a.exchange("POST " + target + " HTTP/1.1\r\nHost: a\r\nCustomer: ada\r\nConnection: close\r\nIdempotency-Key: k\r\nContent-Length: 0\r\n\r\n")
	}
	assert.Contains(t, send("/pay/1"), "HTTP/1.1 200 OK")
	assert.Contains(t, send("http://elsewhere/pay/1"), "Idempotency-Replayed: true")
	for _, other := range []string{"/pay/2", "/pay/1/", "//pay/1", "/pay/%31", "/pay/1?", "/pay/1?a=b", "/pay/1;x", "/./pay/1"} {
		response := send(other)
		if other == "/pay/1?" {
			assert.Contains(t, response, "Idempotency-Replayed: true", other)
			continue
		}
		assert.NotContains(t, response, "Idempotency-Replayed", other)
	}
	assert.Equal(t, int32(1), a.runs.Load())
}

// A crowd with one key runs the handler once; the others are turned away at once and
// hold nothing.
func TestACrowdRunsTheHandlerOnce(t *testing.T) {
	handler, running, release := blocking()
	a := serve(t, handler)
	a.Client().Transport.(*http.Transport).MaxConnsPerHost = 20
	first := make(chan answer)
	go func() { first <- a.post("k", "1") }()
	<-running
	answers := make(chan answer)
	for range 40 {
		go func() { answers <- a.post("k", "1") }()
	}
	for range 40 {
		assert.Equal(t, 409, (<-answers).StatusCode)
	}
	close(release)
	<-first
	assert.Equal(t, int32(1), a.runs.Load())
}

// A client that connects, sends and leaves, again and again, gets one execution.
func TestAClientThatAlwaysLeavesRunsTheHandlerOnce(t *testing.T) {
	running, release := make(chan struct{}, 1), make(chan struct{})
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		running <- struct{}{}
		<-release
		fmt.Fprint(w, "done")
	})
	a.leaving(running)
	for range 20 {
		ctx, leave := context.WithCancel(t.Context())
		r := a.request("k", "").WithContext(ctx)
		go func() { time.Sleep(time.Millisecond); leave() }()
		if res, err := a.Client().Do(r); err == nil {
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
		leave()
	}
	close(release)
	assert.Equal(t, "done", a.eventually("").body)
	assert.Equal(t, int32(1), a.runs.Load())
}
