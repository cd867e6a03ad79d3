package storetest

import (
	"bytes"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

var contendClauses = []clause{
	{"for an absent key owns it", func(h *harness) {
		c := newClaim()
		r := h.contend(c)
		h.True(r.Owned)
		h.Empty(r.From)
		h.Equal(string(c.Record().Bytes()), string(r.Record))
		h.Equal(c.Retention, r.TTL)
		h.holds(r.Record)
	}},
	{"for a released key owns it, one attempt later", func(h *harness) {
		record := h.owned(newClaim())
		h.True(h.replace(idem.Swap{Old: record, New: released(h, record), TTL: ttl}))
		c := newClaim()
		r := h.contend(c)
		h.True(r.Owned)
		h.Equal(idem.StateReleased, r.From)
		h.Equal(string(c.Over(parsed(h, record)).Bytes()), string(r.Record))
		h.Equal(2, parsed(h, r.Record).Attempt)
		h.holds(r.Record)
		h.Greater(h.lookup().TTL, ttl, "it expires with its own retention")
	}},
	{"for a stale key takes over under retry, never before the lease has run out", func(h *harness) {
		begin := time.Now()
		record := h.owned(newShortClaim())
		var c idem.Claim
		var r idem.Reply
		h.until(func() bool {
			c = newClaim()
			r = h.contend(c)
			return r.Owned
		})
		h.GreaterOrEqual(time.Since(begin), shortLease-2*time.Millisecond, "clocks count whole milliseconds")
		h.Equal(idem.StateRunning, r.From)
		h.Equal(string(c.Over(parsed(h, record)).Bytes()), string(r.Record))
		h.False(parsed(h, r.Record).Waiting, "nobody waits for the new owner yet")
		h.Equal(c.Retention, r.TTL)
		h.holds(r.Record)
	}},
	{"for a stale key leaves it under fail, with the mark set", func(h *harness) {
		record := h.stale(newShortClaim())
		c := newClaim()
		c.OnCrash = idem.CrashFail
		r := h.contend(c)
		h.False(r.Owned)
		h.Equal(string(mark(record)), string(r.Record))
		h.LessOrEqual(parsed(h, r.Record).LeaseLeft(r.TTL), time.Duration(0))
		h.holds(mark(record))
	}},
	{"for a live key sets the mark and changes nothing else", func(h *harness) {
		c := newClaim()
		record := h.owned(c)
		before := h.lookup().TTL
		h.until(func() bool { return h.lookup().TTL < before })
		r := h.contend(newClaim())
		h.False(r.Owned)
		h.Empty(r.From)
		h.Equal(string(mark(record)), string(r.Record))
		h.Less(r.TTL, before, "the expiry is not set again")
		h.Positive(parsed(h, r.Record).LeaseLeft(r.TTL))
		h.holds(mark(record))
		h.Less(h.lookup().TTL, before)

		again := h.contend(newClaim())
		h.Equal(string(mark(record)), string(again.Record), "a second caller finds the mark set")
	}},
	{"for a finished key returns the answer", func(h *harness) {
		record := h.owned(newClaim())
		answer := done(h, record, `"answer"`)
		h.True(h.replace(idem.Swap{Old: record, New: answer, TTL: ttl}))
		r := h.contend(newClaim())
		h.False(r.Owned)
		h.Equal(string(answer), string(r.Record))
		h.Positive(r.TTL)
		h.LessOrEqual(r.TTL, ttl)
		h.holds(answer)
	}},
	{"sent again owns its live record as it stands", func(h *harness) {
		c := newClaim()
		first := h.contend(c)
		r := h.contend(c)
		h.True(r.Owned)
		h.Equal(string(first.Record), string(r.Record))
		h.LessOrEqual(r.TTL, c.Retention, "what is left of it")
		h.holds(first.Record)
	}},
	{"sent again owns its live record although somebody waits for it by now", func(h *harness) {
		c := newClaim()
		record := h.marked(c)
		r := h.contend(c)
		h.True(r.Owned)
		h.Equal(string(record), string(r.Record))
		h.holds(record)
	}},
	{"sent again claims its own stale record anew, even under fail", func(h *harness) {
		c := newShortClaim()
		c.OnCrash = idem.CrashFail
		record := h.stale(c)
		c.Now = time.Now()
		r := h.contend(c)
		h.True(r.Owned)
		h.Equal(idem.StateRunning, r.From)
		h.Equal(string(c.Over(parsed(h, record)).Bytes()), string(r.Record))
	}},
	{"sent again leaves alone what its own caller has released", func(h *harness) {
		c := newClaim()
		record := h.owned(c)
		rest := released(h, record)
		h.True(h.replace(idem.Swap{Old: record, New: rest, TTL: ttl}))
		r := h.contend(c)
		h.False(r.Owned)
		h.Equal(string(rest), string(r.Record))
		h.holds(rest)
	}},
	{"raises the fence above the old one even if the caller's clock is behind", func(h *harness) {
		record := h.owned(newClaim())
		h.True(h.replace(idem.Swap{Old: record, New: released(h, record), TTL: ttl}))
		c := newClaim()
		c.Now = c.Now.Add(-time.Hour)
		r := parsed(h, h.contend(c).Record)
		h.Equal(parsed(h, record).Fence+1, r.Fence)
		h.Equal(c.Now.UnixMicro(), r.Started, "the start is the caller's clock all the same")
	}},
	{"takes the caller's clock as fence where that is higher", func(h *harness) {
		record := h.owned(newClaim())
		h.True(h.replace(idem.Swap{Old: record, New: released(h, record), TTL: ttl}))
		c := newClaim()
		c.Now = c.Now.Add(time.Hour)
		h.Equal(c.Now.UnixMicro(), parsed(h, h.contend(c).Record).Fence)
	}},
	{"counts fences beyond what 14 digits hold", func(h *harness) {
		const fence = 1<<53 - 2
		h.put([]byte("i1 released abc 7 9007199254740990\n"))
		r := parsed(h, h.contend(newClaim()).Record)
		h.Equal(int64(fence+1), r.Fence)
		h.Equal(8, r.Attempt)
	}},
	{"counts an answer by hand that nobody had run as attempt 0", func(h *harness) {
		h.put([]byte("i1 released abc 0 1000\n"))
		h.Equal(1, parsed(h, h.contend(newClaim()).Record).Attempt)
	}},
	{"writes fingerprint, lease and retention of the new owner", func(h *harness) {
		h.put([]byte("i1 released abc 1 1000 match=f00d start=999\n"))
		c := newClaim()
		c.Fingerprint = "f00d"
		r := h.contend(c)
		h.True(r.Owned)
		h.Equal(string(c.Over(idem.StoredRecord{Attempt: 1, Fence: 1000}).Bytes()), string(r.Record))
	}},
	{"with another fingerprint changes nothing about a live key", func(h *harness) {
		c := newClaim()
		c.Fingerprint = "one"
		mismatched(h, h.owned(c))
	}},
	{"with another fingerprint changes nothing about a stale key", func(h *harness) {
		c := newShortClaim()
		c.Fingerprint = "one"
		mismatched(h, h.stale(c))
	}},
	{"with another fingerprint changes nothing about a released key", func(h *harness) {
		h.put([]byte("i1 released abc 1 1000 match=one\n"))
		mismatched(h, h.lookup().Record)
	}},
	{"with another fingerprint changes nothing about a finished key", func(h *harness) {
		h.put([]byte("i1 done abc 1 1000 5 2 match=one\n{}"))
		mismatched(h, h.lookup().Record)
	}},
	{"without a fingerprint on either side finds no mismatch", func(h *harness) {
		h.put([]byte("i1 released abc 1 1000 match=one\n"))
		h.True(h.contend(newShortClaim()).Owned)
		h.until(func() bool {
			c := newClaim()
			c.Fingerprint = "two"
			return h.contend(c).Owned
		})
	}},
	{"for a finished answer of ten million bytes returns all of it", func(h *harness) {
		record := h.owned(newClaim())
		answer := done(h, record, string(make([]byte, 10_000_000)))
		h.True(h.replace(idem.Swap{Old: record, New: answer, TTL: ttl}))
		h.True(bytes.Equal(answer, h.contend(newClaim()).Record), "not h.Equal, which would print them")
	}},
}

// mismatched contends with another fingerprint than the record's, and requires
// that nothing changes, not even the mark.
func mismatched(h *harness, record []byte) {
	h.Helper()
	before := h.lookup().TTL
	c := newClaim()
	c.Fingerprint = "two"
	r := h.contend(c)
	h.False(r.Owned)
	h.Equal(string(record), string(r.Record))
	h.holds(record)
	h.LessOrEqual(h.lookup().TTL, before)
}

var corruptClauses = corrupted(map[string]string{
	"of foreign bytes":                          "hello",
	"that is empty":                             "",
	"of an unknown version":                     "i2 released abc 1 1000\n",
	"of an unknown state":                       "i1 paused abc 1 1000\n",
	"without the end of its header":             "i1 released abc 1 1000",
	"cut off in its header":                     "i1 running- abc 1\n",
	"cut off in its value":                      "i1 done abc 1 1000 5 10\n12345",
	"with more than its header promises":        "i1 released abc 1 1000\nmore",
	"with a word for a number":                  "i1 released abc one 1000\n",
	"with a negative fence":                     "i1 released abc 1 -5\n",
	"with a fence of 2^53":                      "i1 released abc 1 9007199254740992\n",
	"with a fence that cannot grow":             "i1 released abc 1 9007199254740991\n",
	"with an attempt that cannot grow":          "i1 released abc 9007199254740991 1000\n",
	"with an unknown option":                    "i1 released abc 1 1000 color=red\n",
	"with a broken option":                      "i1 released abc 1 1000 start=x\n",
	"with an empty field":                       "i1 released abc  1 1000\n",
	"with a lease of zero":                      "i1 running- abc 1 1000 0 1000\n",
	"with a lease longer than its retention":    "i1 running- abc 1 1000 2000 1000\n",
	"with a running state that bears no mark":   "i1 running abc 1 1000 1000 2000\n",
	"with a header that never seems to end":     "i1 released abc 1 1000 match=" + string(repeated('f', 600)) + "\n",
	"that is a record in a later line only":     "\ni1 released abc 1 1000\n",
	"whose note is longer than what is there":   "i1 done abc 1 1000 5 - note=7\n{}",
	"whose size is no number":                   "i1 done abc 1 1000 5 x\n",
	"that is a running one cut off at its mark": "i1 running",
})

// corrupted says, for each value that is no record, that contend refuses it.
func corrupted(values map[string]string) []clause {
	var clauses []clause
	for says, value := range values {
		clauses = append(clauses, clause{says, func(h *harness) {
			h.put([]byte(value))
			_, err := h.store.Contend(h.Context(), h.key, newClaim())
			h.ErrorIs(err, idem.ErrCorrupt)
			h.holds([]byte(value))
		}})
	}
	return clauses
}

func repeated(b byte, n int) []byte {
	s := make([]byte, n)
	for i := range s {
		s[i] = b
	}
	return s
}
