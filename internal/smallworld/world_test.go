package smallworld_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// The world's times are multiples of a tick that is longer than any jitter of the
// runtime, and the explorer acts on ticks only: so the same choices lead to the
// same course.
const (
	tick    = 25 * time.Millisecond
	lease   = 3 * time.Second
	past    = lease + lease/10 // longer than a lease
	short   = lease / 2
	running = 11 * lease / 15 // how long a task takes, if nothing happens: two heartbeats fall into it
	wait    = 20 * time.Second
	prompt  = time.Second // how soon somebody acts who can
	horizon = 2 * time.Minute
)

const key = "idempotency:world.Task:x"

// A setting is what a world starts with.
type setting struct {
	name    string
	callers []entry
	onCrash idem.CrashPolicy
}

// An entry is a caller: in which process it is, and when it comes.
type entry struct {
	process int
	after   time.Duration
}

// A caller calls the task once.
type caller struct {
	index    int
	process  int
	came     time.Time // when it called
	cancel   context.CancelFunc
	operator bool

	// Guarded by world.mu.
	called    bool
	returned  bool
	cancelled bool
	failing   bool // its task was told to fail
	run       *execution
}

// A world is the processes, the store between them and the ledger.
type world struct {
	setting setting
	course  *course
	store   *memstore.Store
	clients []*idem.Client
	tasks   []*idem.Task[string, string]
	arrived chan struct{} // holds one
	closed  chan struct{}
	wg      sync.WaitGroup

	mu         sync.Mutex
	start      time.Time
	callers    []*caller
	pending    []*call
	parked     []*call // of dead processes
	closing    bool
	over       bool
	forgot     bool
	harmless   bool // nothing has departed yet but the order, and resends
	departures int  // of the others
	dead       map[int]bool
	paused     map[int]time.Time // until when
	failed     map[int]bool      // the store has failed a call
	trouble    map[int]time.Time // until when something was wrong with a process
	unwatched  map[int]bool      // what goes on in the background was disturbed
	ledger     ledger
}

func newWorld(s setting, c *course) *world {
	w := &world{
		setting: s, course: c, store: memstore.New(), start: time.Now(), harmless: true,
		arrived: make(chan struct{}, 1), closed: make(chan struct{}),
		dead: map[int]bool{}, paused: map[int]time.Time{}, failed: map[int]bool{}, trouble: map[int]time.Time{}, unwatched: map[int]bool{},
	}
	processes := 0
	for i, e := range s.callers {
		w.callers = append(w.callers, &caller{index: i, process: e.process, came: w.start.Add(e.after)})
		processes = max(processes, e.process+1)
	}
	for p := range processes + 1 { // the last is the operator's
		w.add(&link{w, p})
	}
	return w
}

// add starts a process.
func (w *world) add(store idem.Store) {
	client := idem.New(store, idem.WithLogger(slog.New(slog.DiscardHandler)))
	w.clients = append(w.clients, client)
	w.tasks = append(w.tasks, idem.NewTask(client, idem.Spec[string, string]{
		Name: "world.Task",
		Key:  func(k *idem.KeyWriter, x string) { k.Part("X").String(x) },
		Run:  func(ctx context.Context, _ string) (string, error) { return w.task(ctx) },
	}, idem.WithLease(lease), idem.WithWait(wait), idem.WithTTL(time.Hour),
		idem.WithOnDuplicate(idem.PolicyReturnCached), idem.WithOnCrash(w.setting.onCrash)))
}

// run lets everything happen.
func (w *world) run() {
	for _, c := range w.callers {
		w.wg.Go(func() { w.call(c) })
	}
	for w.step() {
	}
	w.audit()
	w.end()
}

// call is a caller's life.
func (w *world) call(c *caller) {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), callerKey{}, c))
	defer cancel()
	time.Sleep(time.Until(c.came))
	w.mu.Lock()
	c.cancel, c.called = cancel, true
	w.mu.Unlock()
	if c.operator {
		err := w.tasks[c.process].Forget(ctx, "x")
		w.returned(c, func() { w.judgeOperator(c, err) })
		return
	}
	res, err := w.tasks[c.process].Run(ctx, "x")
	w.returned(c, func() { w.judge(c, res, err) })
}

func (w *world) returned(c *caller, judge func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.returned = true
	w.ring()
	if w.over || w.dead[c.process] {
		return
	}
	judge()
}

// ring tells the explorer that something has come up.
func (w *world) ring() {
	select {
	case w.arrived <- struct{}{}:
	default:
	}
}

// submit puts a call before the explorer.
func (w *world) submit(c *call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.over:
		c.failure = errDead
		close(c.answered)
	case w.dead[c.process]:
		w.parked = append(w.parked, c)
	default:
		c.tick = int(time.Since(w.start) / tick)
		w.pending = append(w.pending, c)
		w.ring()
	}
}

