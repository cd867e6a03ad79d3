package smallworld_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// A ledger is what the world remembers, to hold the protocol to its promises.
type ledger struct {
	executions []*execution
	last       idem.StoredRecord // what the key held after the latest step
	lastBytes  string
	owner      *caller           // who claimed it, if it is running
	since      time.Time         // when that came to be
	fence      int64             // the highest seen
	answers    map[string]string // all that were ever stored, by execution
	auditing   bool
}

// An execution is one run of the task.
type execution struct {
	idem.Execution
	ctx    context.Context //nolint:containedctx // asked whether it still believes in its lease
	caller *caller
	value  string // what it returns, if it does
	ended  bool
}

// begin writes an execution into the ledger.
func (w *world) begin(ctx context.Context, c *caller) *execution {
	w.mu.Lock()
	defer w.mu.Unlock()
	l := &w.ledger
	e := &execution{Execution: idem.FromContext(ctx), ctx: ctx, caller: c}
	e.value = fmt.Sprintf("answer %d", len(l.executions)+1)
	l.executions = append(l.executions, e)
	if w.over || w.dead[c.process] {
		return e
	}
	w.say("       caller %d runs: attempt %d, answering %q", c.index, e.Attempt, e.value)
	if c.run != nil {
		w.course.broken("caller %d runs the task a second time", c.index)
	}
	c.run = e
	if r := w.peek(); r.State != idem.StateRunning || r.ID != e.ID {
		w.course.broken("caller %d's execution starts, and the key is another's: %s", c.index, r.Bytes())
	}
	if w.harmless && e.Attempt != 1 && !l.auditing {
		w.course.broken("attempt %d, although nothing has failed", e.Attempt)
	}
	return e
}

func (w *world) ended(e *execution) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e.ended = true
}

// peek returns what the key holds.
func (w *world) peek() idem.StoredRecord {
	reply, err := w.store.Lookup(context.Background(), key)
	if err != nil || reply.Record == nil {
		return idem.StoredRecord{}
	}
	r, err := idem.ParseRecord(reply.Record)
	if err != nil {
		w.course.broken("the record cannot be read: %v", err)
	}
	return r
}

func answerOf(r idem.StoredRecord) string {
	s, err := strconv.Unquote(string(r.Value))
	if err != nil {
		return string(r.Value)
	}
	return s
}

// observe compares what the key holds after a call with what it held before.
func (w *world) observe(c *call) {
	l := &w.ledger
	r := w.peek()
	text := string(r.Bytes())
	old := l.last
	if r.State == "" || text == l.lastBytes {
		if l.last.State != "" && r.State == "" {
			w.course.broken("%s has deleted the record", c)
		}
		return
	}
	same := old.State == idem.StateRunning && idem.SameClaim([]byte(l.lastBytes), r.Bytes())
	l.last, l.lastBytes, l.since = r, text, time.Now()
	if same { // the waiting mark
		return
	}
	l.owner = c.caller
	operator := c.caller != nil && c.caller.operator
	if old.State == idem.StateDone && !operator {
		w.course.broken("%s has changed a stored answer\n  from %s\n  to   %s", c, old.Bytes(), text)
	}
	switch {
	case r.Fence < l.fence:
		w.course.broken("after fence %d there is %s", l.fence, text)
	case r.State == idem.StateRunning && r.Fence == l.fence:
		w.course.broken("fence %d stands for two claims", r.Fence)
	case r.State == idem.StateRunning && r.Attempt != old.Attempt+1:
		w.course.broken("after attempt %d there is %s", old.Attempt, text)
	}
	l.fence = max(l.fence, r.Fence)
	if r.State != idem.StateDone {
		return
	}
	if old.State != idem.StateRunning || old.ID != r.ID {
		w.course.broken("%s has recorded the answer of an execution that had lost its claim: %s", c, text)
	}
	for _, e := range l.executions {
		if e.ID == r.ID && e.value == answerOf(r) {
			if l.answers == nil {
				l.answers = map[string]string{}
			}
			l.answers[r.ID] = e.value
			return
		}
	}
	w.course.broken("the stored answer is nobody's: %s", text)
}

