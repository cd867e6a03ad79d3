package memstore

import (
	"container/heap"
	"time"
)

// sweepStep is how many expired keys a write removes at most: more than the one
// it adds, so that they cannot pile up.
const sweepStep = 4

// sweep removes up to limit expired keys.
func (s *Store) sweep(now time.Time, limit int) {
	for ; limit > 0 && len(s.expiring) > 0 && !s.expiring[0].expires.After(now); limit-- {
		e := heap.Pop(&s.expiring).(*entry)
		delete(s.entries, e.key)
	}
}

// An expiryQueue is a heap of all entries; the first one expires first.
type expiryQueue []*entry

func (q *expiryQueue) add(e *entry)   { heap.Push(q, e) }
func (q *expiryQueue) moved(e *entry) { heap.Fix(q, e.index) }

// Len, Less, Swap, Push and Pop implement [heap.Interface].
func (q expiryQueue) Len() int           { return len(q) }
func (q expiryQueue) Less(i, j int) bool { return q[i].expires.Before(q[j].expires) }

func (q expiryQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *expiryQueue) Push(x any) {
	e := x.(*entry)
	e.index = len(*q)
	*q = append(*q, e)
}

func (q *expiryQueue) Pop() any {
	old := *q
	e := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return e
}
