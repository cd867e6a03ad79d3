package chaos_test

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// A history is what one key's calls did, in one stretch in which Redis kept its
// data.
type history struct {
	key        string
	calls      []*call
	executions []*execution // by fence
}

// A call is a caller's, from its start to its return, if it lived to see it.
type call struct {
	entry             // of its start
	returned   *entry // nil if its process was killed
	executions []*execution
}

// An execution is one run of the task.
type execution struct {
	entry         // of its begin
	until  int64  // when it last had its lease for sure
	effect *entry // nil if it had none
	call   *call
}

// Figures are what a round came to, added up.
type figures struct {
	Calls, Executions, Effects, Duplicates, TakenOver int
	Errors                                            map[string]int
}

func (f *figures) add(other figures) {
	f.Calls += other.Calls
	f.Executions += other.Executions
	f.Effects += other.Effects
	f.Duplicates += other.Duplicates
	f.TakenOver += other.TakenOver
	if f.Errors == nil {
		f.Errors = map[string]int{}
	}
	for code, n := range other.Errors {
		f.Errors[code] += n
	}
}

// check holds a ledger to the promises, and returns which were broken. Keys that
// were in use while Redis lost its data are left out: no promise outlives that.
func check(entries []entry) (broken []string, f figures, histories []*history) {
	f.Errors = map[string]int{}
	byKey := map[string]*history{}
	calls := map[string]*call{}
	executions := map[string]*execution{}
	type loss struct{ from, to int64 }
	var losses []loss
	fail := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	for i := range entries {
		e := &entries[i]
		switch e.Op {
		case "call":
			h := byKey[e.Key]
			if h == nil {
				h = &history{key: e.Key}
				byKey[e.Key] = h
				histories = append(histories, h)
			}
			c := &call{entry: *e}
			h.calls = append(h.calls, c)
			calls[e.Call] = c
			f.Calls++
		case "begin":
			c := calls[e.Call]
			x := &execution{entry: *e, until: e.Time, call: c}
			if executions[e.ID] != nil {
				fail("execution %s began twice", e.ID)
			}
			executions[e.ID] = x
			c.executions = append(c.executions, x)
			byKey[e.Key].executions = append(byKey[e.Key].executions, x)
			f.Executions++
			if e.Attempt > 1 {
				f.TakenOver++
			}
		case "alive":
			executions[e.ID].until = e.Time
		case "effect":
			executions[e.ID].effect = e
			f.Effects++
		case "return":
			calls[e.Call].returned = e
			if e.Dup {
				f.Duplicates++
			}
			if e.Failed {
				f.Errors[e.Code]++
			}
		case "loss":
			losses = append(losses, loss{from: e.Time, to: 1<<63 - 1})
		case "recovered":
			losses[len(losses)-1].to = e.Time
		case "left":
			fail("a client did not end: %s", e.Text)
		}
	}
	for _, h := range histories {
		from, to := h.span()
		if slices.ContainsFunc(losses, func(l loss) bool { return from <= l.to && to >= l.from }) {
			h.calls = nil
			continue
		}
		for _, problem := range h.check() {
			fail("key %s: %s", h.key, problem)
		}
	}
	histories = slices.DeleteFunc(histories, func(h *history) bool { return h.calls == nil })
	return broken, f, histories
}

// span is from the first call's start to the last thing that is known.
func (h *history) span() (from, to int64) {
	from = 1<<63 - 1
	for _, c := range h.calls {
		from, to = min(from, c.Time), max(to, c.Time)
		if c.returned != nil {
			to = max(to, c.returned.Time)
		}
	}
	for _, x := range h.executions {
		to = max(to, x.Time, x.until)
	}
	return from, to
}

