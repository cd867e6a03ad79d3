package storetest

import (
	"crypto/rand"
	"sync"

	idem "github.com/idemgen/idemgen/runtime"
)

var subscribeClauses = []clause{
	{"wakes when a marked record is completed", func(h *harness) {
		wake, _ := h.subscribe()
		record := h.marked(newClaim())
		h.True(h.replace(idem.Swap{Old: record, New: done(h, record, "1"), TTL: ttl}))
		h.wakes(wake)
	}},
	{"wakes when a marked record is released", func(h *harness) {
		wake, _ := h.subscribe()
		record := h.marked(newClaim())
		h.True(h.replace(idem.Swap{Old: record, New: released(h, record), TTL: ttl}))
		h.wakes(wake)
	}},
	{"wakes everybody who waits for the key", func(h *harness) {
		var wakes []<-chan struct{}
		for range 50 {
			wake, _ := h.subscribe()
			wakes = append(wakes, wake)
		}
		record := h.marked(newClaim())
		h.True(h.replace(idem.Swap{Old: record, New: done(h, record, "1"), TTL: ttl}))
		for _, wake := range wakes {
			h.wakes(wake)
		}
	}},
	{"misses no wake-up that comes right after it", func(h *harness) {
		for range 50 {
			h.key = "storetest:" + rand.Text()
			record := h.marked(newClaim())
			wake, cancel := h.subscribe()
			h.True(h.replace(idem.Swap{Old: record, New: done(h, record, "1"), TTL: ttl}))
			h.wakes(wake)
			cancel()
		}
	}},
	{"works again right after its cancel", func(h *harness) {
		for range 50 {
			_, cancel := h.subscribe()
			cancel()
			wake, cancel := h.subscribe()
			record := h.marked(newClaim())
			h.True(h.replace(idem.Swap{Old: record, New: done(h, record, "1"), TTL: ttl}))
			h.wakes(wake)
			cancel()
			h.True(h.replace(idem.Swap{Old: done(h, record, "1"), New: released(h, record), TTL: ttl}))
			h.key = "storetest:" + rand.Text()
		}
	}},
	{"ends with its cancel, which may be called twice and harms nobody else", func(h *harness) {
		gone, cancel := h.subscribe()
		wake, _ := h.subscribe()
		cancel()
		cancel()
		record := h.marked(newClaim())
		h.True(h.replace(idem.Swap{Old: record, New: done(h, record, "1"), TTL: ttl}))
		h.wakes(wake)
		h.Empty(gone, "no wake-up after the cancel")
	}},
	{"keeps waking, one wake-up for one key only", func(h *harness) {
		wake, _ := h.subscribe()
		first := h.key
		h.key = "storetest:" + rand.Text()
		other, _ := h.subscribe()
		for range 3 {
			h.key = first
			record := h.contend(newClaim()).Record
			h.contend(newClaim())
			h.True(h.replace(idem.Swap{Old: record, New: released(h, record), TTL: ttl}))
			h.wakes(wake)
		}
		h.Empty(other)
	}},
	{"serves many keys at once", func(h *harness) {
		var group sync.WaitGroup
		for range 50 {
			key := "storetest:" + rand.Text()
			group.Go(func() {
				one := *h
				one.key = key
				wake, cancel := one.subscribe()
				defer cancel()
				record := one.marked(newClaim())
				one.True(one.replace(idem.Swap{Old: record, New: done(&one, record, "1"), TTL: ttl}))
				one.wakes(wake)
			})
		}
		group.Wait()
	}},
}
