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
	from   State                   // what the claim took the place of
	began  time.Time               // when the claim was sent
	call   *call                   // whose claim it is
	lead   *lead                   // of the key's flight
	ctx    context.Context         //nolint:containedctx // the task's, which ends with the claim
	cancel context.CancelCauseFunc // ends ctx
	gone   atomic.Bool             // the lease was lost
	told   chan struct{}           // closed when observers know that; made before gone is set
	traced atomic.Pointer[traced]  // what the tracer said; nil without one

	// The owner's own, once its task has returned.
	concluded  bool          // the claim was completed or released
	background bool          // its completion goes on without the owner
	answer     *StoredRecord // what was stored, for those who follow
	returned   error         // what the task returned

	// Guarded by heart.mu.
	deadline time.Time // the last moment at which the lease is surely ours
	settling bool      // the task has returned; what it came to is on its way
	beat     time.Time // when the next heartbeat is due
	beating  bool      // one is under way
	index    int       // in the heap; -1 when not kept any more
}

// lost is called once, when the lease is lost.
func (h *held) lost() {
	h.told = make(chan struct{})
	h.gone.Store(true)
	h.cancel(ErrLeaseLost)
	h.lead.handOver() // those who follow need not wait for a task that may not heed its context
	e := h.call.event(EventLost, h)
	e.Err = ErrLeaseLost
	go func() { // other claims' heartbeats need not wait for an observer
		defer close(h.told)
		h.call.client.emit(h.events(h.ctx), e)
	}()
}

// margin is how long before the store does we call a lease over: it covers the
// drift between two clocks and the time a timer may be late.
func margin(lease time.Duration) time.Duration { return lease / 10 }

// passed tells whether now is past t by the monotonic or by the wall clock: a
// suspended machine stops the first, a stepped clock moves the second.
func passed(t, now time.Time) bool {
	return !now.Before(t) || !now.Round(0).Before(t.Round(0))
}

// A heart keeps the claims of one client alive, by one timer for them all: it
// sends the heartbeats that are due together, and cancels the context of a task
// whose lease it could not renew in time, before the store calls that lease stale.
type heart struct {
	store Store

	mu     sync.Mutex
	claims claimHeap
	timer  *time.Timer
	next   time.Time // when the timer fires; zero if it will not
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
	b.look(h.at(), now)
	return true
}

// look sees to it that the heart looks at its claims at that time, or sooner; the
// caller holds the lock.
func (b *heart) look(at, now time.Time) {
	// A suspended machine stops the clock that timers go by: look at the wall clock
	// every now and then.
	const suspicion = time.Second
	if latest := now.Add(suspicion); at.After(latest) {
		at = latest
	}
	if !b.next.IsZero() && !at.Before(b.next) {
		return
	}
	b.next = at
	if b.timer == nil {
		b.timer = time.AfterFunc(at.Sub(now), b.round)
		return
	}
	b.timer.Reset(at.Sub(now))
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
}

// alive tells whether h's deadline lies ahead.
func (b *heart) alive(h *held) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !passed(h.deadline, time.Now())
}

// round does what is due.
func (b *heart) round() {
	due, lost := b.examine()
	for _, h := range lost {
		h.lost()
	}
	// Claims of different leases go apart: what is too slow for a short one must not
	// cost a long one its heartbeat.
	byLease := make(map[time.Duration][]*held)
	for _, h := range due {
		byLease[h.record.Lease] = append(byLease[h.record.Lease], h)
	}
	for lease, due := range byLease {
		go b.send(due, lease)
	}
}

// examine takes out the claims whose deadline has passed, and marks those whose
// heartbeat is due.
func (b *heart) examine() (due, lost []*held) {
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
	b.next = time.Time{}
	if len(b.claims) > 0 {
		b.look(b.claims[0].at(), now)
	}
	return due, lost
}

// send beats for claims of one lease that are due, and learns of each by itself, so
// that no slow node of the store delays what another has said.
func (b *heart) send(due []*held, lease time.Duration) {
	leases := make([]Lease, len(due))
	for i, h := range due {
		leases[i] = h.Lease
	}
	sent := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), lease*3/10)
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
	now := time.Now()
	switch {
	case errors.Is(err, ErrLeaseLost):
		heap.Remove(&b.claims, h.index)
		lost = !h.settling
	case err != nil:
		h.beat = now.Add(h.record.Lease / 20)
		heap.Fix(&b.claims, h.index)
	default:
		h.deadline = sent.Add(h.record.Lease - margin(h.record.Lease))
		h.beat = sent.Add(h.record.Lease / 3)
		heap.Fix(&b.claims, h.index)
	}
	if h.index >= 0 {
		b.look(h.at(), now)
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
