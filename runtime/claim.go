package idem

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// How long a waiter sleeps at most between two looks at the store.
const (
	pollAwake = 5 * time.Second        // while it would be woken: for a wake-up that was lost
	pollBlind = 250 * time.Millisecond // where it cannot subscribe
	// subscribeLimit bounds the wait for a subscription's confirmation, past
	// which a waiter polls blindly until it has one.
	subscribeLimit = 2 * time.Second
	maxJitter      = 20 * time.Millisecond
)

// claim gets an answer or a claim from the store: one round trip where nobody
// was first, or where somebody has finished; otherwise it contends, waits, and
// contends again. A promoted follower contends at once: it knows that somebody
// was there.
func (c *call) claim(ctx context.Context, f *flight, contendFirst bool) (outcome, error) {
	claim := Claim{
		ID: newID(), Lease: c.settings.lease, Retention: c.settings.lease + c.settings.ttl,
		Fingerprint: c.print, OnCrash: c.settings.onCrash,
	}
	step := c.client.store.Claim
	if contendFirst {
		step = c.client.store.Contend
	}
	w := waiter{call: c}
	defer w.stop()
	for {
		select {
		case <-c.client.closing:
			return outcome{}, c.fail(ErrClosed, "", nil)
		default:
		}
		if ctx.Err() != nil {
			return outcome{}, c.gaveUp(ctx)
		}
		claim.Now = time.Now()
		reply, err := step(ctx, c.key, claim)
		if err != nil {
			if !isPermanent(err) {
				c.abandon(claim)
			}
			if ctx.Err() != nil {
				return outcome{}, c.gaveUp(ctx)
			}
			return outcome{}, &storeFailure{err}
		}
		rec, err := ParseRecord(reply.Record)
		if err != nil {
			return outcome{}, &storeFailure{err}
		}
		first := !contendFirst
		step, contendFirst = c.client.store.Contend, true
		switch {
		case reply.Owned:
			if h, ok := c.hold(ctx, claim, reply, rec); ok {
				w.end(ctx, nil)
				if reply.From == StateRunning {
					c.client.emit(ctx, Event{
						Kind: EventTakenOver, Task: c.task, Key: c.key,
						ID: rec.ID, Attempt: rec.Attempt, Duration: time.Since(c.start),
					})
				}
				return outcome{held: h}, nil
			}
			// The lease ran out before the task could start: claim it anew.
		case rec.State == StateDone:
			w.end(ctx, nil)
			return outcome{answer: &rec}, nil
		case c.mismatch(rec):
			return outcome{}, c.fail(ErrMismatch, "", nil)
		case first: // running or released: only contending can tell more
		case rec.State == StateRunning:
			left := rec.LeaseLeft(reply.TTL)
			if left <= 0 && c.settings.onCrash == CrashFail {
				return outcome{}, c.interrupted(rec)
			}
			f.progress(rec)
			if err := w.wait(ctx, left); err != nil {
				return outcome{}, err
			}
		default:
			return outcome{}, &storeFailure{fmt.Errorf("it neither claimed a %s record nor said why not", rec.State)}
		}
	}
}

func (c *call) interrupted(rec StoredRecord) error {
	return c.fail(ErrInterrupted, fmt.Sprintf("attempt %d, started %s, did not finish: Resolve or Forget it",
		rec.Attempt, rec.startedAt().UTC().Format(time.RFC3339)), nil)
}

// hold starts to keep a claim, unless its lease is too far gone to start a task.
func (c *call) hold(ctx context.Context, claim Claim, reply Reply, rec StoredRecord) (*held, bool) {
	left := rec.Lease
	if reply.TTL > 0 { // a resend may have found the claim of a sending before it
		left = min(left, rec.LeaseLeft(reply.TTL))
	}
	h := &held{
		Lease:    Lease{Key: c.key, Record: unmarked(reply.Record), Retention: rec.Retention},
		record:   rec,
		deadline: claim.Now.Add(left - margin(rec.Lease)),
		index:    -1,
	}
	h.ctx, h.cancel = context.WithCancelCause(context.WithValue(ctx, executionKey{}, Execution{
		Key: c.key, ID: rec.ID, Attempt: rec.Attempt, Fence: rec.Fence,
	}))
	h.lost = func() {
		h.cancel(ErrLeaseLost)
		e := c.event(EventLost, h)
		e.Duration, e.Err = time.Since(rec.startedAt()), ErrLeaseLost
		c.client.emit(ctx, e)
	}
	if !c.client.heart.keep(h) {
		h.cancel(nil)
		return nil, false
	}
	return h, true
}

// A waiter sleeps until an execution in progress may have ended.
type waiter struct {
	call       *call
	since      time.Time // of the first wait; zero before it
	late       *time.Timer
	wake       <-chan struct{}
	cancel     func()
	subscribed bool // or given up
}

// wait returns nil when it is time to contend again. The first call returns as
// soon as it is subscribed: what happened before that only contending can tell.
func (w *waiter) wait(ctx context.Context, left time.Duration) error {
	c := w.call
	if c.settings.wait == 0 {
		return c.fail(ErrInProgress, "", nil)
	}
	if w.since.IsZero() {
		w.since = time.Now()
		w.late = time.NewTimer(time.Until(c.start.Add(c.settings.wait)))
	}
	if !w.subscribed {
		w.subscribed = true
		if w.subscribe(ctx) {
			return nil
		}
	}
	pause := pollBlind
	if w.wake != nil {
		pause = pollAwake
	}
	// Some jitter, so that those who wait do not all contend in one instant.
	pause = min(pause, max(left, 0)+time.Millisecond) + rand.N(min(maxJitter, c.settings.lease/20))
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-w.wake:
	case <-timer.C:
	case <-w.late.C:
		err := c.timeout(ctx, w.since)
		w.since = time.Time{}
		return err
	case <-ctx.Done():
		return c.gaveUp(ctx)
	case <-c.client.closing:
		return c.fail(ErrClosed, "", nil)
	}
	return nil
}

// subscribe tells whether a subscription stands. Without one the waiter polls.
func (w *waiter) subscribe(ctx context.Context) bool {
	limit := min(subscribeLimit, time.Until(w.call.start.Add(w.call.settings.wait)))
	sub, stop := context.WithTimeout(ctx, limit)
	defer stop()
	wake, cancel, err := w.call.client.store.Subscribe(sub, w.call.key)
	if err != nil {
		return false
	}
	w.wake, w.cancel = wake, cancel
	return true
}

// end tells of a wait that came to an end.
func (w *waiter) end(ctx context.Context, err error) {
	if !w.since.IsZero() {
		w.call.waited(ctx, w.since, err)
		w.since = time.Time{}
	}
}

func (w *waiter) stop() {
	if w.cancel != nil {
		w.cancel()
	}
	if w.late != nil {
		w.late.Stop()
	}
}
