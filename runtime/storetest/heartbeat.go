package storetest

import (
	"crypto/rand"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

var heartbeatClauses = []clause{
	{"sets the expiry to the retention again", func(h *harness) {
		c := newClaim()
		record := h.owned(c)
		h.NoError(h.beat(idem.Lease{Key: h.key, Record: record, Retention: 2 * c.Retention}))
		h.Greater(h.lookup().TTL, c.Retention)
		h.LessOrEqual(h.lookup().TTL, 2*c.Retention)
		h.holds(record)
	}},
	{"keeps a lease alive past its length", func(h *harness) {
		c := newShortClaim()
		c.Lease = 500 * time.Millisecond
		record := h.owned(c)
		for end := time.Now().Add(3 * c.Lease); time.Now().Before(end); time.Sleep(c.Lease / 20) {
			sent := time.Now()
			err := h.beat(idem.Lease{Key: h.key, Record: record, Retention: c.Retention})
			h.NoError(err)
			r := h.contend(newClaim())
			if time.Since(sent) < c.Lease/2 { // unless this test itself was held up
				h.False(r.Owned)
			}
		}
	}},
	{"leaves the waiting mark where it is", func(h *harness) {
		c := newClaim()
		record := h.marked(c)
		h.NoError(h.beat(idem.Lease{Key: h.key, Record: c.Record().Bytes(), Retention: c.Retention}))
		h.holds(record)
	}},
	{"reports each of many claims once: held, marked, taken over, finished, absent", func(h *harness) {
		var held []idem.Lease
		var want []bool
		for i := range 200 {
			h.key = "storetest:" + rand.Text()
			c := newClaim()
			own := c.Record().Bytes()
			switch i % 5 {
			case 0:
				h.owned(c)
			case 1:
				h.marked(c)
			case 2:
				h.owned(newClaim())
			case 3:
				h.put(done(h, own, "1"))
			}
			held = append(held, idem.Lease{Key: h.key, Record: own, Retention: c.Retention})
			want = append(want, i%5 < 2)
		}
		reports := make([]int, len(held))
		h.store.Heartbeat(h.Context(), held, func(i int, err error) {
			reports[i]++
			if want[i] {
				h.NoError(err)
			} else {
				h.ErrorIs(err, idem.ErrLeaseLost)
			}
		})
		for i, n := range reports {
			h.Equal(1, n, "reports of claim %d", i)
		}
	}},
	{"of nothing returns without a report", func(h *harness) {
		h.store.Heartbeat(h.Context(), nil, func(int, error) { h.Fail("a report about nothing") })
	}},
	{"of a claim that somebody took over does not lengthen the new one", func(h *harness) {
		old := newShortClaim()
		record := h.stale(old)
		h.True(h.contend(newClaim()).Owned)
		before := h.lookup()
		h.ErrorIs(h.beat(idem.Lease{Key: h.key, Record: record, Retention: 24 * time.Hour}), idem.ErrLeaseLost)
		h.LessOrEqual(h.lookup().TTL, before.TTL)
		h.holds(before.Record)
	}},
	{"of a stale claim that nobody took over makes it live again", func(h *harness) {
		c := newShortClaim()
		record := h.stale(c)
		h.NoError(h.beat(idem.Lease{Key: h.key, Record: record, Retention: c.Retention}))
		h.Greater(h.lookup().TTL, c.Retention-c.Lease)
	}},
	{"of an expired claim does not bring it back", func(h *harness) {
		c := newClaim()
		h.ErrorIs(h.beat(idem.Lease{Key: h.key, Record: c.Record().Bytes(), Retention: c.Retention}), idem.ErrLeaseLost)
		h.Nil(h.lookup().Record)
	}},
}

func (h *harness) beat(l idem.Lease) error {
	h.Helper()
	result := error(nil)
	reported := 0
	h.store.Heartbeat(h.Context(), []idem.Lease{l}, func(i int, err error) {
		h.Equal(0, i)
		result = err
		reported++
	})
	h.Equal(1, reported)
	return result
}
