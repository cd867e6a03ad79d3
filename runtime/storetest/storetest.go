// Package storetest says, as tests, what every [idem.Store] must do. A store's
// own tests call [Run]; whoever writes a new store starts there.
package storetest

import (
	"context"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
)

// Run tests a store. open is called once for each subtest, which runs in
// parallel with others and uses keys of its own, so that it may return the same
// store every time. Leases here are as short as 100 milliseconds and really run
// out; nothing is expected to be fast.
func Run(t *testing.T, open func(t *testing.T) idem.Store) {
	groups := []struct {
		verb    string
		clauses []clause
	}{
		{"claim", claimClauses},
		{"contend", contendClauses},
		{"contend over a corrupt record", corruptClauses},
		{"heartbeat", heartbeatClauses},
		{"replace", replaceClauses},
		{"lookup", lookupClauses},
		{"subscribe", subscribeClauses},
		{"context", contextClauses},
		{"concurrency", concurrencyClauses},
	}
	for _, g := range groups {
		t.Run(g.verb, func(t *testing.T) {
			for _, c := range g.clauses {
				t.Run(c.says, func(t *testing.T) {
					t.Parallel()
					c.test(&harness{T: t, Assertions: require.New(t), store: open(t), key: "storetest:" + rand.Text()})
				})
			}
		})
	}
}

// A clause is one sentence of what a store promises, with its proof.
type clause struct {
	says string
	test func(h *harness)
}

const (
	longLease  = time.Minute
	shortLease = 100 * time.Millisecond
	ttl        = 10 * time.Minute
)

// A harness is one subtest with a store and a key. Its methods fail the test on
// errors that the test does not expect.
type harness struct {
	*testing.T
	*require.Assertions
	store idem.Store
	key   string
}

// newClaim returns a claim that would live for a minute.
func newClaim() idem.Claim { return leased(longLease) }

// newShortClaim returns a claim that is soon stale.
func newShortClaim() idem.Claim { return leased(shortLease) }

func leased(lease time.Duration) idem.Claim {
	return idem.Claim{
		ID: rand.Text(), Now: time.Now(), Lease: lease, Retention: lease + ttl, OnCrash: idem.CrashRetry,
	}
}

func (h *harness) claim(c idem.Claim) idem.Reply {
	h.Helper()
	r, err := h.store.Claim(h.Context(), h.key, c)
	h.NoError(err)
	return r
}

func (h *harness) contend(c idem.Claim) idem.Reply {
	h.Helper()
	r, err := h.store.Contend(h.Context(), h.key, c)
	h.NoError(err)
	return r
}

// owned claims the key for c and returns its record.
func (h *harness) owned(c idem.Claim) []byte {
	h.Helper()
	r := h.claim(c)
	h.True(r.Owned, "the key is free")
	return r.Record
}

// stale claims the key for c and waits until its lease has run out.
func (h *harness) stale(c idem.Claim) []byte {
	h.Helper()
	record := h.owned(c)
	h.until(func() bool {
		r := h.lookup()
		return parsed(h, r.Record).LeaseLeft(r.TTL) <= 0
	})
	return record
}

// marked claims the key for c and has somebody else set the waiting mark.
func (h *harness) marked(c idem.Claim) []byte {
	h.Helper()
	h.owned(c)
	r := h.contend(newClaim())
	h.False(r.Owned)
	return r.Record
}

// put stores bytes under the absent key, be they a record or not.
func (h *harness) put(value []byte) {
	h.Helper()
	h.True(h.replace(idem.Swap{New: value, TTL: ttl, IfAbsent: true}), "the key is free")
}

func (h *harness) replace(s idem.Swap) bool {
	h.Helper()
	ok, err := h.store.Replace(h.Context(), h.key, s)
	h.NoError(err)
	return ok
}

func (h *harness) lookup() idem.Reply {
	h.Helper()
	r, err := h.store.Lookup(h.Context(), h.key)
	h.NoError(err)
	return r
}

// holds requires the key to hold exactly these bytes.
func (h *harness) holds(want []byte) {
	h.Helper()
	h.Equal(string(want), string(h.lookup().Record), "what the key holds")
}

func (h *harness) subscribe() (wake <-chan struct{}, cancel func()) {
	h.Helper()
	wake, cancel, err := h.store.Subscribe(h.Context(), h.key)
	h.NoError(err)
	h.Cleanup(cancel)
	return wake, cancel
}

// wakes requires a wake-up to arrive, sooner or later.
func (h *harness) wakes(wake <-chan struct{}) {
	h.Helper()
	select {
	case <-wake:
	case <-time.After(10 * time.Second):
		h.Fail("no wake-up arrived")
	}
}

// until polls for something that must come true sooner or later.
func (h *harness) until(condition func() bool) {
	h.Helper()
	for end := time.Now().Add(20 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		h.True(time.Now().Before(end), "it did not come true in 20 seconds")
	}
}

func parsed(h *harness, record []byte) idem.StoredRecord {
	h.Helper()
	r, err := idem.ParseRecord(record)
	h.NoError(err)
	return r
}

// done is the answer of the execution that the running record stands for.
func done(h *harness, running []byte, value string) []byte {
	h.Helper()
	r := parsed(h, running)
	return idem.StoredRecord{
		State: idem.StateDone, Status: idem.StatusSuccess, ID: r.ID, Attempt: r.Attempt, Fence: r.Fence,
		Started: r.Started, Took: time.Second, Fingerprint: r.Fingerprint,
		Value: []byte(value), HasValue: true, Codec: idem.JSON.Name(),
	}.Bytes()
}

// released is what is left of the execution of the record when it is given up.
func released(h *harness, record []byte) []byte {
	h.Helper()
	r := parsed(h, record)
	return idem.StoredRecord{
		State: idem.StateReleased, ID: r.ID, Attempt: r.Attempt, Fence: r.Fence,
		Started: r.Started, Fingerprint: r.Fingerprint,
	}.Bytes()
}

// mark returns the running record with its waiting mark set.
func mark(record []byte) []byte { return idem.Marked(slices.Clone(record)) }

// cancelled returns a context that has ended.
func cancelled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
