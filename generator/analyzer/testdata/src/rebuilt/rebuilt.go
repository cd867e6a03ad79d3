// Package rebuilt builds wrappers where it uses them.
package rebuilt

import (
	"context"
	"net/http"

	"github.com/idemgen/idemgen/generator/analyzer/testdata/src/wrapped"
	idem "github.com/idemgen/idemgen/runtime"
)

var client *idem.Client

type server struct{ pay *wrapped.IdempotentPay }

func loop(ctx context.Context, all []wrapped.Pay) {
	for _, p := range all {
		w := wrapped.NewIdempotentPay(client) // want `a wrapper is built in a loop: build it once, beside its client`
		_, _ = w.Run(ctx, p)
	}
	for range 3 {
		_, _ = wrapped.NewSending[int](client).Deliver(ctx, nil) // want `built in a loop`
	}
	for w := wrapped.NewIdempotentPay(client); w != nil; w = nil {
		_ = w
	}
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	_, _ = wrapped.NewIdempotentPay(client).Run(r.Context(), wrapped.Pay{}) // want `built for each request`
	_, _ = s.pay.Run(r.Context(), wrapped.Pay{})
	//idem:direct the client differs from one request to the next
	_, _ = wrapped.NewIdempotentPay(client).Run(r.Context(), wrapped.Pay{})
}

func handler() http.HandlerFunc {
	pay := wrapped.NewIdempotentPay(client)
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = pay.Run(r.Context(), wrapped.Pay{})
		plain := wrapped.NewIdempotentPlain(client, func(context.Context, wrapped.Plain) (int, error) { return 0, nil }) // want `built for each request`
		_ = plain
	}
}

func table(clients map[string]*idem.Client) map[string]*wrapped.IdempotentPay {
	wrappers := map[string]*wrapped.IdempotentPay{}
	var all []*wrapped.IdempotentPay
	for name, c := range clients {
		wrappers[name] = wrapped.NewIdempotentPay(c)
		all = append(all, wrapped.NewIdempotentPay(c))
	}
	return wrappers
}
