package console

import (
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// A Recorder counts a client's events, for the charts of a console in the same
// process:
//
//	recorder := console.NewRecorder()
//	client := idem.New(store, idem.WithObserver(recorder.Observe))
//
// It remembers a day, the last half hour in finer steps, and takes about 35 kB for a
// task, of a hundred tasks at most: what others do is counted together. So it shows
// what this process has seen, and nothing of other processes or from before its start.
type Recorder struct {
	now func() time.Time

	mu    sync.Mutex
	tasks map[string]*series
}

// NewRecorder returns a recorder that has seen nothing yet.
func NewRecorder() *Recorder {
	return &Recorder{now: time.Now, tasks: make(map[string]*series)}
}

// maxTasks bounds a recorder's memory. otherTasks are those beyond it.
const (
	maxTasks   = 100
	otherTasks = "(other tasks)"
)

// Observe is an [idem.Observer].
func (r *Recorder) Observe(_ context.Context, e idem.Event) {
	now := r.now()
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.tasks[e.Task]
	if s == nil {
		name := e.Task
		if len(r.tasks) >= maxTasks {
			name = otherTasks
			s = r.tasks[name]
		}
		if s == nil {
			s = newSeries()
			r.tasks[name] = s
		}
	}
	for _, ring := range s.rings {
		ring.at(now).count(e)
	}
}

// names returns the tasks that have been seen.
func (r *Recorder) names() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := make([]string, 0, len(r.tasks))
	for name := range r.tasks {
		names = append(names, name)
	}
	slices.SortFunc(names, strings.Compare)
	return names
}

// A window is a stretch of time that charts show, up to now.
type window struct {
	ring  int    // of a series
	Name  string // as in URLs
	Title string
	steps int
	step  time.Duration
}

var windows = []window{
	{0, "30m", "30 minutes", 60, 30 * time.Second},
	{1, "24h", "24 hours", 96, 15 * time.Minute},
}

func windowOf(name string) window {
	for _, w := range windows {
		if w.Name == name {
			return w
		}
	}
	return windows[0]
}

// history returns what happened to a task in a window: one bucket a step, the last
// of which is still being filled. It begins at start.
func (r *Recorder) history(task string, w window) (buckets []bucket, start time.Time) {
	now := r.now()
	last := now.UnixNano() / int64(w.step)
	start = time.Unix(0, (last-int64(w.steps)+1)*int64(w.step))
	buckets = make([]bucket, w.steps)
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.tasks[task]
	if s == nil {
		return buckets, start
	}
	for _, b := range s.rings[w.ring].buckets {
		if n := b.step - last + int64(w.steps) - 1; n >= 0 && n < int64(w.steps) && b.step != 0 {
			buckets[n] = b
		}
	}
	return buckets, start
}

// A series is one task's history, in each window.
type series struct{ rings []*ring }

func newSeries() *series {
	s := &series{}
	for _, w := range windows {
		s.rings = append(s.rings, &ring{step: w.step, buckets: make([]bucket, w.steps)})
	}
	return s
}

// A ring has a bucket for each of the last steps.
type ring struct {
	step    time.Duration
	buckets []bucket
}

// at returns the bucket of a moment, emptied where it was an earlier step's.
func (r *ring) at(now time.Time) *bucket {
	step := now.UnixNano() / int64(r.step)
	b := &r.buckets[step%int64(len(r.buckets))]
	if b.step != step {
		*b = bucket{step: step}
	}
	return b
}

// A bucket counts the events of one step.
type bucket struct {
	step        int64 // since 1970; 0 for one that was never used
	executions  uint32
	duplicates  uint32
	waits       uint32
	takeovers   uint32
	lost        uint32 // leases lost, and results not recorded
	refused     uint32
	released    uint32
	unprotected uint32
	took        [latencies]uint32 // executions by how long they took
}

func (b *bucket) count(e idem.Event) {
	switch e.Kind {
	case idem.EventClaimed:
		b.executions++
	case idem.EventDuplicate:
		b.duplicates++
	case idem.EventWaited:
		b.waits++
	case idem.EventTakenOver:
		b.takeovers++
	case idem.EventLost, idem.EventNotRecorded:
		b.lost++
	case idem.EventRefused:
		b.refused++
	case idem.EventFailedOpen:
		b.unprotected++
	case idem.EventReleased:
		b.released++
	}
	switch e.Kind {
	case idem.EventRecorded, idem.EventReleased, idem.EventNotRecorded:
		b.took[latency(e.Duration)]++
	}
}

// Durations are counted in classes, each longer than the one before it by the square
// root of two: from under 1 ms to more than a quarter of an hour.
const latencies = 42

// latency is the class of a duration.
func latency(d time.Duration) int {
	if d < time.Millisecond {
		return 0
	}
	return min(latencies-1, 1+int(2*math.Log2(float64(d)/float64(time.Millisecond))))
}

// longest is the upper end of a class.
func longest(class int) float64 {
	if class < 0 {
		return 0
	}
	return float64(time.Millisecond) * math.Pow(2, float64(class)/2)
}

// quantile returns about the duration than which the share q of executions took no
// longer, as if those of a class were spread evenly over it; false if there were none.
func quantile(took []uint32, q float64) (time.Duration, bool) {
	total := 0.0
	for _, n := range took {
		total += float64(n)
	}
	if total == 0 {
		return 0, false
	}
	rank := q * total
	for class, n := range took {
		if n := float64(n); rank > n {
			rank -= n
			continue
		}
		from, to := longest(class-1), longest(class)
		return time.Duration(from + (to-from)*rank/float64(max(n, 1))), true
	}
	return time.Duration(longest(latencies - 1)), true
}

// sum adds up buckets.
func sum(buckets []bucket) bucket {
	var t bucket
	for _, b := range buckets {
		t.executions += b.executions
		t.duplicates += b.duplicates
		t.waits += b.waits
		t.takeovers += b.takeovers
		t.lost += b.lost
		t.refused += b.refused
		t.released += b.released
		t.unprotected += b.unprotected
		for class, n := range b.took {
			t.took[class] += n
		}
	}
	return t
}