func (h *history) check() (broken []string) {
	fail := func(format string, args ...any) { broken = append(broken, fmt.Sprintf(format, args...)) }
	slices.SortStableFunc(h.executions, func(a, b *execution) int { return cmp.Compare(a.Fence, b.Fence) })
	for i, x := range h.executions {
		if i == 0 {
			continue
		}
		old := h.executions[i-1]
		if x.Fence == old.Fence || x.Attempt <= old.Attempt {
			fail("after attempt %d with fence %d came attempt %d with fence %d", old.Attempt, old.Fence, x.Attempt, x.Fence)
		}
	}
	byTime := slices.SortedFunc(slices.Values(h.executions), func(a, b *execution) int { return cmp.Compare(a.Time, b.Time) })
	for i, x := range byTime {
		for _, y := range byTime[i+1:] {
			if y.Time < x.until {
				fail("executions %s and %s had the lease at once, for %v", x.ID, y.ID, time.Duration(x.until-y.Time))
			}
		}
	}
	values := map[string]bool{}
	for _, x := range h.executions {
		if x.effect != nil {
			values[x.effect.Value] = true
		}
	}
	answer := ""
	for _, c := range h.calls {
		if problem := c.check(values); problem != "" {
			fail("call %s: %s", c.Call, problem)
		}
		if r := c.returned; r != nil && !r.Failed {
			if answer != "" && r.Value != answer {
				fail("its answer was %q, and then %q", answer, r.Value)
			}
			answer = r.Value
		}
	}
	for _, c := range h.calls {
		if r := c.returned; r != nil && r.Code == "LEASE_LOST" && r.Value != "" && r.Value == answer {
			fail("call %s is told that its result was refused, and it is the answer", c.Call)
		}
	}
	return broken
}

// check tells what is wrong with a call's outcome, if anything is.
func (c *call) check(values map[string]bool) string {
	r := c.returned
	if r == nil {
		return ""
	}
	var own *execution
	if n := len(c.executions); n > 1 {
		return fmt.Sprintf("it ran the task %d times", n)
	} else if n == 1 {
		own = c.executions[0]
	}
	hasOwn := own != nil && own.effect != nil && own.effect.Value == r.Value
	ok := false
	switch {
	case !r.Failed && r.Dup:
		ok = own == nil && values[r.Value]
	case !r.Failed:
		ok = hasOwn
	default:
		switch r.Code {
		case "STORE_UNAVAILABLE", "IDEMPOTENCY_TIMEOUT":
			ok = own == nil
		case "NOT_RECORDED":
			ok = hasOwn
		case "LEASE_LOST":
			ok = own != nil && (hasOwn || own.effect == nil)
		case "declined":
			ok = own != nil && own.effect == nil
		case "cancelled":
			ok = own == nil || own.effect == nil
		}
	}
	if !ok {
		return fmt.Sprintf("it cannot have got %+v", *r)
	}
	return ""
}

// For porcupine, the record is empty or has an answer, and every call one of three
// effects on it.
type operation struct {
	what  string // "first": its answer was stored; "duplicate": one was; "perhaps": nobody knows
	value string
}

var record = porcupine.NondeterministicModel{
	Init: func() []any { return []any{""} },
	Step: func(state, input, _ any) []any {
		o := input.(operation)
		switch {
		case o.what == "first" && state == "":
			return []any{o.value}
		case o.what == "duplicate" && state == o.value:
			return []any{state}
		case o.what == "perhaps" && state == "":
			return []any{state, o.value}
		case o.what == "perhaps":
			return []any{state}
		}
		return nil
	},
	DescribeOperation: func(input, _ any) string {
		o := input.(operation)
		return o.what + " " + o.value
	},
	DescribeState: func(state any) string { return fmt.Sprint(state) },
}

// operations are a key's calls as porcupine sees them: those with an answer, and
// those that may have left one.
func (h *history) operations() []porcupine.Operation {
	var operations []porcupine.Operation
	for i, c := range h.calls {
		var o operation
		end := int64(1<<63 - 1)
		switch r := c.returned; {
		case r != nil && !r.Failed && r.Dup:
			o, end = operation{"duplicate", r.Value}, r.Time
		case r != nil && !r.Failed:
			o, end = operation{"first", r.Value}, r.Time
		case len(c.executions) == 1 && c.executions[0].effect != nil:
			o = operation{"perhaps", c.executions[0].effect.Value} // at whatever time
		default:
			continue
		}
		operations = append(operations, porcupine.Operation{ClientId: i, Input: o, Call: c.Time, Return: end})
	}
	return operations
}

// linearizable lets porcupine look at a key.
func (h *history) linearizable() (porcupine.CheckResult, porcupine.LinearizationInfo) {
	return porcupine.CheckOperationsVerbose(record.ToModel(), h.operations(), 20*time.Second)
}