// check looks at the world as it is between two steps.
func (w *world) check() {
	now := time.Now()
	r := w.peek()
	for _, e := range w.ledger.executions {
		if e.ended || e.ctx.Err() != nil || w.dead[e.caller.process] {
			continue
		}
		if r.State != idem.StateRunning || r.ID != e.ID {
			w.course.broken("caller %d's execution believes in its lease, and the key is another's: %s", e.caller.index, r.Bytes())
		}
	}
	// Where giving a claim up fails, too, its lease must end it. So it must where the
	// answer beside which it was given up is forgotten before the claim arrives.
	unwatched := func(o *caller) bool { return o.returned && (w.forgot || w.unwatched[o.process]) }
	if o := w.ledger.owner; o != nil && r.State == idem.StateRunning && o.run == nil && !w.dead[o.process] && !unwatched(o) &&
		now.Sub(later(w.ledger.since, w.trouble[o.process])) > prompt {
		w.course.broken("caller %d does not use its own claim", o.index)
	}
	free, ok := w.freeSince(now)
	if !ok {
		return
	}
	for _, c := range w.callers {
		if !c.called || c.returned || c.run != nil || c.operator || w.dead[c.process] {
			continue
		}
		since := later(free, c.came, w.trouble[c.process])
		if now.Sub(since) > prompt {
			w.course.broken("caller %d still waits, %v after the key had an answer or was free", c.index, now.Sub(since))
		}
	}
}

func later(t time.Time, others ...time.Time) time.Time {
	for _, other := range others {
		if other.After(t) {
			t = other
		}
	}
	return t
}

// freeSince tells since when there is no live lease.
func (w *world) freeSince(now time.Time) (time.Time, bool) {
	reply, err := w.store.Lookup(context.Background(), key)
	if err != nil || reply.Record == nil {
		return time.Time{}, false
	}
	if r := w.ledger.last; r.State == idem.StateRunning {
		left := r.LeaseLeft(reply.TTL)
		return now.Add(left), left <= 0
	}
	return w.ledger.since, true
}

// judge checks what a call came to.
func (w *world) judge(c *caller, res idem.Result[string], err error) {
	w.say("       caller %d gets %q, duplicate %v, error %v", c.index, res.Value, res.Duplicate, err)
	ran, stored := c.run != nil, false
	if ran {
		_, stored = w.ledger.answers[c.run.ID]
	}
	ok := false
	switch {
	case err == nil && res.Duplicate:
		for _, answer := range w.ledger.answers {
			ok = ok || answer == res.Value
		}
		ok = ok && !ran
	case err == nil:
		ok = ran && res.Value == c.run.value && stored
	case errors.Is(err, idem.ErrLeaseLost):
		// An answer that was stored and forgotten before its owner's resend arrived
		// looks like a lease that was lost.
		ok = ran && (res.Value == c.run.value || res.Value == "" && c.run.ctx.Err() != nil) && (!stored || w.forgot)
	case errors.Is(err, idem.ErrNotRecorded):
		ok = ran && res.Value == c.run.value && (w.failed[c.process] || c.cancelled || w.trouble[c.process] != time.Time{})
	case errors.Is(err, idem.ErrUnavailable):
		ok = !ran && w.failed[c.process]
	case errors.Is(err, idem.ErrTimeout):
		ok = !ran && time.Since(c.came) >= wait
	case errors.Is(err, idem.ErrInterrupted):
		// Nothing has run if a claim's reply is late, or was lost and giving it back failed.
		owner := w.ledger.owner
		ok = !ran && w.setting.onCrash == idem.CrashFail && (len(w.ledger.executions) > 0 || len(w.dead) > 0 ||
			w.departures > 1 || owner != nil && w.trouble[owner.process].After(time.Now()))
	case errors.Is(err, context.Canceled):
		ok = c.cancelled
	case errors.Is(err, errTask):
		ok = ran && c.failing && !stored
	}
	if !ok {
		w.course.broken("caller %d cannot get that: %q, duplicate %v, error %v", c.index, res.Value, res.Duplicate, err)
	}
}

func (w *world) judgeOperator(c *caller, err error) {
	w.say("       the operator gets %v", err)
	switch {
	case err == nil, errors.Is(err, idem.ErrNotFound), errors.Is(err, idem.ErrInProgress):
	case errors.Is(err, idem.ErrUnavailable) && w.failed[c.process]:
	case errors.Is(err, context.Canceled) && c.cancelled:
	default:
		w.course.broken("the operator cannot get that: %v", err)
	}
}
