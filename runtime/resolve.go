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
	return c.replace(ctx, func(old *StoredRecord, _ time.Duration) (StoredRecord, time.Duration, error) {
		r, err := c.forgotten(old)
		return r, t.settings.lease + forgottenTTL, err
	})
}

// forgotten returns what takes the place of a record that is forgotten.
func (c *call) forgotten(old *StoredRecord) (StoredRecord, error) {
	if old == nil || old.State == StateReleased {
		return StoredRecord{}, c.fail(ErrNotFound, "", nil)
	}
	r := old.released()
	r.Fingerprint = ""
	return r, nil
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
	return c.replace(ctx, func(old *StoredRecord, _ time.Duration) (StoredRecord, time.Duration, error) {
		from, err := c.resolvable(old)
		if err != nil {
			return StoredRecord{}, 0, err
		}
		if c.print != "" { // else the execution's own still tells other tasks apart
			from.Fingerprint = c.print
		}
		done, err := t.done(c, from, from.since(), Result[R]{Value: value, Status: StatusSuccess}, "")
		return done, t.settings.ttl, err
	})
}

// resolvable returns the execution that gets an answer by hand: the one that is
// stored, or a new one of which there was no attempt.
func (c *call) resolvable(old *StoredRecord) (StoredRecord, error) {
	switch {
	case old == nil:
		fresh := Claim{ID: newID(), Now: time.Now()}.Record()
		fresh.Attempt = 0
		return fresh, nil
	case old.State == StateDone:
		return StoredRecord{}, &DuplicateError{Key: c.key, Original: *old.original()}
	case c.mismatch(*old):
		return StoredRecord{}, c.fail(ErrMismatch, "", nil)
	}
	return *old, nil
}

// since is how long ago the execution started, by its owner's clock and ours.
func (r StoredRecord) since() time.Duration { return max(0, time.Since(r.startedAt())) }

// replace puts what decide makes of the stored record, which expires in ttl, in its
// place, and decides anew if somebody was faster. It refuses a live lease.
func (c *call) replace(ctx context.Context, decide func(old *StoredRecord, ttl time.Duration) (StoredRecord, time.Duration, error)) error {
	for {
		old, reply, err := c.lookup(ctx)
		if err != nil {
			return err
		}
		if old != nil && old.StateAt(reply.TTL) == StateRunning {
			return c.fail(ErrInProgress, "", nil)
		}
		record, ttl, err := decide(old, reply.TTL)
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
