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
	client   *Client
	settings *settings
	task     string
	key      string
	print    string // the fingerprint of the match fields
	start    time.Time
}

// An outcome is what a call met: the finished execution's answer, a claim of
// its own, or, where the store failed and the client fails open, neither.
type outcome struct {
	answer *StoredRecord
	held   *held
	flight *flight // led by this call as long as it holds the claim
}

// obtain gets an answer or a claim. Callers of one key in one process share a
// flight: this one leads it, or waits for what its leader learns.
func (c *call) obtain(ctx context.Context) (outcome, error) {
	f, follows := c.client.flights.join(c.key)
	if follows == nil {
		return c.lead(ctx, f, false)
	}
	var wait *time.Timer
	for {
		seen, news := f.look()
		if seen != nil {
			if c.mismatch(*seen) {
				f.leave(follows)
				return outcome{}, c.fail(ErrMismatch, "", nil)
			}
			if c.settings.wait == 0 {
				f.leave(follows)
				return outcome{}, c.fail(ErrInProgress, "", nil)
			}
		}
		var late <-chan time.Time
		if c.settings.wait > 0 {
			if wait == nil {
				wait = time.NewTimer(time.Until(c.start.Add(c.settings.wait)))
				defer wait.Stop()
			}
			late = wait.C
		}
		select {
		case <-news:
		case <-f.done:
			c.waited(ctx, c.start, nil)
			return c.landed(f)
		case <-follows.promoted:
			return c.lead(ctx, f, true)
		case <-late:
			f.leave(follows)
			return outcome{}, c.timeout(ctx, c.start)
		case <-ctx.Done():
			f.leave(follows)
			return outcome{}, c.gaveUp(ctx)
		case <-c.client.closing:
			f.leave(follows)
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
func (c *call) lead(ctx context.Context, f *flight, contendFirst bool) (outcome, error) {
	over := false // the flight has ended, or goes on while we hold the claim
	defer func() {
		if !over {
			f.handOver()
		}
	}()
	o, err := c.claim(ctx, f, contendFirst)
	var failure *storeFailure
	switch {
	case errors.As(err, &failure):
		over = true
		f.land(nil, failure.error)
		return outcome{}, c.storeError(failure.error)
	case err != nil:
		return outcome{}, err
	case o.answer != nil && c.mismatch(*o.answer):
		return outcome{}, c.fail(ErrMismatch, "", nil)
	}
	over = true
	if o.answer != nil {
		f.land(o.answer, nil)
	} else {
		f.progress(o.held.record)
		o.flight = f
	}
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
	return base64.RawURLEncoding.EncodeToString(b[:])
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

// gaveUp is the caller's own error: its context has ended.
func (c *call) gaveUp(ctx context.Context) error {
	err := ctx.Err()
	if cause := context.Cause(ctx); cause != err { //nolint:errorlint // identity, not kind
		err = fmt.Errorf("%w: %w", err, cause)
	}
	return fmt.Errorf("idem: the caller gave up: task %s, key %s: %w", c.task, c.key, err)
}

func (c *call) timeout(ctx context.Context, since time.Time) error {
	err := c.fail(ErrTimeout, fmt.Sprintf("waited %v", c.settings.wait), nil)
	c.waited(ctx, since, err)
	return err
}

func (c *call) waited(ctx context.Context, since time.Time, err error) {
	c.client.emit(ctx, Event{
		Kind: EventWaited, Task: c.task, Key: c.key, Duration: time.Since(since), Err: err,
	})
}
