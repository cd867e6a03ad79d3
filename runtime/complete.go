package idem

import (
	"context"
	"errors"
	"time"
)

// Between two tries to store what an execution came to.
const (
	firstBackoff = 5 * time.Millisecond
	lastBackoff  = 500 * time.Millisecond
)

// patience is how long a call whose caller gave up still waits for its answer
// to be stored, and how long any call waits for its claim to be released; past
// it, that goes on in the background.
const patience = time.Second

// complete stores an execution's answer: the done record takes the place of the
// running one. It is retried for one lease from its first try, heartbeats going
// on. It tells whether the answer stands; the error is ErrLeaseLost or
// ErrNotRecorded, the latter also for an answer that stands without all that is
// unfit to be stored.
func (c *call) complete(ctx context.Context, h *held, done *StoredRecord, unfit error) (stands bool, _ error) {
	c.client.heart.settle(h)
	swap := Swap{Old: h.Record, New: done.Bytes(), TTL: c.settings.ttl}
	limit := time.Now().Add(h.record.Lease)
	stands, err := c.retry(ctx, swap, h, limit, patience)
	if !stands && err != nil && time.Now().Before(limit) && !isPermanent(err) {
		h.background = true
		c.client.background(c.key, func() {
			stands, err := c.retry(ctx, swap, h, limit, h.record.Lease)
			c.client.heart.drop(h)
			c.completed(ctx, h, done, stands, errors.Join(err, unfit)) //nolint:errcheck // nobody is left to be told
		})
		return false, c.fail(ErrNotRecorded, "the caller gave up before the store answered, which is still being tried", err)
	}
	c.client.heart.drop(h)
	if stands && unfit != nil {
		c.completed(ctx, h, done, stands, errors.Join(err, unfit)) //nolint:errcheck // it stands
		return true, unfit
	}
	return stands, c.completed(ctx, h, done, stands, err)
}

// completed tells observers what became of an answer, and the caller if it does
// not stand.
func (c *call) completed(ctx context.Context, h *held, done *StoredRecord, stands bool, err error) error {
	e := c.event(EventRecorded, h)
	e.Status, e.Duration, e.Err = done.Status, done.Took, err
	var failure error
	switch {
	case !stands && err == nil:
		failure = c.fail(ErrLeaseLost, "somebody took over, and the result was refused", nil)
	case !stands:
		failure = c.fail(ErrNotRecorded, "", err)
	}
	if failure != nil {
		e.Err = failure
	}
	if e.Err != nil { // also for one that stands, but not as it should
		e.Kind = EventNotRecorded
	}
	c.settled(ctx, h, e)
	return failure
}

// release gives a claim back: the released record takes the place of the
// running one, so that a retry runs at once and knows that it is one.
func (c *call) release(ctx context.Context, h *held) {
	c.client.heart.drop(h)
	swap := Swap{Old: h.Record, New: h.record.released().Bytes(), TTL: c.settings.ttl, IfAbsent: true}
	limit := time.Now().Add(h.record.Lease)
	stands, err := c.retry(ctx, swap, nil, earlier(limit, time.Now().Add(patience)), patience)
	if !stands && err != nil && !isPermanent(err) && time.Now().Before(limit) {
		c.client.background(c.key, func() {
			stands, err := c.retry(ctx, swap, nil, limit, h.record.Lease)
			c.released(ctx, h, stands, err)
		})
		return
	}
	c.released(ctx, h, stands, err)
}

// released tells observers what became of a claim that was given back.
func (c *call) released(ctx context.Context, h *held, stands bool, err error) {
	e := c.event(EventReleased, h)
	if e.Err = err; !stands && err == nil {
		e.Err = ErrLeaseLost
	}
	c.settled(ctx, h, e)
}

