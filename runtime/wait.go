package idem

import (
	"context"
	"math/rand/v2"
	"time"
)

// How long a waiter sleeps at most between two looks at the store.
const (
	pollAwake = 5 * time.Second        // while it would be woken: for a wake-up that was lost
	pollBlind = 250 * time.Millisecond // where it cannot subscribe
	// subscribeLimit bounds the wait for a subscription's confirmation, past
	// which a waiter polls blindly until it tries again.
	subscribeLimit = 2 * time.Second
	subscribeAgain = 5 * time.Second
	maxJitter      = 20 * time.Millisecond
)

// A waiter sleeps until an execution in progress may have ended.
type waiter struct {
	call   *call
	late   context.Context //nolint:containedctx // ends when the call has waited long enough; nil before it waits
	cancel []func()        // undoes what the waiter has set up
	wake   <-chan struct{} // nil without a subscription
	tried  time.Time       // when it last asked for one
}

// bound returns the context for the next step: the caller's, which for one that
// waits already ends with its wait.
func (w *waiter) bound(ctx context.Context) context.Context {
	if w.late != nil {
		return w.late
	}
	return ctx
}

// wait returns nil when it is time to contend again; left is the rest of the
// owner's lease. It returns as soon as it is subscribed: what happened before
// that only contending can tell.
func (w *waiter) wait(ctx context.Context, left time.Duration) error {
	c := w.call
	if c.settings.wait == 0 {
		return c.fail(ErrInProgress, "", nil)
	}
	c.waits()
	if w.late == nil {
		late, cancel := context.WithDeadline(ctx, c.waitEnd())
		w.late, w.cancel = late, append(w.cancel, cancel)
	}
	if w.wake == nil && time.Since(w.tried) > subscribeAgain {
		w.tried = time.Now()
		if w.subscribe() {
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
	case <-c.client.open.Done():
		return c.fail(ErrClosed, "", nil)
	case <-w.late.Done():
		if ctx.Err() != nil {
			return c.gaveUp(ctx)
		}
		return c.timeout()
	}
	return nil
}

// subscribe tells whether a subscription stands. Without one the waiter polls.
func (w *waiter) subscribe() bool {
	ctx, stop := context.WithTimeout(w.late, subscribeLimit)
	defer stop()
	defer context.AfterFunc(w.call.client.open, stop)()
	wake, cancel, err := w.call.client.store.Subscribe(ctx, w.call.key)
	if err != nil {
		return false
	}
	w.wake, w.cancel = wake, append(w.cancel, cancel)
	return true
}

func (w *waiter) stop() {
	for _, cancel := range w.cancel {
		cancel()
	}
}
