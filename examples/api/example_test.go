package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/idemgen/idemgen/examples/api"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// A ledger is a shop that counts.
type ledger int

func (l *ledger) Place(context.Context, string, string, api.Order) (string, error) {
	*l++
	return fmt.Sprint(*l), nil
}

func Example() {
	handler := api.Handler(idem.New(memstore.New()), new(ledger), map[string]string{
		"Bearer 1": "ada", "Bearer 2": "bob",
	})
	post := func(token, key, body string) {
		r := httptest.NewRequest(http.MethodPost, "/orders", strings.NewReader(body))
		r.Header.Set("Authorization", token)
		if key != "" {
			r.Header.Set("Idempotency-Key", key)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		text, _, _ := strings.Cut(w.Body.String(), "\n")
		if _, title, ok := strings.Cut(text, `"title":"`); ok {
			text, _, _ = strings.Cut(title, `"`)
		}
		fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", text, " ", w.Header().Get("Idempotency-Replayed"))))
	}
	post("Bearer 1", `"k1"`, `{"sku": "tea", "count": 2}`)
	post("Bearer 1", `"k1"`, `{"sku": "tea", "count": 2}`)
	post("Bearer 1", `"k1"`, `{"sku": "tea", "count": 3}`)
	post("Bearer 2", `"k1"`, `{"sku": "tea", "count": 2}`)
	post("Bearer 1", "", `{"sku": "tea", "count": 2}`)
	post("Bearer 1", `"k2"`, `{"sku": "tea"}`)
	// Output:
	// 201 {"id":"1"}
	// 201 {"id":"1"} true
	// 422 Idempotency-Key was used for another request
	// 201 {"id":"2"}
	// 400 Idempotency-Key is missing
	// 400 an order has a sku and a count
}