// task is what callers execute: it takes some time, watches its context, and
// returns a value that no other execution returns.
func (w *world) task(ctx context.Context) (string, error) {
	c, _ := ctx.Value(callerKey{}).(*caller)
	e := w.begin(ctx, c)
	defer w.ended(e)
	timer := time.NewTimer(running)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	returning := &call{process: c.process, caller: c, kind: "task", execute: func() {}, answered: make(chan struct{})}
	w.submit(returning)
	select {
	case <-returning.answered:
	case <-ctx.Done():
		w.mu.Lock()
		stubborn := returning.held
		w.mu.Unlock()
		if !stubborn {
			return "", context.Cause(ctx)
		}
		<-returning.answered
	}
	return e.value, returning.failure
}

// step does one thing, or waits for something to do; it returns false at the end.
func (w *world) step() bool {
	now := time.Now()
	time.Sleep(tick - now.Sub(w.start)%tick)
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.check()
	if len(w.course.faults) > 0 || w.course.strayed {
		return false
	}
	if time.Since(w.start) > horizon {
		w.course.broken("after %v somebody still has not returned", horizon)
		return false
	}
	if !w.closing && w.allReturned() {
		w.closing = true
		go func() {
			for p, client := range w.clients {
				if !w.isDead(p) {
					_ = client.Close(context.Background())
				}
			}
			close(w.closed)
			w.mu.Lock()
			defer w.mu.Unlock()
			w.ring()
		}()
	}
	ready, next := w.ready()
	if len(ready) > 0 {
		w.decide(ready)
		return true
	}
	select {
	case <-w.closed:
		if len(w.pending) == 0 {
			return false
		}
	default:
	}
	w.mu.Unlock()
	timer := time.NewTimer(time.Until(next))
	select {
	case <-w.arrived:
	case <-timer.C:
	}
	timer.Stop()
	w.mu.Lock()
	return true
}

func (w *world) isDead(process int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dead[process]
}

func (w *world) allReturned() bool {
	for _, c := range w.callers {
		if !c.returned && !w.dead[c.process] {
			return false
		}
	}
	return true
}

// ready returns the calls that something can become of now, in the order in which
// they came, and when there may be another.
func (w *world) ready() (ready []*call, next time.Time) {
	now := time.Now()
	next = w.start.Add(horizon + 2*tick)
	for _, c := range w.pending {
		at := c.notBefore
		if until := w.paused[c.process]; until.After(at) {
			at = until
		}
		if at.After(now) {
			if at.Before(next) {
				next = at
			}
			continue
		}
		ready = append(ready, c)
	}
	slices.SortStableFunc(ready, func(a, b *call) int {
		return cmp.Or(cmp.Compare(a.tick, b.tick), cmp.Compare(a.process, b.process),
			cmp.Compare(a.callerIndex(), b.callerIndex()), cmp.Compare(a.kind, b.kind))
	})
	return ready, next
}

// audit asks, when all is over, what has become of the key.
func (w *world) audit() {
	if len(w.course.faults) > 0 || w.course.strayed {
		return
	}
	before := w.peek()
	w.mu.Lock()
	w.ledger.auditing = true
	w.mu.Unlock()
	w.add(w.store)
	c := &caller{index: len(w.callers), process: len(w.tasks) - 1}
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), callerKey{}, c), wait)
	defer cancel()
	var res idem.Result[string]
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		res, err = w.tasks[c.process].Run(ctx, "x")
	}()
	for open := true; open; {
		select {
		case <-done:
			open = false
		case <-w.arrived:
			w.mu.Lock()
			for _, p := range w.pending {
				close(p.answered)
			}
			w.pending = nil
			w.mu.Unlock()
		}
	}
	switch {
	case before.State == idem.StateDone:
		if err != nil || !res.Duplicate || res.Value != answerOf(before) {
			w.course.broken("in the end the key held %q, and a call got %q, %v", answerOf(before), res.Value, err)
		}
	case before.State == idem.StateRunning && w.setting.onCrash == idem.CrashFail:
		if !errors.Is(err, idem.ErrInterrupted) {
			w.course.broken("in the end the execution was interrupted, and a call got %q, %v", res.Value, err)
		}
	case err != nil || res.Duplicate:
		w.course.broken("in the end the key was %s, and a call got %q, %v", before.State, res.Value, err)
	}
}

// end lets the dead go, and sees to it that nothing stays behind.
func (w *world) end() {
	w.mu.Lock()
	w.over = true
	for _, c := range append(w.parked, w.pending...) {
		w.answer(c, errDead)
	}
	for _, c := range w.callers {
		if c.cancel != nil {
			c.cancel()
		}
	}
	w.mu.Unlock()
	w.wg.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for p, client := range w.clients {
		if err := client.Close(ctx); err != nil {
			w.course.broken("process %d does not end: %v", p, err)
		}
	}
	if w.closing {
		<-w.closed
	}
}

// say adds a line to the trace.
func (w *world) say(format string, args ...any) {
	w.course.trace = append(w.course.trace,
		fmt.Sprintf("%7.3fs  ", time.Since(w.start).Seconds())+fmt.Sprintf(format, args...))
}