// settled emits an execution's last event, after that of a lost lease.
func (c *call) settled(ctx context.Context, h *held, e Event) {
	if h.gone.Load() {
		<-h.told
	}
	e.Returned = h.returned
	c.client.emit(h.events(ctx), e)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// abandon undoes a claim whose outcome its caller did not live to see. It goes
// on in the background until nothing of that claim stands or can still come to
// stand, at most for a lease. Nothing ran, so the attempt does not count.
func (c *call) abandon(claim Claim) {
	c.client.background(c.key, func() {
		own, stop := context.WithTimeout(context.Background(), claim.Lease)
		defer stop()
		watch := time.Now().Add(lingering)
		_ = backOff(own, func() error {
			err := c.giveBack(own, claim)
			if errors.Is(err, errUndecided) && !time.Now().Before(watch) {
				return nil
			}
			return err
		})
	})
}

// lingering is how long a command that was sent may still be on its way.
const lingering = 10 * time.Second

// errUndecided keeps an abandoned claim under watch.
var errUndecided = errors.New("the claim may still arrive")

// giveBack leaves a record behind that an abandoned claim, should it still be on
// its way to the store, finds and respects.
func (c *call) giveBack(ctx context.Context, claim Claim) error {
	reply, err := c.client.store.Lookup(ctx, c.key)
	if err != nil {
		return err
	}
	rec := claim.Record()
	swap := Swap{IfAbsent: true}
	if reply.Record != nil {
		if rec, err = ParseRecord(reply.Record); err != nil {
			return Permanent(err)
		}
		swap = Swap{Old: reply.Record, TTL: reply.TTL}
	}
	switch {
	case rec.State == StateDone, rec.State == StateReleased && rec.ID == claim.ID:
		return nil
	case rec.State == StateReleased: // another's: under our ID, it turns ours away as well
		rec.ID = claim.ID
	case rec.ID != claim.ID:
		return errUndecided
	default:
		if rec.Attempt--; rec.Attempt > 0 {
			swap.TTL = claim.Retention - claim.Lease
		} else {
			rec.Fingerprint = "" // of a task that never ran
			swap.TTL = claim.Lease + forgottenTTL
		}
	}
	swap.New = rec.released().Bytes()
	stands, err := c.client.store.Replace(ctx, c.key, swap)
	if err == nil && !stands {
		return errUndecided
	}
	return err
}

// released is the record that remembers an attempt without an answer.
func (r StoredRecord) released() StoredRecord {
	return StoredRecord{
		State: StateReleased, ID: r.ID, Attempt: r.Attempt, Fence: r.Fence, Started: r.Started,
		Fingerprint: r.Fingerprint,
	}
}

// retry sends a compare-and-set until the store has said yes or no, or there is
// no point, until limit at most, and no longer than patience after the caller's
// context has ended. Where h is given, it also writes at an absent key for as long
// as h's deadline lies ahead: then the store has lost our claim, and nobody else's.
func (c *call) retry(ctx context.Context, swap Swap, h *held, limit time.Time, patience time.Duration) (
	stands bool, err error,
) {
	own := newOutliving(ctx, limit, patience)
	defer own.stop()
	err = backOff(own, func() (err error) {
		if h != nil {
			swap.IfAbsent = c.client.heart.alive(h)
		}
		stands, err = c.client.store.Replace(own, c.key, swap)
		if stands && err != nil {
			return Permanent(err)
		}
		return err
	})
	if stands && err != nil {
		if warning, ok := errors.AsType[*permanentError](err); ok {
			err = warning.error
		}
	}
	return stands, err
}

// backOff calls f until it returns nil or a permanent error, or ctx ends; then
// it returns f's last error.
func backOff(ctx context.Context, f func() error) error {
	for pause := firstBackoff; ; pause = min(2*pause, lastBackoff) {
		err := f()
		if err == nil || isPermanent(err) || ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// event is one of an execution of ours. Its duration is from the call's start up
// to the claim, and from the claim later on.
func (c *call) event(kind EventKind, h *held) Event {
	since := h.began
	if kind == EventClaimed || kind == EventTakenOver {
		since = c.start
	}
	return Event{
		Kind: kind, Task: c.task, Key: c.key, ID: h.record.ID, Attempt: h.record.Attempt, Duration: time.Since(since),
	}
}
