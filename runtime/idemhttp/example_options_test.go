package idemhttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemhttp"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// A request waits up to ten seconds for one with the same key, rather than be told to
// come again, and its response is kept for two days.
func ExampleWithTask() {
	requests := idemhttp.New(idem.New(memstore.New()), customer, idemhttp.WithTask(
		idem.WithTTL(48*time.Hour), idem.WithWait(10*time.Second),
	))
	send(requests.Wrap(order), "8e03", "tea")
	record, err := requests.Lookup(context.Background(), "7", "8e03")
	fmt.Println(time.Until(record.ExpiresAt).Round(time.Hour), err)
	// Output:
	// 201 order of tea
	// 48h0m0s <nil>
}

// Two services share a Redis, and may meet the same key.
func ExampleWithName() {
	client := idem.New(memstore.New())
	orders := idemhttp.New(client, customer, idemhttp.WithName("orders"))
	refunds := idemhttp.New(client, customer, idemhttp.WithName("refunds"))
	send(orders.Wrap(order), "8e03", "tea")
	send(refunds.Wrap(order), "8e03", "jam")
	record, err := orders.Lookup(context.Background(), "7", "8e03")
	fmt.Println(record.Key, err)
	// Output:
	// 201 order of tea
	// 201 order of jam
	// idempotency:orders:7:8e03 <nil>
}

// For clients that have another header already.
func ExampleWithHeader() {
	requests := idemhttp.New(idem.New(memstore.New()), customer, idemhttp.WithHeader("Request-Id"))
	for range 2 {
		r := post("tea")
		r.Header.Set("Request-Id", "8e03")
		show(requests.Wrap(order), r)
	}
	// Output:
	// 201 order of tea
	// 201 order of tea true
}

// Clients of before the header was introduced may go on without.
func ExampleWithRequired() {
	requests := idemhttp.New(idem.New(memstore.New()), customer,
		idemhttp.WithRequired(func(r *http.Request) bool { return r.Header.Get("Api-Version") >= "2026-05-01" }))
	for _, version := range []string{"2025-11-01", "2026-05-01"} {
		r := post("tea")
		r.Header.Set("Api-Version", version)
		show(requests.Wrap(order), r)
	}
	// Output:
	// 201 order of tea
	// 400 Idempotency-Key is missing: Send the header Idempotency-Key, with a value that is new for each request and the same for its retries.
}

func ExampleWithKeyRule() {
	uuid := regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	requests := idemhttp.New(idem.New(memstore.New()), customer, idemhttp.WithKeyRule(func(key string) error {
		if !uuid.MatchString(key) {
			return errors.New("it must be a UUID")
		}
		return nil
	}))
	send(requests.Wrap(order), "order-123", "tea")
	send(requests.Wrap(order), "8e03978e-40d5-43e8-bc93-6894a57f9324", "tea")
	// Output:
	// 400 Idempotency-Key is malformed: Idempotency-Key: it must be a UUID.
	// 201 order of tea
}

func ExampleWithMaxKeyLength() {
	requests := idemhttp.New(idem.New(memstore.New()), customer, idemhttp.WithMaxKeyLength(36))
	send(requests.Wrap(order), strings.Repeat("8", 40), "tea")
	// Output: 400 Idempotency-Key is malformed: Idempotency-Key: it has 40 characters, and at most 36 are allowed.
}

func ExampleWithMaxRequestBody() {
	requests := idemhttp.New(idem.New(memstore.New()), customer, idemhttp.WithMaxRequestBody(10)) // in bytes
	send(requests.Wrap(order), "8e03", "a great deal of tea")
	send(requests.Wrap(order), "8e03", "tea")
	// Output:
	// 413 The request's body is too large: At most 10 bytes are allowed.
	// 201 order of tea
}

// What is larger is sent, and not kept. Nothing runs again.
func ExampleWithMaxResponseBody() {
	requests := idemhttp.New(idem.New(memstore.New()), customer, idemhttp.WithMaxResponseBody(20)) // in bytes
	for range 2 {
		send(requests.Wrap(order), "8e03", "a great deal of tea")
	}
	// Output:
	// 201 order of a great deal of tea
	// 409 The response was not kept: The request was handled when it came first, and is not handled again. Its response cannot be replayed.
}

