package idemhttp_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemhttp"
	"github.com/idemgen/idemgen/runtime/idemtest"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// byCustomer is these tests' scope: who the request says it is from.
func byCustomer(r *http.Request) string { return r.Header.Get("Customer") }

// An api is a real server with one handler behind the middleware, and its client.
type api struct {
	t *testing.T
	*httptest.Server
	requests *idemhttp.Middleware
	runs     atomic.Int32
}

// serve runs an api on a store of its own until the test ends.
func serve(t *testing.T, handler http.HandlerFunc, opts ...idemhttp.Option) *api {
	t.Helper()
	return serveOn(t, idemtest.NewClient(t), handler, opts...)
}

func serveOn(t *testing.T, client *idem.Client, handler http.HandlerFunc, opts ...idemhttp.Option) *api {
	t.Helper()
	a := &api{t: t, requests: idemhttp.New(client, byCustomer, opts...)}
	a.Server = httptest.NewServer(a.requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.runs.Add(1)
		handler(w, r)
	})))
	t.Cleanup(a.Close)
	return a
}

// request makes a POST of the customer "ada" with a key and a body.
func (a *api) request(key, body string) *http.Request {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), http.MethodPost, a.URL+"/orders", strings.NewReader(body))
	require.NoError(a.t, err)
	r.Header.Set("Customer", "ada")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return r
}

// An answer is a response that has been read to its end.
type answer struct {
	*http.Response
	body string
}

