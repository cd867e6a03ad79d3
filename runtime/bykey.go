package idem

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// What an operator's tool needs: it knows an execution by its key, and nothing of
// the types of its task.

// Forget is [Task.Forget] for whoever has only the key, as it stands in the store.
// Since a task's lease is not stored with an answer, attempt and fence are kept for
// the key's remaining time, and for a minute beyond the default lease at least.
//
// check, unless it is nil, is shown the record that would be forgotten, without
// reason, metadata and value, and prevents it by an error of its own. Nothing comes
// between the check and the change. The other errors are those of Task.Forget.
func (c *Client) Forget(ctx context.Context, key string, check func(Record[struct{}]) error) error {
	call := c.byKey(key)
	return call.replace(ctx, func(old *StoredRecord, ttl time.Duration) (StoredRecord, time.Duration, error) {
		r, err := call.forgotten(old)
		if err == nil && check != nil {
			err = check(call.sighting(old, ttl))
		}
		return r, max(ttl, defaults(nil).lease+forgottenTTL), err
	})
}

// An Answer is what [Client.Resolve] records.
type Answer struct {
	// Value is the result as Codec writes it. Nil is no value, as for a task whose
	// duplicates get none.
	Value []byte
	// Codec is the name of the task's codec; empty means json.
	Codec string
	// TTL is how long the answer is remembered. 0 means an interrupted execution's
	// own ttl, and for any other, of which none is stored, 24 hours.
	TTL time.Duration
}

// Resolve is [Task.Resolve] for whoever has only the key, as it stands in the store.
// Nobody can tell here whether the value is one of the task's type. An execution
// keeps the fingerprint of its match fields.
//
// check, unless it is nil, is shown the record that would get the answer, of which
// only Key is set if nothing is stored, and prevents it by an error of its own.
// Nothing comes between the check and the change. The other errors are those of
// Task.Resolve.
func (c *Client) Resolve(ctx context.Context, key string, a Answer, check func(Record[struct{}]) error) error {
	call := c.byKey(key)
	if a.Codec == "" {
		a.Codec = JSON.Name()
	}
	s := defaults([]TaskOption{func(s *settings) {
		if a.TTL != 0 {
			s.ttl = a.TTL
		}
	}})
	if err := errors.Join(s.check(), checkCodec(a.Codec)); err != nil {
		return fmt.Errorf("idem: Resolve: key %s: %w", key, err)
	}
	return call.replace(ctx, func(old *StoredRecord, ttl time.Duration) (StoredRecord, time.Duration, error) {
		from, err := call.resolvable(old)
		if err == nil && check != nil {
			err = check(call.sighting(old, ttl))
		}
		if err != nil {
			return StoredRecord{}, 0, err
		}
		r := StoredRecord{
			State: StateDone, Status: StatusSuccess, ID: from.ID, Attempt: from.Attempt, Fence: from.Fence,
			Started: from.Started, Fingerprint: from.Fingerprint, Took: from.since(),
		}
		if a.Value != nil {
			r.Value, r.HasValue, r.Codec = a.Value, true, a.Codec
		}
		if size := r.size(); size > c.maxSize {
			return r, 0, call.fail(ErrNotRecorded, fmt.Sprintf(
				"the record would have %d bytes, and WithMaxRecordSize allows %d", size, c.maxSize), nil)
		}
		if old != nil && old.State == StateRunning && a.TTL == 0 {
			return r, from.Retention - from.Lease, nil
		}
		return r, s.ttl, nil
	})
}

// byKey starts the way of an operator through the protocol.
func (c *Client) byKey(key string) *call {
	call := &call{work: work{key: key}, client: c, start: time.Now()}
	if k, err := ParseKey(key); err == nil {
		call.task = k.Task
	}
	return call
}

// sighting tells of a stored record that expires in ttl.
func (c *call) sighting(stored *StoredRecord, ttl time.Duration) Record[struct{}] {
	if stored == nil {
		return Record[struct{}]{Key: c.key}
	}
	r := Record[struct{}]{
		Key: c.key, ID: stored.ID, State: stored.StateAt(ttl), Attempt: stored.Attempt,
		StartedAt: stored.startedAt(), ExpiresAt: time.Now().Add(ttl),
	}
	if stored.State == StateDone {
		r.FinishedAt = stored.original().FinishedAt
		r.Result.Status = stored.Status
	}
	return r
}
