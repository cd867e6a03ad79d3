package failover_test

import (
	"cmp"
	"slices"
	"sync"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// A history is what was done for one key, and what its callers were told.
type history struct {
	mu         sync.Mutex
	executions []*execution
	told       []string // every answer that a caller got without an error
	errors     []string // codes
}

// An execution is one run of the task.
type execution struct {
	id      string
	attempt int
	caller  string
	called  time.Time // when its caller asked
	begin   time.Time
	alive   time.Time // when it last had its lease, as far as it knew
	effect  bool
	warned  bool // an event said that it was not recorded as it should be
	ok      bool // its caller got its value without an error
}

// losses are what a history shows that should not be.
type losses struct {
	claims    int // executions of which a later one did not know, before they were answered
	answers   int // answers that somebody was told, and others were not
	warned    int // of these, those with a warning
	twoOwners bool
	effects   bool // two effects, and no caller was told of trouble
	toldOf    bool // two effects, and a caller was told that his was not recorded
}

func (l losses) any() bool { return l.claims+l.answers > 0 || l.twoOwners || l.effects }

// losses compares what was done with what was told.
func (h *history) losses() (l losses) {
	h.mu.Lock()
	defer h.mu.Unlock()
	slices.SortFunc(h.executions, func(a, b *execution) int { return a.begin.Compare(b.begin) })
	effects, trouble := 0, false
	for i, x := range h.executions {
		if x.effect {
			effects++
			trouble = trouble || !x.ok
		}
		forgotten := false
		for _, y := range h.executions[i+1:] {
			forgotten = forgotten || y.attempt <= x.attempt
			l.twoOwners = l.twoOwners || y.begin.Before(x.alive)
		}
		if forgotten && !x.ok {
			l.claims++
		}
	}
	l.effects, l.toldOf = effects > 1 && !trouble, effects > 1 && trouble
	told := slices.Compact(slices.SortedFunc(slices.Values(h.told), cmp.Compare[string]))
	l.answers = max(0, len(told)-1)
	for _, x := range h.executions {
		if x.warned && slices.Contains(told, valueOf(x.id)) {
			l.warned++
		}
	}
	l.warned = min(l.warned, l.answers)
	return l
}

// valueOf is the value with which an execution returns.
func valueOf(id string) string { return "by " + id }

// begin takes note of an execution.
func (h *history) begin(x idem.Execution, caller string, called time.Time) *execution {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	e := &execution{id: x.ID, attempt: x.Attempt, caller: caller, called: called, begin: now, alive: now}
	h.executions = append(h.executions, e)
	return e
}

// returned takes note of what a caller was told.
func (h *history) returned(res idem.Result[string], err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		code := idem.Code(err)
		if code == "" {
			code = "the caller's own deadline"
		}
		h.errors = append(h.errors, code)
		return
	}
	h.told = append(h.told, res.Value)
	for _, x := range h.executions {
		if valueOf(x.id) == res.Value && !res.Duplicate {
			x.ok = true
		}
	}
}

// observe takes note of warnings.
func (h *history) observe(e idem.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range h.executions {
		if x.id == e.ID && e.Kind == idem.EventNotRecorded {
			x.warned = true
		}
	}
}
