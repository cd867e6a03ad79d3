package idem

import (
	"container/heap"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// A held is a claim of ours: what its owner must know to keep it.
type held struct {
	Lease                          // key, own record, retention
	record StoredRecord            // the same record, read
	ctx    context.Context         //nolint:containedctx // the task's, which ends with the claim
	cancel context.CancelCauseFunc // ends ctx
	lost   func()                  // called once, when the lease is lost
	gone   atomic.Bool             // it was
	told   chan struct{}           // closed when observers know that it was
	from   State                   // what the claim took the place of
	began  time.Time               // when the claim was sent

	// Guarded by heart.mu.
	deadline time.Time // the last moment at which the lease is surely ours
	settling bool      // the task has returned; what it came to is on its way
	beat     time.Time // when the next heartbeat is due
	beating  bool      // one is under way
	index    int       // in the heap; -1 when not kept any more
}

// margin is how long before the store does we call a lease over: it covers the
// drift between two clocks and the time a timer may be late.
func margin(lease time.Duration) time.Duration { return lease / 10 }

// passed tells whether now is past t by the monotonic or by the wall clock: a
// suspended machine stops the first, a stepped clock moves the second.
func passed(t, now time.Time) bool {
	return !now.Before(t) || !now.Round(0).Before(t.Round(0))
}

// A heart keeps the claims of one client alive. One goroutine serves them all,
// and only while there are any: it sends the heartbeats that are due together,
// and cancels the context of a task whose lease it could not renew in time,
// before the store calls that lease stale.
type heart struct {
	store Store

	mu      sync.Mutex
	claims  claimHeap
	beating bool          // the goroutine runs
	earlier chan struct{} // wakes it when an earlier event was added
}

// keep starts the heartbeats of h, whose deadline is set. It refuses a claim
// whose deadline has passed already.
func (b *heart) keep(h *held) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if passed(h.deadline, now) {
		return false
	}
	lease := h.record.Lease
	h.beat = h.deadline.Add(margin(lease) - lease + lease/3) // a third after the lease's start
	heap.Push(&b.claims, h)
	switch {
	case !b.beating:
		b.beating = true
		b.earlier = make(chan struct{}, 1)
		go b.run(b.earlier)
	case h.index == 0:
		b.wake()
	}
	return true
}

// settle says that h's task has returned. Heartbeats go on, but that they cannot
// keep the lease is no news any more: the completion will tell.
func (b *heart) settle(h *held) {
	b.mu.Lock()
	defer b.mu.Unlock()
	h.settling = true
}

// drop ends the heartbeats of h. The lease lives on in the store.
func (b *heart) drop(h *held) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if h.index >= 0 {
		heap.Remove(&b.claims, h.index)
	}
	if len(b.claims) == 0 && b.beating {
		b.wake() // to end
	}
}

// alive tells whether h's deadline lies ahead.
func (b *heart) alive(h *held) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !passed(h.deadline, time.Now())
}

func (b *heart) wake() {
	select {
	case b.earlier <- struct{}{}:
	default:
	}
}

// suspicion is how often the heart looks at the wall clock: a suspended machine
// stops the clock that timers go by.
const suspicion = time.Second

func (b *heart) run(earlier <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, lost, next, ok := b.round()
		for _, h := range lost {
			h.lost()
		}
		if len(due) > 0 {
			go b.send(due)
		}
		if !ok {
			return
		}
		timer.Reset(min(time.Until(next), suspicion))
		select {
		case <-timer.C:
		case <-earlier:
		}
	}
}

// round takes out the claims whose deadline has passed, marks those whose
// heartbeat is due, and says when to look again; false if nothing is left.
func (b *heart) round() (due, lost []*held, next time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	for len(b.claims) > 0 {
		h := b.claims[0]
		if passed(h.deadline, now) {
			heap.Pop(&b.claims)
			if !h.settling {
				lost = append(lost, h)
			}
			continue
		}
		// Beats due a little later join this round rather than cost their own.
		if h.beating || h.beat.After(now.Add(h.record.Lease/30)) {
			break
		}
		h.beating = true
		heap.Fix(&b.claims, 0)
		due = append(due, h)
	}
	if len(b.claims) == 0 {
		b.beating = false
		return due, lost, next, false
	}
	return due, lost, b.claims[0].at(), true
}

// send beats for claims that are due, and learns of each by itself, so that no
// slow node of the store delays what another has said.
func (b *heart) send(due []*held) {
	leases := make([]Lease, len(due))
	shortest := due[0].record.Lease
	for i, h := range due {
		leases[i] = h.Lease
		shortest = min(shortest, h.record.Lease)
	}
	sent := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), shortest*3/10)
	defer cancel()
	b.store.Heartbeat(ctx, leases, func(i int, err error) { b.report(due[i], sent, err) })
}

func (b *heart) report(h *held, sent time.Time, err error) {
	b.mu.Lock()
	h.beating = false
	if h.index < 0 { // dropped, or lost: no late answer revives it
		b.mu.Unlock()
		return
	}
	lost := false
	switch now := time.Now(); {
	case errors.Is(err, ErrLeaseLost):
		heap.Remove(&b.claims, h.index)
		lost = !h.settling
	case err != nil:
		h.beat = now.Add(h.record.Lease / 20)
		heap.Fix(&b.claims, h.index)
		b.wake()
	default:
		h.deadline = sent.Add(h.record.Lease - margin(h.record.Lease))
		h.beat = sent.Add(h.record.Lease / 3)
		heap.Fix(&b.claims, h.index)
		b.wake()
	}
	b.mu.Unlock()
	if lost {
		h.lost()
	}
}

// at is when h needs attention next.
func (h *held) at() time.Time {
	if h.beating || h.deadline.Before(h.beat) {
		return h.deadline
	}
	return h.beat
}

// claimHeap orders claims by when they need attention.
type claimHeap []*held

func (q claimHeap) Len() int           { return len(q) }
func (q claimHeap) Less(i, j int) bool { return q[i].at().Before(q[j].at()) }
func (q claimHeap) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *claimHeap) Push(x any) {
	h := x.(*held)
	h.index = len(*q)
	*q = append(*q, h)
}

func (q *claimHeap) Pop() any {
	old := *q
	h := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	h.index = -1
	return h
}
