package webhooks_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/idemgen/idemgen/examples/recipes/webhooks"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemtest"
)

var secret = []byte("shared with the sender")

func deliver(h http.Handler, body, signature string) int {
	r := httptest.NewRequest(http.MethodPost, "/events", strings.NewReader(body))
	r.Header.Set("Signature", signature)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func sign(body string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

func TestAnEventIsHandledOnceHoweverOftenItIsDelivered(t *testing.T) {
	handled := 0
	down := errors.New("the database is down")
	h := webhooks.Receive(idemtest.NewClient(t), "shop", secret, func(context.Context, webhooks.HandleEvent) error {
		handled++
		if handled == 1 {
			return down
		}
		return nil
	})
	event := `{"id": "evt_1", "data": {"order": 7}}`
	assert.Equal(t, http.StatusServiceUnavailable, deliver(h, event, sign(event)), "come again")
	assert.Equal(t, http.StatusNoContent, deliver(h, event, sign(event)))
	assert.Equal(t, http.StatusNoContent, deliver(h, event, sign(event)))
	assert.Equal(t, 2, handled, "the last one was a duplicate")

	assert.Equal(t, http.StatusForbidden, deliver(h, event, sign("another event")))
	assert.Equal(t, http.StatusForbidden, deliver(h, event, ""))
	assert.Equal(t, http.StatusBadRequest, deliver(h, `{}`, sign(`{}`)))
	assert.Equal(t, 2, handled)
}

func TestSendersDoNotMeet(t *testing.T) {
	client := idemtest.NewClient(t)
	var from []string
	handle := func(_ context.Context, e webhooks.HandleEvent) error {
		from = append(from, e.Sender)
		return nil
	}
	event := `{"id": "1"}`
	for _, sender := range []string{"shop", "bank", "shop"} {
		assert.Equal(t, http.StatusNoContent, deliver(webhooks.Receive(client, sender, secret, handle), event, sign(event)))
	}
	assert.Equal(t, []string{"shop", "bank"}, from)
}

func TestADeliveryBesideOneInProgressIsToComeAgain(t *testing.T) {
	client := idemtest.NewClient(t)
	event := `{"id": "evt_1"}`
	var h http.Handler
	beside := 0
	h = webhooks.Receive(client, "shop", secret, func(context.Context, webhooks.HandleEvent) error {
		beside = deliver(h, event, sign(event))
		return nil
	})
	assert.Equal(t, http.StatusNoContent, deliver(h, event, sign(event)))
	assert.Equal(t, http.StatusConflict, beside)
}

func TestAnEventThatWillNeverWorkIsNotTriedAgain(t *testing.T) {
	handled := 0
	h := webhooks.Receive(idemtest.NewClient(t), "shop", secret, func(context.Context, webhooks.HandleEvent) error {
		handled++
		return idem.Fail("there is no such order", nil)
	})
	event := `{"id": "evt_1"}`
	assert.Equal(t, http.StatusUnprocessableEntity, deliver(h, event, sign(event)))
	assert.Equal(t, http.StatusNoContent, deliver(h, event, sign(event)), "a duplicate under skip has no error")
	assert.Equal(t, 1, handled)
}
