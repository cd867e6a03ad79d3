package idem

import (
	"context"
	"sync"
	"time"
)

// An outliving context is for what must still be done when its caller's context
// has ended: it ends at a limit, or patience after the caller's. It costs timers
// only where somebody waits for its end, and must be stopped.
type outliving struct {
	context.Context               // the caller's, for its values
	limit           time.Time     // when it ends at the latest
	patience        time.Duration // how long it outlives its caller's

	mu     sync.Mutex
	timed  context.Context //nolint:containedctx // the same with timers; nil while nobody waits
	cancel context.CancelFunc
	detach func() bool
}

func newOutliving(ctx context.Context, limit time.Time, patience time.Duration) *outliving {
	return &outliving{Context: ctx, limit: limit, patience: patience}
}

// Deadline implements [context.Context].
func (o *outliving) Deadline() (time.Time, bool) { return o.limit, true }

// Done implements [context.Context].
func (o *outliving) Done() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timed == nil {
		o.timed, o.cancel = context.WithDeadline(context.WithoutCancel(o.Context), o.limit)
		o.detach = context.AfterFunc(o.Context, func() {
			timer := time.AfterFunc(o.patience, o.cancel)
			context.AfterFunc(o.timed, func() { timer.Stop() })
		})
	}
	return o.timed.Done()
}

// Err implements [context.Context].
func (o *outliving) Err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.timed != nil:
		return o.timed.Err()
	case !time.Now().Before(o.limit):
		return context.DeadlineExceeded
	}
	return nil
}

// stop gives back what the context has taken.
func (o *outliving) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timed != nil {
		o.detach()
		o.cancel()
	}
}
