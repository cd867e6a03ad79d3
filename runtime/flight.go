package idem

import (
	"container/list"
	"sync"
)

// flights is what the callers of one process share: for each key at most one
// of them, the leader, speaks with the store; the others follow in memory.
type flights struct {
	mu    sync.Mutex
	byKey map[string]*flight
}

// A flight is one key's callers. It lives while it has a leader.
type flight struct {
	key string
	all *flights

	// Guarded by all.mu.
	leader *lead         // nil once the flight has ended
	first  lead          // the one it starts with
	queue  list.List     // of *follower, in order of arrival
	seen   *StoredRecord // an execution in progress, the leader's own or another's
	news   chan struct{} // closed when seen changes; made when somebody asks

	// What the leader learned in the end; written before done, which the first
	// follower makes, is closed.
	done   chan struct{}
	answer *StoredRecord // the answer to all
	err    error         // the store's failure, which is everybody's
}

// A lead is the right to speak with the store for a flight. Once it is handed
// over or landed it moves nothing any more, however late its holder comes back.
type lead struct{ flight *flight }

// A follower waits for a leader's news, or to become the leader itself.
type follower struct {
	flight   *flight
	promoted chan struct{} // closed when it leads
	lead     *lead         // set before that
	place    *list.Element // nil once it left the queue
}

// join makes the caller the leader of key's flight, or a follower if somebody
// leads already.
func (fs *flights) join(key string) (*lead, *follower) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.byKey[key]
	if f == nil {
		f = &flight{key: key, all: fs}
		f.first.flight, f.leader = f, &f.first
		fs.byKey[key] = f
		return f.leader, nil
	}
	if f.done == nil {
		f.done = make(chan struct{})
	}
	follows := &follower{flight: f, promoted: make(chan struct{})}
	follows.place = f.queue.PushBack(follows)
	return nil, follows
}

// leave takes a follower out. One that was promoted in the meantime passes the
// lead on, so that nobody waits for a leader who has gone.
func (f *follower) leave() {
	f.flight.all.mu.Lock()
	defer f.flight.all.mu.Unlock()
	if f.place != nil {
		f.flight.queue.Remove(f.place)
		f.place = nil
		return
	}
	if f.lead != nil && f.flight.leader == f.lead {
		f.flight.promote()
	}
}

// look returns the execution in progress, if one is known, and a channel that is
// closed when that changes.
func (f *flight) look() (seen *StoredRecord, news <-chan struct{}) {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	if f.news == nil {
		f.news = make(chan struct{})
	}
	return f.seen, f.news
}

// progress tells the followers of an execution in progress.
func (l *lead) progress(r *StoredRecord) {
	l.lock(func(f *flight) { f.see(r) })
}

// land ends the flight with an answer, or with an error, for every follower.
func (l *lead) land(answer *StoredRecord, err error) {
	l.lock(func(f *flight) {
		f.answer, f.err = answer, err
		f.end()
	})
}

// handOver gives the lead to the first follower, since the leader goes without
// an answer that would serve the others.
func (l *lead) handOver() {
	l.lock((*flight).promote)
}

// lock calls move while the lead is still held.
func (l *lead) lock(move func(f *flight)) {
	l.flight.all.mu.Lock()
	defer l.flight.all.mu.Unlock()
	if l.flight.leader == l {
		move(l.flight)
	}
}

func (f *flight) see(r *StoredRecord) {
	f.seen = r
	if f.news != nil {
		close(f.news)
		f.news = nil
	}
}

func (f *flight) promote() {
	f.see(nil)
	first := f.queue.Front()
	if first == nil {
		f.end()
		return
	}
	next := f.queue.Remove(first).(*follower)
	next.place = nil
	f.leader = &lead{f}
	next.lead = f.leader
	close(next.promoted)
}

func (f *flight) end() {
	f.leader = nil
	delete(f.all.byKey, f.key)
	if f.done != nil {
		close(f.done)
	}
}