func (a *api) send(r *http.Request) answer {
	a.t.Helper()
	res, err := a.Client().Do(r)
	require.NoError(a.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(a.t, err)
	return answer{res, string(body)}
}

func (a *api) post(key, body string) answer {
	a.t.Helper()
	return a.send(a.request(key, body))
}

// problem reads problem details, which must agree with the response's status.
func (a answer) problem(t *testing.T) idemhttp.Problem {
	t.Helper()
	var p idemhttp.Problem
	require.NoError(t, json.Unmarshal([]byte(a.body), &p), a.body)
	assert.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	assert.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	assert.Equal(t, a.StatusCode, p.Status)
	assert.NotEmpty(t, p.Title)
	assert.Empty(t, a.Header.Get("Idempotency-Replayed"))
	return p
}

// kind is the end of a problem's type.
func (a answer) kind(t *testing.T) string {
	t.Helper()
	p := a.problem(t)
	require.True(t, strings.HasPrefix(p.Type, idemhttp.ProblemType+"#"), p.Type)
	return strings.TrimPrefix(p.Type, idemhttp.ProblemType+"#")
}

// created answers with a new number each time.
func created() http.HandlerFunc {
	var orders atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		n := orders.Add(1)
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Location", fmt.Sprintf("/orders/%d", n))
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Set-Cookie", "seen=1")
		w.Header().Set("X-Request-Id", "r1")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"id": %d, "order": %s}`, n, body)
	}
}

func TestARetryGetsTheFirstResponse(t *testing.T) {
	a := serve(t, created())

	first := a.post("k1", `"tea"`)
	assert.Equal(t, 201, first.StatusCode)
	assert.JSONEq(t, `{"id": 1, "order": "tea"}`, first.body)
	assert.Equal(t, "seen=1", first.Header.Get("Set-Cookie"))
	assert.NotContains(t, first.Header, "Idempotency-Replayed")

	again := a.post("k1", `"tea"`)
	assert.Equal(t, 201, again.StatusCode)
	assert.Equal(t, first.body, again.body)
	assert.Equal(t, int64(len(first.body)), again.ContentLength)
	again.Header.Del("Date")
	assert.Equal(t, http.Header{
		"Content-Length":       {"25"},
		"Content-Type":         {"application/json"},
		"Idempotency-Replayed": {"true"},
		"Location":             {"/orders/1"},
	}, again.Header)

	assert.JSONEq(t, `{"id": 2, "order": "tea"}`, a.post("k2", `"tea"`).body)
	assert.Equal(t, int32(2), a.runs.Load())
}

func TestTheQuotedAndTheBareKeyAreOne(t *testing.T) {
	a := serve(t, created())
	a.post(`"k"`, `1`)
	assert.Equal(t, "true", a.post(`k`, `1`).Header.Get("Idempotency-Replayed"))
}

func TestHeadersAreReplayedIfTheyAreOnTheList(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
		w.Header().Set("X-Request-Id", "r1")
	}, idemhttp.WithReplayedHeaders("set-cookie", "ETag"))
	a.post("k", "")
	again := a.post("k", "")
	assert.Equal(t, []string{"a=1", "b=2"}, again.Header["Set-Cookie"])
	assert.NotContains(t, again.Header, "X-Request-Id")
	assert.NotContains(t, again.Header, "Etag")
}

func TestWhatNeedsNoKeyPassesThrough(t *testing.T) {
	a := serve(t, func(http.ResponseWriter, *http.Request) {})
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"} {
		for range 2 {
			r := a.request("", "")
			r.Method = method
			assert.Equal(t, 200, a.send(r).StatusCode, method)
		}
	}
	for _, method := range []string{"GET", "HEAD", "OPTIONS"} { // a key changes nothing
		for range 2 {
			r := a.request("k", "")
			r.Method = method
			assert.NotContains(t, a.send(r).Header, "Idempotency-Replayed", method)
		}
	}
	assert.Equal(t, int32(18), a.runs.Load())
}

func TestPutAndDeleteMayHaveAKey(t *testing.T) {
	a := serve(t, created())
	for _, method := range []string{"PUT", "DELETE"} {
		for i := range 2 {
			r := a.request(method, "1")
			r.Method = method
			assert.Equal(t, i == 1, a.send(r).Header.Get("Idempotency-Replayed") == "true", method)
		}
	}
}

func TestAKeyIsRequired(t *testing.T) {
	a := serve(t, created())
	for _, method := range []string{"POST", "PATCH", "LOCK"} {
		r := a.request("", "1")
		r.Method = method
		res := a.send(r)
		assert.Equal(t, 400, res.StatusCode)
		assert.Equal(t, idemhttp.Problem{
			Type: idemhttp.ProblemType + "#missing-key", Title: "Idempotency-Key is missing", Status: 400,
			Detail: "Send the header Idempotency-Key, with a value that is new for each request and the same for its retries.",
		}, res.problem(t))
	}
	assert.Zero(t, a.runs.Load())
}

func TestAKeyIsRequiredWhereTheOptionSaysSo(t *testing.T) {
	a := serve(t, created(), idemhttp.WithRequired(func(r *http.Request) bool { return r.Method == http.MethodPut }))
	assert.Equal(t, 201, a.post("", "1").StatusCode)
	r := a.request("", "1")
	r.Method = http.MethodPut
	assert.Equal(t, "missing-key", a.send(r).kind(t))
}

func TestAMalformedKeyIsRefused(t *testing.T) {
	a := serve(t, created(), idemhttp.WithKeyRule(func(key string) error {
		if key == "1" {
			return errors.New("it is no UUID")
		}
		return nil
	}))
	for key, detail := range map[string]string{
		`"`:                      "Idempotency-Key: the closing quote is missing.",
		`a, b`:                   "Idempotency-Key: a key with ',' in it must be quoted, and there must be only one.",
		`1`:                      "Idempotency-Key: it is no UUID.",
		strings.Repeat("k", 256): "Idempotency-Key: it has 256 characters, and at most 255 are allowed.",
	} {
		res := a.post(key, "1")
		assert.Equal(t, "malformed-key", res.kind(t))
		assert.Equal(t, 400, res.StatusCode)
		assert.Equal(t, detail, res.problem(t).Detail)
	}
	for _, values := range [][]string{{"a", "a"}, {"a", "b"}, {""}} {
		r := a.request("", "1")
		r.Header["Idempotency-Key"] = values
		assert.Equal(t, "malformed-key", a.send(r).kind(t))
	}
	assert.Zero(t, a.runs.Load())
}

