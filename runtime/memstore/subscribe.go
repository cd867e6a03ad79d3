package memstore

import (
	"context"
	"sync"
)

// A waiter is one subscription. Its channel holds one wake-up; more say no more.
type waiter struct{ wake chan struct{} }

// Subscribe implements [idem.Store].
func (s *Store) Subscribe(ctx context.Context, key string) (<-chan struct{}, func(), error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	w := &waiter{make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiters[key] == nil {
		s.waiters[key] = make(map[*waiter]struct{})
	}
	s.waiters[key][w] = struct{}{}
	return w.wake, sync.OnceFunc(func() { s.unsubscribe(key, w) }), nil
}

func (s *Store) unsubscribe(key string, w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiters[key], w)
	if len(s.waiters[key]) == 0 {
		delete(s.waiters, key)
	}
}

// wake wakes everybody who waits for the key.
func (s *Store) wake(key string) {
	for w := range s.waiters[key] {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}
