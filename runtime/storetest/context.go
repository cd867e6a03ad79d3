package storetest

import (
	"context"

	idem "github.com/idemgen/idemgen/runtime"
)

var contextClauses = []clause{
	{"that has ended ends a claim with its error", func(h *harness) {
		_, err := h.store.Claim(cancelled(), h.key, newClaim())
		h.ErrorIs(err, context.Canceled)
	}},
	{"that has ended ends a contend with its error", func(h *harness) {
		_, err := h.store.Contend(cancelled(), h.key, newClaim())
		h.ErrorIs(err, context.Canceled)
	}},
	{"that has ended ends a replace with its error", func(h *harness) {
		record := newClaim().Record().Bytes()
		_, err := h.store.Replace(cancelled(), h.key, idem.Swap{New: record, TTL: ttl, IfAbsent: true})
		h.ErrorIs(err, context.Canceled)
	}},
	{"that has ended ends a lookup with its error", func(h *harness) {
		_, err := h.store.Lookup(cancelled(), h.key)
		h.ErrorIs(err, context.Canceled)
	}},
	{"that has ended ends a subscribe with its error", func(h *harness) {
		_, _, err := h.store.Subscribe(cancelled(), h.key)
		h.ErrorIs(err, context.Canceled)
	}},
	{"that has ended is reported for every claim of a heartbeat", func(h *harness) {
		c := newClaim()
		lease := idem.Lease{Key: h.key, Record: h.owned(c), Retention: c.Retention}
		reports := 0
		h.store.Heartbeat(cancelled(), []idem.Lease{lease, lease}, func(_ int, err error) {
			reports++
			h.ErrorIs(err, context.Canceled)
		})
		h.Equal(2, reports)
	}},
	{"without an end works as well", func(h *harness) {
		ctx := context.Background()
		r, err := h.store.Claim(ctx, h.key, newClaim())
		h.NoError(err)
		h.True(r.Owned)
		_, err = h.store.Contend(ctx, h.key, newClaim())
		h.NoError(err)
		_, err = h.store.Lookup(ctx, h.key)
		h.NoError(err)
	}},
}
