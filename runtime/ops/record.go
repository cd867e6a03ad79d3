package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// StateCorrupt is the state of a key that holds something which is no record: its
// callers get idem.ErrCorrupt.
const StateCorrupt idem.State = "corrupt"

// States are all that a record can have, the most worrying first.
var States = []idem.State{StateCorrupt, idem.StateInterrupted, idem.StateRunning, idem.StateReleased, idem.StateDone}

// A Record is what is stored under a key.
type Record struct {
	Key     string      `json:"key"`
	Task    string      `json:"task,omitempty"` // its name; empty where the key has another form
	Version int         `json:"version,omitempty"`
	State   idem.State  `json:"state"`
	Status  idem.Status `json:"status,omitempty"` // done: how it ended
	ID      string      `json:"id,omitempty"`     // the execution's
	Attempt int         `json:"attempt"`          // 0 for an answer by hand that nobody had run
	Fence   int64       `json:"fence,omitempty"`

	StartedAt   time.Time `json:"startedAt,omitzero"`   // by the clock of whoever ran it
	FinishedAt  time.Time `json:"finishedAt,omitzero"`  // done: likewise
	LeaseEndsAt time.Time `json:"leaseEndsAt,omitzero"` // running, interrupted: by our clock, from Redis's remaining time
	ExpiresAt   time.Time `json:"expiresAt,omitzero"`   // likewise

	Lease time.Duration `json:"-"` // running, interrupted
	TTL   time.Duration `json:"-"` // likewise: the task's, for which its answer would be remembered

	Waiting     bool   `json:"waiting,omitempty"`     // running, interrupted: somebody waits for its end
	Fingerprint string `json:"fingerprint,omitempty"` // of the match fields
	Codec       string `json:"codec,omitempty"`       // of the value, where one is stored
	Size        int    `json:"size"`                  // of all of it, in bytes
	Problem     string `json:"problem,omitempty"`     // corrupt: what is wrong

	// What only Get tells.
	Reason   string         `json:"reason,omitempty"`
	Metadata map[string]any `json:"metadata,omitempty"`
	Value    []byte         `json:"-"` // as the codec wrote it; nil where none is stored
}

// TaskName returns the task's name with its version, as in the key: billing.Pay@v2.
func (r Record) TaskName() string {
	if r.Version == 0 {
		return r.Task
	}
	return r.Task + "@v" + strconv.Itoa(r.Version)
}

// Unfinished tells whether somebody may have to look after the execution: it runs,
// was interrupted, or cannot be read.
func (r Record) Unfinished() bool {
	return r.State == idem.StateRunning || r.State == idem.StateInterrupted || r.State == StateCorrupt
}

// newRecord returns a record of which nothing but the key is known.
func newRecord(key string) Record {
	r := Record{Key: key}
	if k, err := idem.ParseKey(key); err == nil {
		r.Task, r.Version = k.Task, k.Version
	}
	return r
}

// corrupt returns a record that cannot be read.
func corrupt(key string, size int, problem string) Record {
	r := newRecord(key)
	r.State, r.Size, r.Problem = StateCorrupt, size, problem
	return r
}

// describe returns a record of size bytes that expires in ttl.
func describe(key string, stored idem.StoredRecord, size int, ttl time.Duration) Record {
	now := time.Now()
	r := newRecord(key)
	r.State, r.Status = stored.StateAt(ttl), stored.Status
	r.ID, r.Attempt, r.Fence = stored.ID, stored.Attempt, stored.Fence
	r.StartedAt, r.ExpiresAt = time.UnixMicro(stored.Started), now.Add(ttl)
	r.Fingerprint, r.Size = stored.Fingerprint, size
	switch stored.State {
	case idem.StateRunning:
		r.Lease, r.TTL, r.Waiting = stored.Lease, stored.Retention-stored.Lease, stored.Waiting
		r.LeaseEndsAt = now.Add(stored.LeaseLeft(ttl))
	case idem.StateDone:
		r.FinishedAt = r.StartedAt.Add(stored.Took)
		if stored.HasValue {
			r.Codec = stored.Codec
		}
	}
	return r
}

// Get returns what is stored under a key, with reason, metadata and value. A record
// that cannot be read has StateCorrupt. Its error is idem.ErrNotFound, or Redis's.
func (i *Inspector) Get(ctx context.Context, key string) (Record, error) {
	reply, err := i.store.Lookup(ctx, key)
	switch {
	case errors.Is(err, idem.ErrCorrupt):
		return corrupt(key, 0, problem(err)), nil
	case err != nil:
		return Record{}, fmt.Errorf("ops: %s: %w", key, err)
	case reply.Record == nil:
		return Record{}, fmt.Errorf("%w under key %s", idem.ErrNotFound, key)
	}
	stored, err := idem.ParseRecord(reply.Record)
	if err != nil {
		return corrupt(key, len(reply.Record), problem(err)), nil
	}
	r := describe(key, stored, len(reply.Record), reply.TTL)
	if len(stored.Note) > 0 && !r.annotate(stored.Note) {
		return corrupt(key, len(reply.Record), "its reason and metadata are no JSON"), nil
	}
	if stored.HasValue {
		r.Value = stored.Value
	}
	return r, nil
}

// annotate reads reason and metadata, and tells whether they can be read.
func (r *Record) annotate(note []byte) bool {
	var n struct {
		Reason   string
		Metadata map[string]any
	}
	err := json.Unmarshal(note, &n)
	r.Reason, r.Metadata = n.Reason, n.Metadata
	return err == nil
}

// problem returns what an idem.ErrCorrupt says beyond being one.
func problem(err error) string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		if errs := joined.Unwrap(); len(errs) > 1 {
			return errs[1].Error()
		}
	}
	return err.Error()
}