// A time in the body does not make a retry another request.
func ExampleWithFingerprint() {
	requests := idemhttp.New(idem.New(memstore.New()), idemhttp.Unscoped,
		idemhttp.WithFingerprint(func(_ *http.Request, body []byte) ([]byte, error) {
			var fields map[string]any
			if err := json.Unmarshal(body, &fields); err != nil {
				return nil, err
			}
			delete(fields, "sentAt")
			return json.Marshal(fields)
		}))
	handler := requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "done")
	}))
	send(handler, "k", `{"sku": "tea", "sentAt": "9:00"}`)
	send(handler, "k", `{"sentAt": "9:01", "sku": "tea"}`)
	// Output:
	// 200 done
	// 200 done true
}

// Only what succeeded is kept: a client may mend a request that was refused, under a
// key of its own or with a retry later.
func ExampleWithFinished() {
	requests := idemhttp.New(idem.New(memstore.New()), idemhttp.Unscoped,
		idemhttp.WithFinished(func(r idemhttp.Response) bool { return r.Status < 400 }))
	stock := 0
	handler := requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if stock++; stock == 1 {
			w.WriteHeader(http.StatusConflict)
		}
	}))
	send(handler, "k", "")
	send(handler, "k", "")
	send(handler, "k", "")
	// Output:
	// 409
	// 200
	// 200  true
}

// A retry gets the handler's own header, too.
func ExampleWithReplayedHeaders() {
	requests := idemhttp.New(idem.New(memstore.New()), customer, idemhttp.WithReplayedHeaders("Order-Number"))
	handler := requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Order-Number", "1")
		w.Header().Set("Served-By", "host-3")
	}))
	for range 2 {
		r, w := post("tea"), httptest.NewRecorder()
		r.Header.Set("Idempotency-Key", "8e03")
		handler.ServeHTTP(w, r)
		fmt.Printf("%q %q\n", w.Header().Get("Order-Number"), w.Header().Get("Served-By"))
	}
	// Output:
	// "1" "host-3"
	// "1" ""
}

// A request that comes while the first one is in progress: here the handler sends it.
func ExampleWithRetryAfter() {
	requests := idemhttp.New(idem.New(memstore.New()), customer, idemhttp.WithRetryAfter(5*time.Second))
	var handler http.Handler
	handler = requests.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		r, w := post("tea"), httptest.NewRecorder()
		r.Header.Set("Idempotency-Key", "8e03")
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, "Retry-After:", w.Header().Get("Retry-After"))
	}))
	send(handler, "8e03", "tea")
	// Output:
	// 409 Retry-After: 5
	// 200
}

// A problem's type is an address where your clients can read what to do.
func ExampleWithProblemType() {
	requests := idemhttp.New(idem.New(memstore.New()), customer,
		idemhttp.WithProblemType("https://api.example.com/problems"))
	w := httptest.NewRecorder()
	requests.Wrap(order).ServeHTTP(w, post("tea"))
	var problem idemhttp.Problem
	err := json.NewDecoder(w.Body).Decode(&problem)
	fmt.Println(problem.Type, err)
	// Output: https://api.example.com/problems#missing-key <nil>
}

// An API with a form of its own for errors.
func ExampleWithProblems() {
	requests := idemhttp.New(idem.New(memstore.New()), idemhttp.Unscoped,
		idemhttp.WithProblems(func(w http.ResponseWriter, _ *http.Request, p idemhttp.Problem) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(p.Status)
			fmt.Fprintf(w, `{"error": %q}`, p.Title)
		}))
	send(requests.Wrap(http.NotFoundHandler()), `"k`, "")
	// Output: 400 {"error": "Idempotency-Key is malformed"}
}

// A search that nobody reads may stop. It answers 503, so that the next one starts
// afresh.
func ExampleWithCancelOnDisconnect() {
	requests := idemhttp.New(idem.New(memstore.New()), customer, idemhttp.WithCancelOnDisconnect())
	ctx, disconnect := context.WithCancel(context.Background())
	handler := requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		disconnect() // as if the client had gone
		<-r.Context().Done()
		fmt.Println("stopped:", r.Context().Err())
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	r := post("tea").WithContext(ctx)
	r.Header.Set("Idempotency-Key", "8e03")
	show(handler, r)
	// Output:
	// stopped: context canceled
	// 503
}

// customer is the scope: in a program, from what authenticated the request.
func customer(r *http.Request) string { return r.Header.Get("Customer") }

// order is the handler of the examples.
var order = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	article, _ := io.ReadAll(r.Body)
	w.WriteHeader(http.StatusCreated)
	fmt.Fprintf(w, "order of %s", article)
})
