package admin_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/examples/admin"
	"github.com/idemgen/idemgen/examples/payment"
	"github.com/idemgen/idemgen/internal/redistest"
)

// operatorsOnly stands for a team's login.
func operatorsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); !ok {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// bank charges whatever it is asked to.
type bank struct{}

func (bank) Charge(context.Context, string, int64) (payment.Receipt, error) {
	return payment.Receipt{ID: "receipt-123"}, nil
}

func (bank) Find(context.Context, string) (payment.Receipt, error) {
	return payment.Receipt{}, payment.ErrNoCharge
}

func TestOperatorsSeeWhatHasRun(t *testing.T) {
	client, pages := admin.New(redistest.Start(t).Client(), operatorsOnly)
	pay := payment.NewIdempotentProcessPayment(client)
	_, err := pay.Run(t.Context(), payment.ProcessPayment{OrderID: 123, Amount: 9999, Bank: bank{}})
	require.NoError(t, err)

	visit := func(as string) *httptest.ResponseRecorder {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/admin/idem/", http.NoBody)
		if as != "" {
			request.SetBasicAuth(as, "")
		}
		response := httptest.NewRecorder()
		pages.ServeHTTP(response, request)
		return response
	}
	assert.Equal(t, http.StatusUnauthorized, visit("").Code)
	page := visit("ada").Body.String()
	assert.Contains(t, page, "Nothing is stuck")
	assert.Contains(t, page, "<b>1</b> done")
	assert.Contains(t, page, "<dt>executions</dt><dd>1</dd>")
}
