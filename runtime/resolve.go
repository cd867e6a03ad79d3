package idem

import (
	"context"
	"time"
)

// forgottenTTL is how long, beyond a lease, a forgotten execution's attempt and
// fence are kept.
const forgottenTTL = time.Minute

// Forget lets task's key be executed again: its answer, or the trace of an
// interrupted execution, gives way to a released record that keeps attempt and
// fence for a lease and a minute, but no fingerprint. Its errors are
// ErrNotFound, also where an execution was only released, ErrInProgress for a
// live lease, ErrCorrupt and ErrUnavailable.
func (t *Task[T, R]) Forget(ctx context.Context, task T) error {
	c, err := t.call(ctx, task)
	if err != nil {
		return err
	}
	return c.replace(ctx, func(old *StoredRecord) (StoredRecord, time.Duration, error) {
		if old == nil || old.State == StateReleased {
			return StoredRecord{}, 0, c.fail(ErrNotFound, "", nil)
		}
		r := old.released()
		r.Fingerprint = ""
		return r, t.settings.lease + forgottenTTL, nil
	})
}

// Resolve records value by hand as the answer of an execution that was
// interrupted, released, or never seen: an operator knows that the charge went
// through. The answer is a success and is remembered for the ttl. Where task has
// no match fields, those of the execution still count. Its errors are
// ErrInProgress for a live lease, a *DuplicateError where an answer is stored
// already (Forget it first), ErrMismatch where the execution had other match
// fields, ErrNotRecorded for a value that cannot be stored, ErrCorrupt and
// ErrUnavailable.
func (t *Task[T, R]) Resolve(ctx context.Context, task T, value R) error {
	c, err := t.call(ctx, task)
	if err != nil {
		return err
	}
	fresh := Claim{ID: newID(), Now: time.Now()}.Record()
	fresh.Attempt = 0
	return c.replace(ctx, func(old *StoredRecord) (StoredRecord, time.Duration, error) {
		from := fresh
		if old != nil {
			if old.State == StateDone {
				return StoredRecord{}, 0, &DuplicateError{Key: c.key, Original: *old.original()}
			}
			if c.mismatch(*old) {
				return StoredRecord{}, 0, c.fail(ErrMismatch, "", nil)
			}
			from = *old
		}
		if c.print != "" { // else the execution's own still tells other tasks apart
			from.Fingerprint = c.print
		}
		took := max(0, time.Since(from.startedAt()))
		done, err := t.done(c, from, took, Result[R]{Value: value, Status: StatusSuccess}, "")
		return done, t.settings.ttl, err
	})
}

// replace puts what decide makes of the stored record in its place, and decides
// anew if somebody was faster. It refuses a live lease.
func (c *call) replace(ctx context.Context, decide func(old *StoredRecord) (StoredRecord, time.Duration, error)) error {
	for {
		old, reply, err := c.lookup(ctx)
		if err != nil {
			return err
		}
		if old != nil && old.stateAt(reply.TTL) == StateRunning {
			return c.fail(ErrInProgress, "", nil)
		}
		record, ttl, err := decide(old)
		if err != nil {
			return err
		}
		stands, err := c.client.store.Replace(ctx, c.key, Swap{
			Old: reply.Record, New: record.Bytes(), TTL: ttl, IfAbsent: old == nil,
		})
		switch {
		case stands:
			return nil
		case err != nil && ctx.Err() != nil:
			return c.gaveUp(ctx)
		case err != nil:
			return c.storeError(err)
		}
	}
}
