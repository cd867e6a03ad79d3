package console

import (
	"context"
	"slices"
	"sync"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
)

// Limits of looking through Redis for a page.
const (
	maxOpen      = 500              // records of each unfinished state that are kept
	restFor      = 4 * time.Second  // a look is good for so long,
	restFactor   = 5                // or for so many times as long as it took
	lookPatience = 2 * time.Second  // that a page waits for a look
	lookLimit    = 30 * time.Minute // that one may take
)

// A snapshot is what a look through all records has found.
type snapshot struct {
	At    time.Time // when it began
	Took  time.Duration
	Tasks []ops.TaskStats
	Open  []ops.Record // corrupt, interrupted and running, the most worrying and oldest first
	Left  int          // unfinished ones that Open has no room for
}

// count adds up a state over all tasks.
func (s *snapshot) count(state idem.State) int {
	n := 0
	for _, t := range s.Tasks {
		n += t.States[state]
	}
	return n
}

// A looker looks through Redis when somebody asks, one look at a time for all who do.
type looker struct {
	inspector *ops.Inspector

	mu       sync.Mutex
	last     *snapshot
	err      error         // of the last look
	ended    time.Time     // when that was
	under    chan struct{} // closed when the look under way ends; nil if none is
	outdated bool          // something was changed while it was
	progress ops.Progress
}

// latest returns the last snapshot, which is new if the keys are few; nil before the
// first. The error is that of the last look, and progress that of the present one.
func (l *looker) latest(ctx context.Context) (s *snapshot, p ops.Progress, err error) {
	l.mu.Lock()
	if l.under == nil && !l.rests() {
		l.under = make(chan struct{})
		l.progress, l.outdated = ops.Progress{}, false
		go l.look(l.under)
	}
	under := l.under
	l.mu.Unlock()
	if under != nil {
		timer := time.NewTimer(lookPatience)
		defer timer.Stop()
		select {
		case <-under:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last, l.progress, l.err
}

// rests tells whether the last look is recent enough.
func (l *looker) rests() bool {
	rest := restFor
	if l.last != nil {
		rest = max(rest, restFactor*l.last.Took)
	}
	if l.err != nil {
		rest = time.Second
	}
	return !l.ended.IsZero() && time.Since(l.ended) < rest
}

// outdate has the next who asks get a new look, after a change.
func (l *looker) outdate() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended, l.outdated = time.Time{}, true
}

func (l *looker) look(under chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), lookLimit)
	defer cancel()
	s := &snapshot{At: time.Now()}
	var tally ops.Tally
	open := make(map[idem.State][]ops.Record)
	var failure error
	for r, err := range l.inspector.List(ctx, ops.Query{Progress: l.tell}) {
		if failure = err; err != nil {
			break
		}
		tally.Add(r)
		if !r.Unfinished() {
			continue
		}
		if open[r.State] = append(open[r.State], r); len(open[r.State]) >= 2*maxOpen {
			open[r.State] = oldest(open[r.State])
			s.Left += maxOpen
		}
	}
	s.Took, s.Tasks = time.Since(s.At), tally.Tasks()
	for _, state := range ops.States {
		kept := oldest(open[state])
		s.Left += len(open[state]) - len(kept)
		s.Open = append(s.Open, kept...)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err = failure; failure == nil {
		l.last = s
	}
	if l.under = nil; !l.outdated {
		l.ended = time.Now()
	}
	close(under)
}

func (l *looker) tell(p ops.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.progress = p
}

// oldest returns those that started first, as many as are kept.
func oldest(records []ops.Record) []ops.Record {
	slices.SortFunc(records, func(a, b ops.Record) int { return a.StartedAt.Compare(b.StartedAt) })
	return records[:min(len(records), maxOpen)]
}
