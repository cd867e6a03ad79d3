// Package webhooks receives events that their sender signs, and sends again until it
// likes the answer.
//
// What it teaches: who sent it is checked before anything else; the key is the
// sender's own for the event; a delivery that meets one in progress does not wait,
// since the sender will come again anyway.
package webhooks

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	idem "github.com/idemgen/idemgen/runtime"
)

//go:generate go tool idemgen

// HandleEvent handles an event of a sender.
//
//idem:task key=Sender,ID ttl=14d wait=0
type HandleEvent struct {
	Sender string          `json:"-"`
	ID     string          `json:"id"`
	Data   json.RawMessage `json:"data"`
}

// limit is the largest event in bytes.
const limit = 1 << 20

// Receive serves the deliveries of a sender with whom a secret is shared.
func Receive(client *idem.Client, sender string, secret []byte, handle func(context.Context, HandleEvent) error) http.Handler {
	events := NewIdempotentHandleEvent(client, func(ctx context.Context, e HandleEvent) (struct{}, error) {
		return struct{}{}, handle(ctx, e)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
		if err != nil || !signed(body, r.Header.Get("Signature"), secret) {
			http.Error(w, "the event is not signed, or too large", http.StatusForbidden)
			return
		}
		event := HandleEvent{Sender: sender}
		if err := json.Unmarshal(body, &event); err != nil || event.ID == "" {
			http.Error(w, "this is no event", http.StatusBadRequest)
			return
		}
		_, err = events.Run(r.Context(), event)
		w.WriteHeader(status(err))
	})
}

// status is how the sender learns whether to come again.
func status(err error) int {
	switch {
	case err == nil, errors.Is(err, idem.ErrNotRecorded):
		return http.StatusNoContent // handled, now or before
	case errors.Is(err, idem.ErrFailed):
		return http.StatusUnprocessableEntity // it will never work
	case errors.Is(err, idem.ErrInProgress):
		return http.StatusConflict
	}
	return http.StatusServiceUnavailable // come again
}

// signed tells whether the signature is the HMAC-SHA-256 of the body, in hex.
func signed(body []byte, signature string, secret []byte) bool {
	given, err := hex.DecodeString(signature)
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}
