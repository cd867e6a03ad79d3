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
	key   string
	all   *flights
	queue list.List // of *follower, in order of arrival

	// What the leader has learned so far, guarded by all.mu.
	seen  *StoredRecord // an execution in progress, the leader's own or another's
	news  chan struct{} // closed when seen is set; made when somebody asks
	ended bool

	// What the leader learned in the end; written before done is closed.
	done   chan struct{}
	answer *StoredRecord // the answer to all
	err    error         // the store's failure, which is everybody's
}

// A follower waits for a leader's news, or to become the leader itself.
type follower struct {
	promoted chan struct{} // closed when it leads
	place    *list.Element // nil once it left the queue
}

// join makes the caller the leader of key's flight, or a follower if somebody
// leads already.
func (fs *flights) join(key string) (f *flight, follows *follower) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f = fs.byKey[key]
	if f == nil {
		f = &flight{key: key, all: fs, done: make(chan struct{})}
		fs.byKey[key] = f
		return f, nil
	}
	follows = &follower{promoted: make(chan struct{})}
	follows.place = f.queue.PushBack(follows)
	return f, follows
}

// leave takes a follower out. One that was promoted in the meantime passes the
// lead on, so that nobody waits for a leader who has gone.
func (f *flight) leave(follows *follower) {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	if follows.place != nil {
		f.queue.Remove(follows.place)
		follows.place = nil
		return
	}
	if !f.ended {
		f.promote()
	}
}

// progress tells the followers of an execution in progress.
func (f *flight) progress(r StoredRecord) {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	f.seen = &r
	if f.news != nil {
		close(f.news)
		f.news = nil
	}
}

// look returns the execution in progress, if one is known, and otherwise a
// channel that is closed when one is.
func (f *flight) look() (*StoredRecord, <-chan struct{}) {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	if f.seen != nil {
		return f.seen, nil
	}
	if f.news == nil {
		f.news = make(chan struct{})
	}
	return nil, f.news
}

// land ends the flight with an answer, or with an error, for every follower.
func (f *flight) land(answer *StoredRecord, err error) {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	f.answer, f.err = answer, err
	f.end()
}

// handOver gives the lead to the first follower, since the leader goes without
// an answer that would serve the others.
func (f *flight) handOver() {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	f.promote()
}

func (f *flight) promote() {
	f.seen = nil
	first := f.queue.Front()
	if first == nil {
		f.end()
		return
	}
	follows := f.queue.Remove(first).(*follower)
	follows.place = nil
	close(follows.promoted)
}

func (f *flight) end() {
	f.ended = true
	delete(f.all.byKey, f.key)
	close(f.done)
}
