package storetest

import (
	"crypto/rand"

	idem "github.com/idemgen/idemgen/runtime"
)

var replaceClauses = []clause{
	{"puts an answer in place of the owner's record", func(h *harness) {
		record := h.owned(newClaim())
		answer := done(h, record, "42")
		h.True(h.replace(idem.Swap{Old: record, New: answer, TTL: ttl}))
		h.holds(answer)
		h.LessOrEqual(h.lookup().TTL, ttl, "the answer expires with its own ttl")
		h.Positive(h.lookup().TTL)
	}},
	{"ignores the waiting mark in the comparison", func(h *harness) {
		c := newClaim()
		h.marked(c)
		answer := done(h, c.Record().Bytes(), "42")
		h.True(h.replace(idem.Swap{Old: c.Record().Bytes(), New: answer, TTL: ttl}))
		h.holds(answer)
	}},
	{"ignores it the other way round too", func(h *harness) {
		record := h.owned(newClaim())
		answer := done(h, record, "42")
		h.True(h.replace(idem.Swap{Old: mark(record), New: answer, TTL: ttl}))
		h.holds(answer)
	}},
	{"sent again says true and changes nothing", func(h *harness) {
		record := h.owned(newClaim())
		answer := done(h, record, "42")
		h.True(h.replace(idem.Swap{Old: record, New: answer, TTL: ttl / 2}))
		h.True(h.replace(idem.Swap{Old: record, New: answer, TTL: ttl}))
		h.holds(answer)
		h.LessOrEqual(h.lookup().TTL, ttl/2)
	}},
	{"of a stale record that nobody took over still counts", func(h *harness) {
		record := h.stale(newShortClaim())
		answer := done(h, record, "42")
		h.True(h.replace(idem.Swap{Old: record, New: answer, TTL: ttl}))
		h.holds(answer)
	}},
	{"never overwrites a new owner", func(h *harness) {
		record := h.stale(newShortClaim())
		taken := h.contend(newClaim())
		h.True(taken.Owned)
		h.False(h.replace(idem.Swap{Old: record, New: done(h, record, "late"), TTL: ttl}))
		h.False(h.replace(idem.Swap{Old: record, New: done(h, record, "late"), TTL: ttl, IfAbsent: true}))
		h.holds(taken.Record)
	}},
	{"never overwrites another execution's answer", func(h *harness) {
		record := h.owned(newClaim())
		answer := done(h, record, "first")
		h.True(h.replace(idem.Swap{Old: record, New: answer, TTL: ttl}))
		other := newClaim().Record().Bytes()
		h.False(h.replace(idem.Swap{Old: other, New: done(h, other, "second"), TTL: ttl, IfAbsent: true}))
		h.False(h.replace(idem.Swap{Old: record, New: done(h, record, "changed"), TTL: ttl, IfAbsent: true}))
		h.holds(answer)
	}},
	{"never overwrites foreign bytes", func(h *harness) {
		h.put([]byte("not a record"))
		record := newClaim().Record().Bytes()
		h.False(h.replace(idem.Swap{Old: record, New: done(h, record, "1"), TTL: ttl, IfAbsent: true}))
		h.False(h.replace(idem.Swap{New: done(h, record, "1"), TTL: ttl, IfAbsent: true}), "not even without an old record")
		h.holds([]byte("not a record"))
	}},
	{"of an absent key says false", func(h *harness) {
		record := newClaim().Record().Bytes()
		h.False(h.replace(idem.Swap{Old: record, New: done(h, record, "1"), TTL: ttl}))
		h.Nil(h.lookup().Record)
	}},
	{"of an absent key writes where that is asked for", func(h *harness) {
		record := newClaim().Record().Bytes()
		answer := done(h, record, "1")
		h.True(h.replace(idem.Swap{Old: record, New: answer, TTL: ttl, IfAbsent: true}))
		h.holds(answer)
		h.LessOrEqual(h.lookup().TTL, ttl)
	}},
	{"of an answer compares all of its bytes", func(h *harness) {
		// These two differ only in the byte where a running record has its mark.
		h.put([]byte("i1 done aaaaaa 1 1000 5 1\n1"))
		other := []byte("i1 done aabaaa 1 1000 5 1\n1")
		h.False(h.replace(idem.Swap{Old: other, New: released(h, other), TTL: ttl}))
		h.holds([]byte("i1 done aaaaaa 1 1000 5 1\n1"))
	}},
	{"forgets an answer, whose next execution is one attempt later", func(h *harness) {
		record := h.owned(newClaim())
		answer := done(h, record, "1")
		h.True(h.replace(idem.Swap{Old: record, New: answer, TTL: ttl}))
		h.True(h.replace(idem.Swap{Old: answer, New: released(h, answer), TTL: ttl}))
		h.True(h.replace(idem.Swap{Old: answer, New: released(h, answer), TTL: ttl}), "a resend")
		r := h.contend(newClaim())
		h.True(r.Owned)
		h.Equal(2, parsed(h, r.Record).Attempt)
	}},
	{"does not forget again what was claimed since", func(h *harness) {
		record := h.owned(newClaim())
		answer := done(h, record, "1")
		h.True(h.replace(idem.Swap{Old: record, New: answer, TTL: ttl}))
		h.True(h.replace(idem.Swap{Old: answer, New: released(h, answer), TTL: ttl}))
		next := h.contend(newClaim())
		h.False(h.replace(idem.Swap{Old: answer, New: released(h, answer), TTL: ttl}))
		h.holds(next.Record)
	}},
	{"keeps any bytes of a value", func(h *harness) {
		record := h.owned(newClaim())
		every := make([]byte, 256)
		for i := range every {
			every[i] = byte(i)
		}
		answer := done(h, record, string(every)+"\r\n\x00\xff{}"+rand.Text())
		h.True(h.replace(idem.Swap{Old: record, New: answer, TTL: ttl}))
		h.holds(answer)
	}},
}
