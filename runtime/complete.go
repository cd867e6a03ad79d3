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
// on. The error is ErrLeaseLost or ErrNotRecorded.
func (c *call) complete(ctx context.Context, h *held, done StoredRecord) error {
	record := done.Bytes()
	limit := time.Now().Add(h.record.Lease)
	swap := func() Swap {
		return Swap{
			Old: h.Record, New: record, TTL: c.settings.ttl,
			IfAbsent: c.client.heart.alive(h), // the store lost our claim, nobody else's
		}
	}
	// The answer's way into the store does not end with the caller's context.
	own, stop := context.WithDeadline(context.WithoutCancel(ctx), limit)
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(patience, stop) })()

	stands, err := c.retry(own, swap)
	if !stands && err != nil && errors.Is(own.Err(), context.Canceled) {
		c.client.background(c.key, func() {
			own, stop := context.WithDeadline(context.WithoutCancel(ctx), limit)
			defer stop()
			stands, err := c.retry(own, swap)
			c.client.heart.drop(h)
			c.completed(ctx, h, done, stands, err) //nolint:errcheck // nobody is left to be told
		})
		return c.fail(ErrNotRecorded, "the caller gave up before the store answered, which is still being tried", err)
	}
	c.client.heart.drop(h)
	return c.completed(ctx, h, done, stands, err)
}

// completed tells observers what became of an answer, and the caller if that is
// less than it should be.
func (c *call) completed(ctx context.Context, h *held, done StoredRecord, stands bool, err error) error {
	e := c.event(EventRecorded, h)
	e.Status, e.Duration, e.Err = done.Status, done.Took, err
	var failure error
	switch {
	case stands && err != nil: // it stands, but not as safely as asked
		e.Kind = EventNotRecorded
	case !stands && err == nil:
		failure = c.fail(ErrLeaseLost, "somebody took over, and the result was refused", nil)
	case !stands:
		failure = c.fail(ErrNotRecorded, "", err)
	}
	if failure != nil {
		e.Kind, e.Err = EventNotRecorded, failure
	}
	c.client.emit(ctx, e)
	return failure
}

// release gives a claim back: the released record takes the place of the
// running one, so that a retry runs at once and knows that it is one.
func (c *call) release(ctx context.Context, h *held) {
	c.client.heart.drop(h)
	record := h.record.released().Bytes()
	swap := func() Swap {
		return Swap{Old: h.Record, New: record, TTL: c.settings.ttl, IfAbsent: true}
	}
	limit := time.Now().Add(h.record.Lease)
	try := func(until time.Time) bool {
		own, stop := context.WithDeadline(context.WithoutCancel(ctx), until)
		defer stop()
		stands, err := c.retry(own, swap)
		return stands || err == nil || isPermanent(err) || until.Equal(limit)
	}
	if !try(earlier(limit, time.Now().Add(patience))) {
		c.client.background(c.key, func() { try(limit) })
	}
	e := c.event(EventReleased, h)
	e.Duration = time.Since(h.record.startedAt())
	c.client.emit(ctx, e)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// abandon undoes a claim whose outcome its caller did not live to see. It goes
// on in the background until the store has acknowledged or a lease has passed,
// after which the claim, if it arrived at all, is stale anyway. Nothing ran, so
// the attempt does not count.
func (c *call) abandon(claim Claim) {
	c.client.background(c.key, func() {
		own, stop := context.WithTimeout(context.Background(), claim.Lease)
		defer stop()
		_ = backOff(own, func() error {
			reply, err := c.client.store.Lookup(own, c.key)
			if err != nil {
				return err
			}
			// A claim still on its way must find the key taken when it arrives.
			rec := claim.Record()
			swap := Swap{TTL: claim.Lease + forgottenTTL, IfAbsent: true}
			if reply.Record != nil {
				if rec, err = ParseRecord(reply.Record); err != nil {
					return Permanent(err)
				}
				if rec.ID != claim.ID || rec.State != StateRunning {
					return nil // it never arrived, and somebody else was there
				}
				swap.Old = unmarked(reply.Record)
			}
			rec.Attempt--
			swap.New = rec.released().Bytes()
			_, err = c.client.store.Replace(own, c.key, swap)
			return err
		})
	})
}

// released is the record that remembers an attempt without an answer.
func (r StoredRecord) released() StoredRecord {
	return StoredRecord{
		State: StateReleased, ID: r.ID, Attempt: r.Attempt, Fence: r.Fence, Started: r.Started,
		Fingerprint: r.Fingerprint,
	}
}

// retry sends a compare-and-set until the store has said yes or no, ctx ends,
// or there is no point.
func (c *call) retry(ctx context.Context, swap func() Swap) (stands bool, err error) {
	err = backOff(ctx, func() (err error) {
		stands, err = c.client.store.Replace(ctx, c.key, swap())
		if stands && err != nil {
			return Permanent(err)
		}
		return err
	})
	var p *permanentError
	if stands && errors.As(err, &p) {
		err = p.error
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

// event is one of an execution of ours.
func (c *call) event(kind EventKind, h *held) Event {
	return Event{Kind: kind, Task: c.task, Key: c.key, ID: h.record.ID, Attempt: h.record.Attempt}
}
