package idem

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"time"
)

// A call is one caller's way through the protocol: everything about it that
// does not depend on the types of task and result.
type call struct {
	work     // with the key
	client   *Client
	settings *settings
	task     string
	print    string // the fingerprint of the match fields
	start    time.Time
	waiting  time.Time // since when it waits for an execution in progress, or zero
}

// An outcome is what a call met: the finished execution's answer, a claim of
// its own, or, where the store failed and the client fails open, neither.
type outcome struct {
	answer *StoredRecord
	held   *held // which leads the key's flight from now on
}

// obtain gets an answer or a claim. Callers of one key in one process share a
// flight: this one leads it, or waits for what its leader learns.
func (c *call) obtain(ctx context.Context) (o outcome, err error) {
	defer func() {
		if o.held == nil { // the owner of a claim tells of its wait when it can give the claim back
			c.waited(ctx, o.answer, err)
		}
	}()
	l, follows := c.client.flights.join(c.key)
	if follows != nil {
		return c.follow(ctx, follows)
	}
	return c.lead(ctx, l, false)
}

// follow waits for the leader's answer, or to be the leader.
func (c *call) follow(ctx context.Context, follows *follower) (outcome, error) {
	f := follows.flight
	var late <-chan time.Time
	if c.settings.wait > 0 {
		timer := time.NewTimer(time.Until(c.waitEnd()))
		defer timer.Stop()
		late = timer.C
	}
	for {
		seen, news := f.look()
		if seen != nil {
			c.waits()
			if c.mismatch(*seen) {
				follows.leave()
				return outcome{}, c.fail(ErrMismatch, "", nil)
			}
			if c.settings.wait == 0 {
				follows.leave()
				return outcome{}, c.fail(ErrInProgress, "", nil)
			}
		}
		select {
		case <-news:
		case <-f.done:
			return c.landed(f)
		case <-follows.promoted:
			return c.lead(ctx, follows.lead, true)
		case <-late:
			follows.leave()
			return outcome{}, c.timeout()
		case <-ctx.Done():
			follows.leave()
			return outcome{}, c.gaveUp(ctx)
		case <-c.client.open.Done():
			follows.leave()
			return outcome{}, c.fail(ErrClosed, "", nil)
		}
	}
}

// landed is what a follower makes of its flight's end.
func (c *call) landed(f *flight) (outcome, error) {
	switch {
	case f.err != nil:
		return outcome{}, c.storeError(f.err)
	case c.mismatch(*f.answer):
		return outcome{}, c.fail(ErrMismatch, "", nil)
	}
	return outcome{answer: f.answer}, nil
}

// lead speaks with the store, and sees to it that the flight goes on or ends.
func (c *call) lead(ctx context.Context, l *lead, contendFirst bool) (outcome, error) {
	defer func() {
		if l != nil {
			l.handOver()
		}
	}()
	o, err := c.claim(ctx, l, contendFirst)
	switch {
	case err != nil:
		if failure, ok := errors.AsType[*storeFailure](err); ok {
			l.land(nil, failure.error)
			err = c.storeError(failure.error)
		}
		return outcome{}, err
	case o.held != nil:
		l.progress(&o.held.record)
		l = nil // the flight goes on while we hold the claim
		return o, nil
	case c.mismatch(*o.answer):
		return outcome{}, c.fail(ErrMismatch, "", nil)
	}
	l.land(o.answer, nil)
	return o, nil
}

// storeFailure marks an error that is the store's and so every follower's too.
type storeFailure struct{ error }

func (c *call) mismatch(r StoredRecord) bool {
	return !Claim{Fingerprint: c.print}.Matches(r)
}

// newID returns 128 random bits as text.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	var text [22]byte
	base64.RawURLEncoding.Encode(text[:], b[:])
	return string(text[:])
}

// fail returns a sentinel with this call's task and key.
func (c *call) fail(kind error, detail string, cause error) error {
	return &taskError{kind: kind, task: c.task, key: c.key, detail: detail, cause: cause}
}

// storeError names task and key in a store's error.
func (c *call) storeError(err error) error {
	if errors.Is(err, ErrCorrupt) {
		return c.fail(ErrCorrupt, "", trim(err, ErrCorrupt))
	}
	return c.fail(ErrUnavailable, "", trim(err, ErrUnavailable))
}

// trim returns what err says beyond the sentinel that it wraps first, so that
// the same words do not stand twice in a message.
func trim(err, kind error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		if errs := joined.Unwrap(); len(errs) == 2 && errors.Is(errs[0], kind) {
			return errs[1]
		}
	}
	return err
}

// over tells whether ctx has ended. Its deadline counts as such, since the timer
// behind it may be late: a connection that has the same one may be earlier.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// gaveUp is the caller's own error: its context has ended.
func (c *call) gaveUp(ctx context.Context) error {
	err := ctx.Err()
	if err == nil { // see over
		err = context.DeadlineExceeded
	}
	if cause := context.Cause(ctx); cause != nil && cause != err { //nolint:errorlint // identity, not kind
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return fmt.Errorf("idem: the caller gave up: task %s, key %s: %w", c.task, c.key, err)
}

// waitEnd is when the call will have waited for long enough.
func (c *call) waitEnd() time.Time { return c.start.Add(c.settings.wait) }

func (c *call) timeout() error {
	return c.fail(ErrTimeout, fmt.Sprintf("waited %v", c.settings.wait), nil)
}

// waits notes that from now on the call waits for an execution in progress.
func (c *call) waits() {
	if c.waiting.IsZero() {
		c.waiting = time.Now()
	}
}

// waited tells of a wait that came to its end, be it with an answer.
func (c *call) waited(ctx context.Context, answer *StoredRecord, err error) {
	if c.waiting.IsZero() || c.settings.wait == 0 {
		return
	}
	e := Event{Kind: EventWaited, Task: c.task, Key: c.key, Duration: time.Since(c.waiting), Err: err}
	if answer != nil {
		e.ID, e.Attempt, e.Status, e.Trace = answer.ID, answer.Attempt, answer.Status, c.client.traceOf(answer)
	}
	c.client.emit(ctx, e)
}