func TestAnotherHeaderMayHaveTheKey(t *testing.T) {
	a := serve(t, created(), idemhttp.WithHeader("x-idempotency-key"))
	r := a.request("", "1")
	r.Header.Set("X-Idempotency-Key", "k")
	assert.Equal(t, 201, a.send(r).StatusCode)
	assert.Contains(t, a.post("k", "1").problem(t).Detail, "Send the header X-Idempotency-Key")
}

func TestAKeyStandsForOneRequest(t *testing.T) {
	a := serve(t, created())
	a.post("k", `"tea"`)
	for name, change := range map[string]func(r *http.Request){
		"body":   func(r *http.Request) { *r = *a.request("k", `"Tea"`) },
		"path":   func(r *http.Request) { r.URL.Path = "/refunds" },
		"slash":  func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/a/b", "/a%2Fb" },
		"query":  func(r *http.Request) { r.URL.RawQuery = "dry=true" },
		"method": func(r *http.Request) { r.Method = http.MethodPatch },
	} {
		t.Run(name, func(t *testing.T) {
			r := a.request("k", `"tea"`)
			change(r)
			res := a.send(r)
			assert.Equal(t, 422, res.StatusCode)
			assert.Equal(t, "key-reused", res.kind(t))
		})
	}
	assert.Equal(t, int32(1), a.runs.Load())
	assert.Equal(t, "true", a.post("k", `"tea"`).Header.Get("Idempotency-Replayed"))
}

func TestRoutesBelowDifferentPrefixesAreNotOne(t *testing.T) {
	requests := idemhttp.New(idemtest.NewClient(t), idemhttp.Unscoped)
	pay := requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "done") }))
	mux := http.NewServeMux()
	mux.Handle("/live/", http.StripPrefix("/live", pay))
	mux.Handle("/test/", http.StripPrefix("/test", pay))
	post := func(path string) int {
		r := httptest.NewRequest(http.MethodPost, path, nil)
		r.Header.Set("Idempotency-Key", "k")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w.Code
	}
	assert.Equal(t, 200, post("/test/pay"))
	assert.Equal(t, 422, post("/live/pay"))
}

func TestTheFingerprintIsWhatTheOptionMakesOfTheBody(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) },
		idemhttp.WithFingerprint(func(r *http.Request, body []byte) ([]byte, error) {
			if _, err := io.ReadAll(r.Body); err != nil {
				return nil, err
			}
			order, _, found := strings.Cut(string(body), " at ")
			if !found {
				return nil, errors.New("there is no time")
			}
			return []byte(order), nil
		}))
	assert.Equal(t, "tea at 9", a.post("k", "tea at 9").body)
	assert.Equal(t, "tea at 9", a.post("k", "tea at 10").body)
	assert.Equal(t, "key-reused", a.post("k", "milk at 9").kind(t))
	assert.Equal(t, "unreadable-body", a.post("k", "tea").kind(t))
}

func TestEachCallerHasKeysOfItsOwn(t *testing.T) {
	a := serve(t, created())
	ada := a.post("k", "1")
	r := a.request("k", "1")
	r.Header.Set("Customer", "bob")
	bob := a.send(r)
	assert.NotContains(t, bob.Header, "Idempotency-Replayed")
	assert.NotEqual(t, ada.body, bob.body)

	r = a.request("k", "1")
	r.Header.Del("Customer")
	res := a.send(r)
	assert.Equal(t, 403, res.StatusCode)
	assert.Equal(t, "unknown-caller", res.kind(t))
	assert.Equal(t, int32(2), a.runs.Load())
}

