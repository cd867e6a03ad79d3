package storetest

import (
	"sync"
	"sync/atomic"

	idem "github.com/idemgen/idemgen/runtime"
)

const callers = 50

var concurrencyClauses = []clause{
	{"of claims lets exactly one own", func(h *harness) {
		h.Equal(1, owners(func() (idem.Reply, error) {
			return h.store.Claim(h.Context(), h.key, newClaim())
		}))
	}},
	{"of contends for an absent key lets exactly one own", func(h *harness) {
		h.Equal(1, owners(func() (idem.Reply, error) {
			return h.store.Contend(h.Context(), h.key, newClaim())
		}))
	}},
	{"of contends for a stale key lets exactly one own", func(h *harness) {
		h.stale(newShortClaim())
		h.Equal(1, owners(func() (idem.Reply, error) {
			return h.store.Contend(h.Context(), h.key, newClaim())
		}))
		h.Equal(2, parsed(h, h.lookup().Record).Attempt)
	}},
	{"of contends for a released key lets exactly one own", func(h *harness) {
		h.put([]byte("i1 released abc 1 1000\n"))
		h.Equal(1, owners(func() (idem.Reply, error) {
			return h.store.Contend(h.Context(), h.key, newClaim())
		}))
	}},
	{"of replacements lets exactly one stand", func(h *harness) {
		record := h.owned(newClaim())
		var stood atomic.Int64
		var group sync.WaitGroup
		for i := range callers {
			answer := done(h, record, string(rune('A'+i)))
			group.Go(func() {
				ok, err := h.store.Replace(h.Context(), h.key, idem.Swap{Old: record, New: answer, TTL: ttl, IfAbsent: true})
				if err == nil && ok {
					stood.Add(1)
				}
			})
		}
		group.Wait()
		h.Equal(int64(1), stood.Load())
	}},
}

// owners makes many calls at once and counts those that own; an error counts
// for so many that no test passes.
func owners(call func() (idem.Reply, error)) int {
	var owned atomic.Int64
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			r, err := call()
			switch {
			case err != nil:
				owned.Add(1000)
			case r.Owned:
				owned.Add(1)
			}
		})
	}
	group.Wait()
	return int(owned.Load())
}
