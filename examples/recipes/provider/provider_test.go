package provider_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/examples/recipes/provider"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemtest"
)

// A fakeProvider charges whatever it is asked for, under each key once.
type fakeProvider struct {
	mu      sync.Mutex
	charges map[string]provider.Charge
	made    int
	fail    func(w http.ResponseWriter) // what becomes of the next charge's answer
	forgets bool                        // its idempotency keys, at once
}

func (p *fakeProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Method == http.MethodGet {
		charge, ok := p.charges[r.PathValue("reference")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(charge)
		return
	}
	key := r.Header.Get("Idempotency-Key")
	charge, known := p.charges[key]
	if !known || p.forgets {
		p.made++
		charge = provider.Charge{ID: fmt.Sprintf("ch_%d", p.made)}
		_, _ = fmt.Sscan(r.FormValue("cents"), &charge.Cents)
		p.charges[r.FormValue("reference")] = charge
	}
	if fail := p.fail; fail != nil {
		p.fail = nil
		fail(w)
		return
	}
	_ = json.NewEncoder(w).Encode(charge)
}

func start(t *testing.T) (*fakeProvider, *provider.Provider) {
	t.Helper()
	fake := &fakeProvider{charges: map[string]provider.Charge{}}
	mux := http.NewServeMux()
	mux.Handle("POST /charges", fake)
	mux.Handle("GET /charges/{reference}", fake)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return fake, &provider.Provider{URL: server.URL, Client: server.Client()}
}

func TestAChargeWhoseAnswerIsLostIsFoundByTheNextAttempt(t *testing.T) {
	fake, client := start(t)
	fake.forgets = true // so that only asking can help
	fake.fail = func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	charge := provider.NewIdempotentChargeOrder(idemtest.NewClient(t))
	task := provider.ChargeOrder{OrderID: "A-7", Cents: 9999, Provider: client}

	_, err := charge.Run(t.Context(), task)
	require.Error(t, err, "the connection breaks")
	assert.Empty(t, idem.Code(err), "which is the task's own error")
	res, err := charge.Run(t.Context(), task)
	require.NoError(t, err)
	assert.Equal(t, provider.Charge{ID: "ch_1", Cents: 9999}, res.Value)
	assert.Equal(t, 1, fake.made)
}

func TestADeclinedCardIsAnAnswer(t *testing.T) {
	fake, client := start(t)
	charge := provider.NewIdempotentChargeOrder(idemtest.NewClient(t))
	fake.fail = func(w http.ResponseWriter) { w.WriteHeader(http.StatusPaymentRequired) }
	for range 2 {
		_, err := charge.Run(t.Context(), provider.ChargeOrder{OrderID: "A-7", Cents: 9999, Provider: client})
		require.ErrorIs(t, err, idem.ErrFailed)
		assert.Equal(t, "CARD_DECLINED", idem.Code(err))
	}
	assert.Equal(t, 1, fake.made, "it was not asked again")
}

func TestAnOrderIsNotChargedWithAnotherAmount(t *testing.T) {
	fake, client := start(t)
	charge := provider.NewIdempotentChargeOrder(idemtest.NewClient(t))
	_, err := charge.Run(t.Context(), provider.ChargeOrder{OrderID: "A-7", Cents: 9999, Provider: client})
	require.NoError(t, err)
	_, err = charge.Run(t.Context(), provider.ChargeOrder{OrderID: "A-7", Cents: 1, Provider: client})
	require.ErrorIs(t, err, idem.ErrMismatch)
	assert.Equal(t, 1, fake.made)
}