func TestScopeAndKeyCannotBeMistakenForEachOther(t *testing.T) {
	a := serve(t, created())
	for _, pair := range [][2]string{{"a:b", "c"}, {"a", "b:c"}, {"a%3Ab", "c"}, {"a", "b%3Ac"}, {"*", "a:b:c"}} {
		r := a.request(pair[1], "1")
		r.Header.Set("Customer", pair[0])
		assert.NotContains(t, a.send(r).Header, "Idempotency-Replayed", pair)
	}
}

func TestServicesWithNamesOfTheirOwnShareAStore(t *testing.T) {
	client := idemtest.NewClient(t)
	orders := serveOn(t, client, created(), idemhttp.WithName("orders"))
	refunds := serveOn(t, client, created(), idemhttp.WithName("refunds"))
	orders.post("k", "1")
	assert.Equal(t, 201, refunds.post("k", "2").StatusCode)
	record, err := orders.requests.Lookup(t.Context(), "ada", "k")
	require.NoError(t, err)
	assert.Equal(t, "idempotency:orders:ada:k", record.Key)
}

// blocking is a handler that says when it runs and ends when it may.
func blocking() (handler http.HandlerFunc, running chan idem.Execution, release chan struct{}) {
	running, release = make(chan idem.Execution, 8), make(chan struct{})
	return func(w http.ResponseWriter, r *http.Request) {
		running <- idem.FromContext(r.Context())
		<-release
		fmt.Fprint(w, "done")
	}, running, release
}

func TestARequestInProgressIsAConflict(t *testing.T) {
	handler, running, release := blocking()
	a := serve(t, handler, idemhttp.WithRetryAfter(1500*time.Millisecond))
	first := make(chan answer)
	go func() { first <- a.post("k", "1") }()
	<-running

	res := a.post("k", "1")
	assert.Equal(t, 409, res.StatusCode)
	assert.Equal(t, "in-progress", res.kind(t))
	assert.Equal(t, "2", res.Header.Get("Retry-After"))
	assert.Equal(t, "key-reused", a.post("k", "2").kind(t))

	close(release)
	assert.Equal(t, "done", (<-first).body)
	assert.Equal(t, "true", a.post("k", "1").Header.Get("Idempotency-Replayed"))
}

func TestARequestWaitsForOneInProgressByOption(t *testing.T) {
	handler, running, release := blocking()
	a := serve(t, handler, idemhttp.WithTask(idem.WithWait(time.Minute)))
	answers := make(chan answer)
	for range 5 {
		go func() { answers <- a.post("k", "1") }()
	}
	<-running
	close(release)
	replayed := 0
	for range 5 {
		res := <-answers
		assert.Equal(t, "done", res.body)
		if res.Header.Get("Idempotency-Replayed") == "true" {
			replayed++
		}
	}
	assert.Equal(t, 4, replayed)
	assert.Equal(t, int32(1), a.runs.Load())
}

func TestAWaitThatRunsOutIsAConflict(t *testing.T) {
	handler, running, release := blocking()
	a := serve(t, handler, idemhttp.WithTask(idem.WithWait(time.Millisecond)))
	first := make(chan answer)
	go func() { first <- a.post("k", "1") }()
	<-running
	assert.Equal(t, "in-progress", a.post("k", "1").kind(t))
	close(release)
	<-first
}

func TestTheHandlerKnowsItsExecution(t *testing.T) {
	var seen []idem.Execution
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, idem.FromContext(r.Context()))
		w.WriteHeader(http.StatusInternalServerError)
	})
	a.post("k", "1")
	a.post("k", "1")
	require.Len(t, seen, 2)
	assert.Equal(t, "idempotency:http:ada:k", seen[0].Key)
	assert.Equal(t, 1, seen[0].Attempt)
	assert.Equal(t, 2, seen[1].Attempt)
	assert.Greater(t, seen[1].Fence, seen[0].Fence)
}

