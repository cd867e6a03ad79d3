// Package api serves orders over HTTP to clients that send a request again until they
// get an answer, with a key in the header Idempotency-Key.
//
// What it teaches: package idemhttp makes a handler run once for each key, without an
// annotation and without code in the handler. The scope says whose a key is, from
// what authenticated the request; the middleware stands inside of that, around the
// handlers that change something. What the handler answers is what a retry gets, so
// it answers 500 only where a retry may run it again.
package api

import (
	"context"
	"encoding/json"
	"net/http"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemhttp"
)

// An Order is what a customer wants.
type Order struct {
	SKU   string `json:"sku"`
	Count int    `json:"count"`
}

// A Shop takes orders. The reference is the same for each attempt at one order.
type Shop interface {
	Place(ctx context.Context, customer, reference string, o Order) (id string, err error)
}

// Handler serves the API. Tokens are the customers' secrets.
func Handler(client *idem.Client, shop Shop, tokens map[string]string) http.Handler {
	requests := idemhttp.New(client, customer, idemhttp.WithName("orders"))
	mux := http.NewServeMux()
	mux.Handle("POST /orders", requests.Wrap(place(shop)))
	return authenticate(tokens, mux)
}

// place answers with the new order.
func place(shop Shop) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var o Order
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil || o.Count < 1 {
			http.Error(w, "an order has a sku and a count", http.StatusBadRequest)
			return
		}
		id, err := shop.Place(r.Context(), customer(r), idem.FromContext(r.Context()).Key, o)
		if err != nil {
			http.Error(w, "come again", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Location", "/orders/"+id)
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]string{"id": id})
	})
}

// customer tells whose a request is, once it is authenticated.
func customer(r *http.Request) string {
	name, _ := r.Context().Value(customerKey{}).(string)
	return name
}

type customerKey struct{}

func authenticate(tokens map[string]string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := tokens[r.Header.Get("Authorization")]
		if !ok {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), customerKey{}, name)))
	})
}
