// Package nearstore keeps finished answers in the memory of a process, in front of
// another store: a duplicate of one that is near costs no round trip.
//
//	store, err := redisstore.Open(ctx, "")
//	near, err := nearstore.New(store, nearstore.Limits{Age: time.Minute})
//	client := idem.New(near)
//
// It pays where duplicates come often, soon and to the same processes, as those of
// a webhook's sender; docs/results.md has numbers.
//
// Only answers are kept, never a claim, a released record or an interrupted one: who
// runs is for the store behind to say. The price is that an answer may outlive, by
// [Limits].Age at most, what the store behind says: a Forget in another process, an
// expiry whose time this process was never told, or records that Redis has lost.
// A Forget in this process is heeded at once, and Lookup, Forget and Resolve always
// ask the store behind.
package nearstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/maypok86/otter/v2"
)

// Limits bound what is kept.
type Limits struct {
	// Age is how long an answer is kept at most, and so how long a Forget in another
	// process goes unnoticed. Required; a minute serves most senders' retries.
	Age time.Duration
	// Count is how many answers are kept at most. 0 means 100,000.
	Count int
	// Bytes is how many the keys and records take at most, the cache's own not
	// counted. 0 means 64 MiB. An answer of which there is no room for a hundred is
	// not kept.
	Bytes int
}

const (
	defaultCount = 100_000
	defaultBytes = 64 << 20
	// roomFor is how many answers of the largest size there is room for.
	roomFor = 100
)

// A Store is an [idem.Store] that keeps answers of another one. Make one with [New].
type Store struct {
	idem.Store // the one behind

	answers *otter.Cache[string, answer]
	limits  Limits
	// changes counts answers that were changed by hand. What was on its way from the
	// store behind at such a moment is not kept: it may be what was changed.
	changes atomic.Uint64
	closed  atomic.Bool
}

var _ idem.Store = (*Store)(nil)

// An answer is a done record, and when it is to be forgotten here.
type answer struct {
	record []byte
	until  time.Time
}

// New returns a store that keeps answers of the one behind, until it is closed. Its
// error says which limit is wrong.
func New(behind idem.Store, limits Limits) (*Store, error) {
	if limits.Count == 0 {
		limits.Count = defaultCount
	}
	if limits.Bytes == 0 {
		limits.Bytes = defaultBytes
	}
	switch {
	case behind == nil:
		return nil, errors.New("nearstore: there is no store behind")
	case limits.Age <= 0:
		return nil, fmt.Errorf("nearstore: Limits.Age is %v: set how long a Forget in another process may go unnoticed", limits.Age)
	case limits.Count < 0:
		return nil, fmt.Errorf("nearstore: Limits.Count is %d: at least 1, or 0 for %d", limits.Count, defaultCount)
	case limits.Bytes < roomFor:
		return nil, fmt.Errorf("nearstore: Limits.Bytes is %d: at least %d, or 0 for %d", limits.Bytes, roomFor, defaultBytes)
	}
	s := &Store{Store: behind, limits: limits}
	var err error
	s.answers, err = otter.New(&otter.Options[string, answer]{
		// One limit serves for both: an answer weighs its bytes, but no less than its
		// share where there are so many as Count allows.
		MaximumWeight: uint64(limits.Bytes),
		Weigher: func(key string, a answer) uint32 {
			return uint32(max(size(key, a.record), (limits.Bytes+limits.Count-1)/limits.Count))
		},
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, answer]) time.Duration {
			return time.Until(e.Value.until)
		}),
	})
	if err != nil {
		return nil, fmt.Errorf("nearstore: %w", err)
	}
	return s, nil
}

// Close forgets every answer and ends the cache's own goroutine. The store behind
// stays open, and this one goes on without keeping anything.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.answers.InvalidateAll()
	s.answers.StopAllGoroutines()
	return nil
}

func size(key string, record []byte) int { return len(key) + len(record) }

// Claim implements [idem.Store]: with an answer that is near, or by asking the store
// behind.
func (s *Store) Claim(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	if err := ctx.Err(); err != nil {
		return idem.Reply{}, err
	}
	if a, ok := s.answers.GetIfPresent(key); ok && time.Now().Before(a.until) {
		return idem.Reply{Record: a.record}, nil
	}
	return s.keeping(key, func() (idem.Reply, error) { return s.Store.Claim(ctx, key, c) })
}

// Contend implements [idem.Store].
func (s *Store) Contend(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	return s.keeping(key, func() (idem.Reply, error) { return s.Store.Contend(ctx, key, c) })
}

// Lookup implements [idem.Store]. It asks the store behind, and forgets here what is
// no longer there.
func (s *Store) Lookup(ctx context.Context, key string) (idem.Reply, error) {
	r, err := s.Store.Lookup(ctx, key)
	if err != nil {
		return r, err
	}
	if a, ok := s.answers.GetIfPresent(key); ok && !bytes.Equal(a.record, r.Record) {
		s.forget(key)
	}
	return r, nil
}

// Replace implements [idem.Store].
func (s *Store) Replace(ctx context.Context, key string, swap idem.Swap) (bool, error) {
	if idem.IsRunning(swap.Old) { // an owner's own completion or release
		changes, sent := s.changes.Load(), time.Now()
		stands, err := s.Store.Replace(ctx, key, swap)
		if stands {
			s.keep(key, swap.New, sent, swap.TTL, changes)
		}
		return stands, err
	}
	s.forget(key)
	defer s.forget(key) // also what came in between
	return s.Store.Replace(ctx, key, swap)
}

// keeping asks the store behind, and keeps the answer that it gives.
func (s *Store) keeping(key string, ask func() (idem.Reply, error)) (idem.Reply, error) {
	changes, sent := s.changes.Load(), time.Now()
	r, err := ask()
	if err == nil && !r.Owned {
		s.keep(key, r.Record, sent, r.TTL, changes)
	}
	return r, err
}

// keep keeps a record if it is an answer, and there is room for it. What the store
// behind was asked at sent expires there no sooner than ttl later, if that is known.
func (s *Store) keep(key string, record []byte, sent time.Time, ttl time.Duration, changes uint64) {
	if size(key, record) > s.limits.Bytes/roomFor || idem.IsRunning(record) {
		return
	}
	if r, err := idem.ParseRecord(record); err != nil || r.State != idem.StateDone {
		return
	}
	age := s.limits.Age
	if ttl > 0 {
		age = min(age, ttl)
	}
	s.answers.Compute(key, func(answer, bool) (answer, otter.ComputeOp) {
		if s.changes.Load() != changes || s.closed.Load() {
			return answer{}, otter.CancelOp
		}
		return answer{bytes.Clone(record), sent.Add(age)}, otter.WriteOp
	})
}

// forget forgets an answer, also one that is on its way.
func (s *Store) forget(key string) {
	s.changes.Add(1) // before what is kept goes: keep looks while it holds the key's lock
	s.answers.Invalidate(key)
}
