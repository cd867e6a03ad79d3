// Package idemtest is for tests of your own tasks: a client whose memory is the
// test's own, and which sees to it that the test leaves nothing unfinished.
//
//	func TestPaymentIsChargedOnce(t *testing.T) {
//		pay := billing.NewIdempotentProcessPayment(idemtest.NewClient(t))
//		…
//	}
//
// Time is testing/synctest's where the test runs in a bubble: leases, waits and
// ttls pass without anybody waiting for them.
package idemtest

import (
	"context"
	"testing"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// closeLimit is how long the end of a test waits for calls that still run.
const closeLimit = 5 * time.Second

// NewClient returns a client with a memory store of its own. When the test
// ends, the client is closed, and the test fails if a call has not returned or
// a claim is left behind: a task that never finished, or one that is still
// waiting for another.
func NewClient(t testing.TB, opts ...idem.Option) *idem.Client {
	t.Helper()
	store := memstore.New()
	client := idem.New(store, opts...)
	t.Cleanup(func() {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
		defer cancel()
		if err := client.Close(ctx); err != nil {
			t.Errorf("idemtest: calls that have not returned: %v", err)
		}
		for key, record := range store.Records() {
			if record.State == idem.StateRunning {
				t.Errorf("idemtest: unfinished claim on %s: execution %s, attempt %d", key, record.ID, record.Attempt)
			}
		}
	})
	return client
}
