// Package memstore keeps the records of one process in its memory: the store of
// examples and tests, and of programs that run only once at a time. It follows
// the protocol on the same bytes as a Redis store does, but what it holds ends
// with the process and is seen by no other one.
package memstore

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// A Store is an [idem.Store] in memory. It starts no goroutine; expired keys
// are swept by the calls that come after. Make one with [New].
type Store struct {
	mu       sync.Mutex
	entries  map[string]*entry
	expiring expiryQueue
	waiters  map[string]map[*waiter]struct{}
}

var _ idem.Store = (*Store)(nil)

// An entry is one key with its record. The record's bytes are never changed in
// place: those who wait may be reading them.
type entry struct {
	key     string
	record  []byte
	expires time.Time
	index   int // in the expiry queue
}

// An Option sets up a [Store].
type Option func(*Store)

// New returns an empty store.
func New(opts ...Option) *Store {
	s := &Store{
		entries: make(map[string]*entry),
		waiters: make(map[string]map[*waiter]struct{}),
	}
	for _, opt := range opts {
		opt(s)
	}
	return s
}

// Claim implements [idem.Store].
func (s *Store) Claim(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	if err := ctx.Err(); err != nil {
		return idem.Reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	e := s.find(key, now)
	if e == nil {
		return s.own(key, c, c.Record(), "", now), nil
	}
	r := e.reply(now)
	r.Owned = idem.IsRunning(e.record) && idem.SameClaim(e.record, c.Record().Bytes())
	return r, nil
}

// Contend implements [idem.Store].
func (s *Store) Contend(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	if err := ctx.Err(); err != nil {
		return idem.Reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	e := s.find(key, now)
	if e == nil {
		return s.own(key, c, c.Record(), "", now), nil
	}
	old, err := idem.ParseRecord(e.record)
	if err != nil {
		return idem.Reply{}, err
	}
	if !c.Matches(old) {
		return e.reply(now), nil
	}
	mine := old.ID == c.ID
	stale := old.State == idem.StateRunning && old.LeaseLeft(e.expires.Sub(now)) <= 0
	switch {
	case old.State == idem.StateReleased && !mine, stale && (mine || c.OnCrash == idem.CrashRetry):
		if old.Fence >= maxCount || old.Attempt >= maxCount {
			return idem.Reply{}, fmt.Errorf("%w: its attempt or fence cannot grow", idem.ErrCorrupt)
		}
		return s.own(key, c, c.Over(old), old.State, now), nil
	case old.State == idem.StateRunning && mine:
		r := e.reply(now)
		r.Owned = true
		return r, nil
	case old.State == idem.StateRunning && !old.Waiting:
		e.record = idem.Marked(bytes.Clone(e.record))
	}
	return e.reply(now), nil
}

// maxCount is the highest number that a record may hold, so that a Redis store
// could count on from it.
const maxCount = 1<<53 - 1

// own writes the record by which c owns the key from now on.
func (s *Store) own(key string, c idem.Claim, r idem.StoredRecord, from idem.State, now time.Time) idem.Reply {
	record := r.Bytes()
	s.put(key, record, now, c.Retention)
	return idem.Reply{Record: record, Owned: true, From: from, TTL: c.Retention}
}

// Heartbeat implements [idem.Store].
func (s *Store) Heartbeat(ctx context.Context, held []idem.Lease, report func(i int, err error)) {
	for i, l := range held {
		err := ctx.Err()
		if err == nil {
			err = s.beat(l)
		}
		report(i, err)
	}
}

func (s *Store) beat(l idem.Lease) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	e := s.find(l.Key, now)
	if e == nil || !idem.SameClaim(e.record, l.Record) {
		return idem.ErrLeaseLost
	}
	s.put(l.Key, e.record, now, l.Retention)
	return nil
}

// Replace implements [idem.Store]. It wakes those who wait for the key whether
// they have marked the record or not.
func (s *Store) Replace(ctx context.Context, key string, swap idem.Swap) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	e := s.find(key, now)
	switch {
	case e == nil && !swap.IfAbsent:
		return false, nil
	case e == nil:
	case bytes.Equal(e.record, swap.New):
		return true, nil
	case !bytes.Equal(e.record, swap.Old) && !idem.SameClaim(e.record, swap.Old):
		return false, nil
	}
	s.put(key, bytes.Clone(swap.New), now, swap.TTL)
	s.wake(key)
	return true, nil
}

// Lookup implements [idem.Store].
func (s *Store) Lookup(ctx context.Context, key string) (idem.Reply, error) {
	if err := ctx.Err(); err != nil {
		return idem.Reply{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	e := s.find(key, now)
	if e == nil {
		return idem.Reply{}, nil
	}
	return e.reply(now), nil
}

// Records returns a snapshot of all keys with their records, in no order. A
// record that cannot be read is left out.
func (s *Store) Records() iter.Seq2[string, idem.StoredRecord] {
	return func(yield func(string, idem.StoredRecord) bool) {
		for key, value := range s.snapshot() {
			r, err := idem.ParseRecord(value)
			if err == nil && !yield(key, r) {
				return
			}
		}
	}
}

func (s *Store) snapshot() map[string][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(time.Now(), len(s.entries))
	values := make(map[string][]byte, len(s.entries))
	for key, e := range s.entries {
		values[key] = bytes.Clone(e.record)
	}
	return values
}

// Len returns how many keys the store holds.
func (s *Store) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(time.Now(), len(s.entries))
	return len(s.entries)
}

// find returns the key's entry, or nil if it is absent or expired.
func (s *Store) find(key string, now time.Time) *entry {
	e := s.entries[key]
	if e == nil || !e.expires.After(now) {
		return nil
	}
	return e
}

// put writes the key's record, which must not change afterwards.
func (s *Store) put(key string, record []byte, now time.Time, ttl time.Duration) {
	s.sweep(now, sweepStep)
	e, expires := s.entries[key], now.Add(ttl)
	if e == nil {
		e = &entry{key: key, record: record, expires: expires}
		s.entries[key] = e
		s.expiring.add(e)
		return
	}
	e.record, e.expires = record, expires
	s.expiring.moved(e)
}

// reply returns the entry as it stands.
func (e *entry) reply(now time.Time) idem.Reply {
	return idem.Reply{Record: e.record, TTL: e.expires.Sub(now)}
}
