package idemhttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemhttp"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// send posts to a handler as customer 7, and prints what it answers.
func send(handler http.Handler, key, body string) {
	r := httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader(body))
	r.Header.Set("Customer", "7")
	r.Header.Set("Idempotency-Key", key)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Body, " ", w.Header().Get("Idempotency-Replayed"))))
}

func ExampleNew() {
	client := idem.New(memstore.New()) // or a store on Redis, see redisstore.Open
	requests := idemhttp.New(client, func(r *http.Request) string {
		return r.Header.Get("Customer") // from what authenticated the request
	})
	orders := 0
	handler := requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		orders++
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, "order ", orders)
	}))
	send(handler, `"8e03978e"`, "tea")
	send(handler, `"8e03978e"`, "tea")
	send(handler, `"5a41c1f9"`, "tea")
	// Output:
	// 201 order 1
	// 201 order 1 true
	// 201 order 2
}

func ExampleUnscoped() {
	requests := idemhttp.New(idem.New(memstore.New()), idemhttp.Unscoped)
	handler := requests.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "done")
	}))
	send(handler, "k", "")
	// Output: 200 done
}

// A request waits up to ten seconds for one with the same key, rather than be told to
// come again.
func ExampleWithTask() {
	requests := idemhttp.New(idem.New(memstore.New()), idemhttp.Unscoped, idemhttp.WithTask(
		idem.WithTTL(48*time.Hour), idem.WithWait(10*time.Second),
	))
	_ = requests.Wrap(http.NotFoundHandler())
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

// Somebody on call looks at a request, and lets it be sent again.
func ExampleMiddleware_Lookup() {
	requests := idemhttp.New(idem.New(memstore.New()), func(r *http.Request) string { return r.Header.Get("Customer") })
	send(requests.Wrap(http.NotFoundHandler()), `"8e03"`, "")

	ctx := context.Background()
	record, err := requests.Lookup(ctx, "7", "8e03")
	fmt.Println(record.Key, record.State, record.Result.Value.Status, err)
	fmt.Println(requests.Forget(ctx, "7", "8e03"))
	// Output:
	// 404 404 page not found
	// idempotency:http:7:8e03 done 404 <nil>
	// <nil>
}