func TestOnlyWhatIsFinishedIsRecorded(t *testing.T) {
	for status, recorded := range map[int]bool{
		200: true, 201: true, 204: true, 303: true, 400: true, 402: true, 404: true, 409: true, 422: true,
		401: false, 403: false, 408: false, 425: false, 429: false, 500: false, 502: false, 503: false, 504: false,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			a := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
			a.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			for range 2 {
				assert.Equal(t, status, a.post("k", "1").StatusCode)
			}
			assert.Equal(t, recorded, a.runs.Load() == 1)
		})
	}
}

func TestTheOptionSaysWhatIsFinished(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if idem.FromContext(r.Context()).Attempt > 1 {
			w.Header().Set("Final", "yes")
		}
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, "sorry")
	}, idemhttp.WithFinished(func(r idemhttp.Response) bool {
		return r.Status == 500 && string(r.Body) == "sorry" && r.Header.Get("Final") == "yes"
	}))
	for range 4 {
		assert.Equal(t, "sorry", a.post("k", "1").body)
	}
	assert.Equal(t, int32(2), a.runs.Load())
}

// What a handler could not do is tried again, whatever the options of the task say.
func TestAnUnfinishedResponseIsNeverStoredAsAFailure(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		idemhttp.WithTask(idem.WithOnError(idem.ErrorStore)))
	a.post("k", "1")
	a.post("k", "1")
	assert.Equal(t, int32(2), a.runs.Load())
}

func TestAReleasedKeyStillStandsForItsRequest(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	a.post("k", "1")
	assert.Equal(t, "key-reused", a.post("k", "2").kind(t))
}

func TestAnInterruptedRequestIsForSomebodyToLookAt(t *testing.T) {
	store := memstore.New()
	a := serveOn(t, idem.New(store), created(), idemhttp.WithTask(idem.WithOnCrash(idem.CrashFail), idem.WithLease(100*time.Millisecond)))
	_, err := store.Claim(t.Context(), "idempotency:http:ada:k", idem.Claim{
		ID: "crashed", Now: time.Now(), Lease: time.Millisecond, Retention: time.Hour, Fingerprint: "of-another-process",
	})
	require.NoError(t, err)
	time.Sleep(5 * time.Millisecond)

	record, err := a.requests.Lookup(t.Context(), "ada", "k")
	require.NoError(t, err)
	assert.Equal(t, idem.StateInterrupted, record.State)

	require.NoError(t, a.requests.Resolve(t.Context(), "ada", "k", idemhttp.Response{
		Status: 201, Header: http.Header{"Location": {"/orders/7"}}, Body: []byte("{}"),
	}))
	assert.Equal(t, "key-reused", a.post("k", "1").kind(t), "a resolved key still stands for its request")

	require.NoError(t, a.requests.Forget(t.Context(), "ada", "k"))
	assert.Equal(t, 201, a.post("k", "1").StatusCode)
	for _, status := range []int{0, http.StatusContinue, 1000} {
		assert.ErrorContains(t, a.requests.Resolve(t.Context(), "ada", "x", idemhttp.Response{Status: status}), "no final status")
	}
}

func TestAnInterruptedRequestIsNotRunAgain(t *testing.T) {
	store := memstore.New()
	a := serveOn(t, idem.New(store), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		idemhttp.WithTask(idem.WithOnCrash(idem.CrashFail), idem.WithLease(100*time.Millisecond)))
	_, err := store.Claim(t.Context(), "idempotency:http:ada:k", idem.Claim{
		ID: "crashed", Now: time.Now(), Lease: time.Millisecond, Retention: time.Hour,
	})
	require.NoError(t, err)
	time.Sleep(5 * time.Millisecond)
	res := a.post("k", "1")
	assert.Equal(t, 500, res.StatusCode)
	assert.Equal(t, "interrupted", res.kind(t))
	assert.Empty(t, res.Header.Get("Retry-After"))
	assert.Zero(t, a.runs.Load())

	require.NoError(t, a.requests.Resolve(t.Context(), "ada", "k", idemhttp.Response{
		Status: 201, Header: http.Header{"Location": {"/orders/7"}}, Body: []byte("{}"),
	}))
	res = a.post("k", "1")
	assert.Equal(t, "/orders/7", res.Header.Get("Location"))
	assert.Equal(t, "{}", res.body)
}

