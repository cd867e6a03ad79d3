package idemhttp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemhttp"
	"github.com/idemgen/idemgen/runtime/memstore"
)

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

// send posts to a handler as customer 7, and prints what it answers.
func send(handler http.Handler, key, body string) {
	r := post(body)
	r.Header.Set("Idempotency-Key", key)
	show(handler, r)
}

// post returns a request of customer 7.
func post(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader(body))
	r.Header.Set("Customer", "7")
	return r
}

// show prints what a handler answers to a request: of a problem, what it is.
func show(handler http.Handler, r *http.Request) {
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	body := w.Body.String()
	if w.Header().Get("Content-Type") == "application/problem+json" {
		var p idemhttp.Problem
		_ = json.Unmarshal(w.Body.Bytes(), &p)
		body = p.Title + ": " + p.Detail
	}
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", body, " ", w.Header().Get("Idempotency-Replayed"))))
}
