// Package webhook answers a provider that delivers an event again until it likes
// the answer.
//
// What it teaches: return-cached gives each delivery the answer of the first
// one, so the provider cannot tell them apart. A task ends in four ways, and each
// means something here: a value is the answer; idem.Skip says that there was
// nothing to do; idem.Fail says that it will never work, so that a redelivery is
// not tried again; any other error lets the redelivery try. Here the key is in the
// body; for clients that send one in a header, see the example api.
package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	idem "github.com/idemgen/idemgen/runtime"
)

//go:generate go tool idemgen

// An Ack is the answer to an event.
type Ack struct {
	Invoice string `json:"invoice"`
}

// ProcessWebhook handles one event. The provider redelivers for some days, so
// the answer is remembered for longer than that.
//
//idem:task key=EventID ttl=7d on-duplicate=return-cached
type ProcessWebhook struct {
	EventID string `json:"id"`
	Type    string `json:"type"`
	Invoice string `json:"invoice"`
}

// Run handles the event.
func (w ProcessWebhook) Run(context.Context) (Ack, error) {
	switch {
	case w.Type != "invoice.paid":
		return Ack{}, idem.Skip("not for us", map[string]any{"type": w.Type})
	case w.Invoice == "":
		return Ack{}, idem.Fail("the event names no invoice", map[string]any{"code": "NO_INVOICE"})
	}
	return Ack{Invoice: w.Invoice}, nil
}

// Handler serves the provider's deliveries.
func Handler(client *idem.Client) http.Handler {
	process := NewIdempotentProcessWebhook(client)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event ProcessWebhook
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		res, err := process.Run(r.Context(), event)
		switch {
		case errors.Is(err, idem.ErrFailed), errors.Is(err, idem.ErrEmptyKey):
			http.Error(w, res.Reason, http.StatusUnprocessableEntity)
		case err != nil: // also that of a store that does not answer: come again
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		case res.Status == idem.StatusSkipped:
			w.WriteHeader(http.StatusNoContent)
		default:
			_ = json.NewEncoder(w).Encode(res.Value)
		}
	})
}
