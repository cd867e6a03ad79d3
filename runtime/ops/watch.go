package ops

import (
	"context"
	"hash/maphash"
	"iter"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// StateGone is the state in which Watch returns an execution that is no longer
// stored: it has expired, or somebody has deleted it.
const StateGone idem.State = "gone"

// Watch looks again and again, with pauses of every, and returns each record that it
// has not seen before in its present state, until the context ends, which is no
// error. The first look returns what is not done, as it stands. Of an execution that
// the query asks for and that is not done, the state that comes next is returned, too.
//
// It asks nothing of Redis but to be looked through, no keyspace notifications for
// instance. So what begins and ends between two looks is seen done, and a state that
// is left again before the next look is not seen. It remembers some 50 bytes for every
// record.
func (i *Inspector) Watch(ctx context.Context, q Query, every time.Duration) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		w := watch{query: q, seed: maphash.MakeSeed()}
		for first := true; ; first = false {
			if !w.look(i.List(ctx, Query{Pattern: q.Pattern, Task: q.Task, Progress: q.Progress}), first, func(r Record, err error) bool {
				if ctx.Err() != nil {
					return false
				}
				return yield(r, err)
			}) || sleep(ctx, every) != nil {
				return
			}
		}
	}
}

// A watch knows what it has seen.
type watch struct {
	query Query
	seed  maphash.Seed
	seen  map[uint64]uint64 // key to execution and state, as hashes
	open  map[string]Record // those that are not done, by key
}

// look returns what is new, and whether to go on.
func (w *watch) look(records iter.Seq2[Record, error], first bool, yield func(Record, error) bool) bool {
	seen, open := make(map[uint64]uint64, len(w.seen)), make(map[string]Record)
	for r, err := range records {
		if err != nil {
			yield(Record{}, err)
			return false
		}
		key, mark := maphash.String(w.seed, r.Key), w.mark(r)
		before, known := w.seen[key]
		seen[key] = mark
		if r.State != idem.StateDone {
			open[r.Key] = r
		}
		isNew := !known && (!first || r.State != idem.StateDone) || known && before != mark
		asked := w.query.asksFor(r)
		if was, ok := w.open[r.Key]; ok { // how it ends is news as well
			asked = asked || w.query.asksFor(was)
		}
		if isNew && asked && !yield(r, nil) {
			return false
		}
	}
	for key, r := range w.open {
		if _, still := seen[maphash.String(w.seed, key)]; still {
			continue
		}
		before := r
		r.State, r.ExpiresAt, r.LeaseEndsAt = StateGone, time.Time{}, time.Time{}
		if w.query.asksFor(before) && !yield(r, nil) {
			return false
		}
	}
	w.seen, w.open = seen, open
	return true
}

// mark tells one state of one execution from any other.
func (w *watch) mark(r Record) uint64 {
	return maphash.Comparable(w.seed, [3]string{r.ID, string(r.State), string(r.Status)})
}
