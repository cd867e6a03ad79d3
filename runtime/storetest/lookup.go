package storetest

import idem "github.com/idemgen/idemgen/runtime"

var lookupClauses = []clause{
	{"of an absent key returns no record", func(h *harness) {
		h.Equal(idem.Reply{}, h.lookup())
	}},
	{"of a running key returns the record and its remaining time, and sets no mark", func(h *harness) {
		c := newClaim()
		record := h.owned(c)
		r := h.lookup()
		h.Equal(string(record), string(r.Record))
		h.False(r.Owned)
		h.Positive(parsed(h, r.Record).LeaseLeft(r.TTL))
		h.LessOrEqual(r.TTL, c.Retention)
		h.holds(record)
	}},
	{"of foreign bytes returns them as they are", func(h *harness) {
		h.put([]byte("i9 from the future"))
		h.holds([]byte("i9 from the future"))
	}},
	{"of an empty value returns it, and not nothing", func(h *harness) {
		h.put([]byte{})
		h.NotNil(h.lookup().Record)
	}},
}