func TestARecordThatCannotBeReadIsAFailure(t *testing.T) {
	store := memstore.New()
	a := serveOn(t, idem.New(store), created())
	_, err := store.Replace(t.Context(), "idempotency:http:ada:k", idem.Swap{New: []byte("i9 what"), TTL: time.Hour, IfAbsent: true})
	require.NoError(t, err)
	res := a.post("k", "1")
	assert.Equal(t, 500, res.StatusCode)
	assert.Equal(t, "failure", res.kind(t))
	assert.NotContains(t, res.body, "ada", "a problem tells nothing of the server's insides")
	assert.Zero(t, a.runs.Load())
}

func TestAClosedClientIsUnavailable(t *testing.T) {
	client := idemtest.NewClient(t)
	a := serveOn(t, client, created())
	require.NoError(t, client.Close(t.Context()))
	res := a.post("k", "1")
	assert.Equal(t, 503, res.StatusCode)
	assert.Equal(t, "unavailable", res.kind(t))
	assert.Equal(t, "1", res.Header.Get("Retry-After"))
}

func TestProblemsMayHaveAFormOfTheirOwn(t *testing.T) {
	a := serve(t, created(), idemhttp.WithProblemType("https://api.example.com/errors"),
		idemhttp.WithProblems(func(w http.ResponseWriter, r *http.Request, p idemhttp.Problem) {
			w.WriteHeader(p.Status)
			fmt.Fprintf(w, "%s %s %v", r.Method, p.Type, p.RetryAfter)
		}))
	assert.Equal(t, "POST https://api.example.com/errors#missing-key 0s", a.post("", "1").body)
}

func TestMountedTwiceItCountsOnce(t *testing.T) {
	requests := idemhttp.New(idemtest.NewClient(t), byCustomer)
	runs := 0
	handler := requests.Wrap(requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		runs++
		_, _ = io.Copy(w, r.Body)
	})))
	for range 2 {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("tea"))
		r.Header.Set("Idempotency-Key", "k")
		r.Header.Set("Customer", "ada")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		assert.Equal(t, "tea", w.Body.String())
	}
	assert.Equal(t, 1, runs)
}

func TestWhatIsWrongWithOptionsIsFoundAtOnce(t *testing.T) {
	client := idem.New(memstore.New())
	for want, f := range map[string]func(){
		"no client with a store":                  func() { idemhttp.New(nil, byCustomer) },
		"there is no scope":                       func() { idemhttp.New(client, nil) },
		`"a b" is no name of a header`:            func() { idemhttp.New(client, byCustomer, idemhttp.WithHeader("a b")) },
		`"Content-Length" cannot be replayed`:     func() { idemhttp.New(client, byCustomer, idemhttp.WithReplayedHeaders("Content-Length")) },
		`"A: b\r\nC" cannot be replayed`:          func() { idemhttp.New(client, byCustomer, idemhttp.WithReplayedHeaders("A: b\r\nC")) },
		"limit is negative, or that of keys zero": func() { idemhttp.New(client, byCustomer, idemhttp.WithMaxKeyLength(0)) },
		"ttl 1ms: from 1s":                        func() { idemhttp.New(client, byCustomer, idemhttp.WithTask(idem.WithTTL(time.Millisecond))) },
		"-1s is negative":                         func() { idemhttp.New(client, byCustomer, idemhttp.WithRetryAfter(-time.Second)) },
		"function of an option is nil":            func() { idemhttp.New(client, byCustomer, idemhttp.WithFinished(nil)) },
	} {
		func() {
			defer func() { assert.Contains(t, fmt.Sprint(recover()), want) }()
			f()
		}()
	}
}
