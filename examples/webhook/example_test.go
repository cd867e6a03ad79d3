package webhook_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/idemgen/idemgen/examples/webhook"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

func Example() {
	handler := webhook.Handler(idem.New(memstore.New()))
	for _, event := range []string{
		`{"id": "evt_1", "type": "invoice.paid", "invoice": "F-1"}`,
		`{"id": "evt_1", "type": "invoice.paid", "invoice": "F-1"}`,
		`{"id": "evt_2", "type": "invoice.drafted"}`,
		`{"id": "evt_3", "type": "invoice.paid"}`,
		`{"id": "evt_3", "type": "invoice.paid"}`,
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/hook", strings.NewReader(event)))
		fmt.Printf("%d %q\n", w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 "{\"invoice\":\"F-1\"}"
	// 200 "{\"invoice\":\"F-1\"}"
	// 204 ""
	// 422 "the event names no invoice"
	// 422 "the event names no invoice"
}
