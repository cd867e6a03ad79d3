package storetest

import idem "github.com/idemgen/idemgen/runtime"

var claimClauses = []clause{
	{"of an absent key owns it with attempt 1 and the caller's clock as fence", func(h *harness) {
		c := newClaim()
		r := h.claim(c)
		h.True(r.Owned)
		h.Equal(string(c.Record().Bytes()), string(r.Record))
		h.Empty(r.From)
		h.holds(c.Record().Bytes())
		h.LessOrEqual(h.lookup().TTL, c.Retention, "the record expires with its retention")
		h.Positive(h.lookup().TTL)
	}},
	{"sent again finds its own record and owns", func(h *harness) {
		c := newClaim()
		record := h.owned(c)
		r := h.claim(c)
		h.True(r.Owned)
		h.Equal(string(record), string(r.Record))
		h.holds(record)
	}},
	{"sent again owns although somebody waits for it by now", func(h *harness) {
		c := newClaim()
		record := h.marked(c)
		r := h.claim(c)
		h.True(r.Owned)
		h.Equal(string(record), string(r.Record), "the reply shows the mark")
		h.holds(record)
	}},
	{"of a finished key returns the answer", func(h *harness) {
		record := h.owned(newClaim())
		answer := done(h, record, `{"paid":true}`)
		h.True(h.replace(idem.Swap{Old: record, New: answer, TTL: ttl}))
		r := h.claim(newClaim())
		h.False(r.Owned)
		h.Equal(string(answer), string(r.Record))
		h.holds(answer)
	}},
	{"of a running key returns its record and changes nothing", func(h *harness) {
		record := h.owned(newClaim())
		r := h.claim(newClaim())
		h.False(r.Owned)
		h.Equal(string(record), string(r.Record))
		h.holds(record)
	}},
	{"of a stale key leaves it to contend", func(h *harness) {
		record := h.stale(newShortClaim())
		r := h.claim(newClaim())
		h.False(r.Owned)
		h.holds(record)
	}},
	{"of a released key leaves it to contend", func(h *harness) {
		record := h.owned(newClaim())
		rest := released(h, record)
		h.True(h.replace(idem.Swap{Old: record, New: rest, TTL: ttl}))
		r := h.claim(newClaim())
		h.False(r.Owned)
		h.Equal(string(rest), string(r.Record))
		h.holds(rest)
	}},
	{"sent again after its own release does not own", func(h *harness) {
		c := newClaim()
		record := h.owned(c)
		rest := released(h, record)
		h.True(h.replace(idem.Swap{Old: record, New: rest, TTL: ttl}))
		h.False(h.claim(c).Owned)
		h.holds(rest)
	}},
	{"of a key with foreign bytes returns them as they are", func(h *harness) {
		h.put([]byte("not a record"))
		r := h.claim(newClaim())
		h.False(r.Owned)
		h.Equal("not a record", string(r.Record))
		h.holds([]byte("not a record"))
	}},
	{"of an expired key owns it as if it had never been", func(h *harness) {
		record := h.owned(newClaim())
		h.True(h.replace(idem.Swap{Old: record, New: done(h, record, "1"), TTL: shortLease}))
		h.until(func() bool { return h.claim(newClaim()).Owned })
		h.Equal(1, parsed(h, h.lookup().Record).Attempt)
	}},
}
