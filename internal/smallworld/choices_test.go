package smallworld_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

var errTask = errors.New("declined")

// A choice is one thing that can happen now.
type choice struct {
	label string
	do    func()
}

// decide lets one thing happen. First comes the course where nothing fails: the
// oldest call takes effect and is answered. Every other is a departure: something
// befalls the oldest call, another call is faster, or an operator forgets the key.
func (w *world) decide(ready []*call) {
	first := ready[0]
	choices := []choice{{"is answered", func() { w.deliver(first) }}}
	choices = append(choices, w.faults(first)...)
	for _, other := range ready[1:] {
		choices = append(choices, choice{"is overtaken by " + other.String(), func() { w.deliver(other) }})
	}
	if !w.forgot && !w.closing {
		choices = append(choices, choice{"comes while an operator forgets the key", w.forget})
	}
	n := w.course.choose(len(choices))
	chosen := choices[n]
	if w.course.strayed {
		return
	}
	w.course.steps = append(w.course.steps, first.String()+" "+chosen.label)
	mark := "    "
	if n > 0 {
		mark = fmt.Sprintf("%2d:%d", len(w.course.steps)-1, n)
	}
	w.say("%6s %s %s", mark, first, chosen.label)
	if n > 0 && !strings.HasPrefix(chosen.label, "is sent twice") && !strings.HasPrefix(chosen.label, "is overtaken") {
		w.harmless = false
		w.departures++
		if first.caller == nil {
			w.unwatched[first.process] = true
		}
		w.troubled(first.process, time.Now())
	}
	chosen.do()
}

// faults are what can befall a call.
func (w *world) faults(c *call) []choice {
	now := time.Now()
	delay := func(d time.Duration) func() {
		return func() {
			c.notBefore = now.Add(d)
			w.troubled(c.process, c.notBefore)
		}
	}
	fail := func() {
		w.failed[c.process] = true
		w.answer(c, errLost)
	}
	var (
		lose      = choice{"is lost", fail}
		loseReply = choice{"takes effect, and the reply is lost", func() { w.execute(c); fail() }}
		twice     = choice{"is sent twice", func() { w.execute(c); w.execute(c); w.answer(c, nil) }}
		late      = choice{"arrives past the lease", func() {
			delay(past)()
			w.unwatched[c.process] = true // a claim that was given up is watched for a lease
		}}
		slow      = choice{"arrives half a lease later", delay(short)}
		slowReply = choice{"takes effect, and is answered past the lease", func() {
			w.execute(c)
			delay(past)()
			w.troubled(c.process, c.notBefore.Add(lease)) // what it says of another's lease counts from when it arrives
		}}
		echo = choice{"fails, and arrives half a lease later all the same", func() {
			w.failed[c.process] = true
			c.failure = errLost
			close(c.answered)
			c.echo = true
			delay(short)()
		}}
		die      = choice{"dies with its process", func() { w.kill(c.process) }}
		orphan   = choice{"takes effect, and its process dies", func() { w.execute(c); w.kill(c.process) }}
		pause    = choice{"comes while its process is paused past the lease", func() { w.pause(c.process) }}
		fails    = choice{"fails", func() { c.caller.failing = true; w.answer(c, errTask) }}
		stubborn = choice{
			"goes on through a pause past the lease, heedless of its context",
			func() { c.held = true; w.pause(c.process) },
		}
	)
	if c.echo {
		return []choice{{"is lost after all", func() { w.answer(c, nil) }}, die}
	}
	if c.executed { // its reply is on the way
		return []choice{lose, die}
	}
	var choices []choice
	switch c.kind {
	case "claim", "contend":
		choices = []choice{lose, loseReply, twice, late, slow, slowReply, orphan, pause, echo}
	case "replace":
		choices = []choice{lose, loseReply, twice, late, slow, slowReply, die, orphan, pause, echo}
	case "heartbeat":
		slowReply.do = func() { w.execute(c); delay(lease*3/10 - 3*tick)() }
		slowReply.label = "takes effect, and is answered as late as can be"
		choices = []choice{lose, loseReply, late, slowReply, die, pause}
	case "subscribe":
		choices = []choice{lose, slow}
	case "lookup":
		choices = []choice{lose, late, die}
	case "task":
		choices = []choice{fails, stubborn, die, pause}
	}
	if c.caller != nil && !c.caller.cancelled && !c.caller.returned {
		choices = append(choices, choice{"comes while its caller gives up", func() {
			c.caller.cancelled = true
			c.caller.cancel()
		}})
	}
	return choices
}

// deliver lets a call take effect and answers it.
func (w *world) deliver(c *call) {
	if !c.executed {
		w.execute(c)
	}
	w.answer(c, nil)
}

// execute lets a call take effect, and looks at what it did.
func (w *world) execute(c *call) {
	c.execute()
	c.executed = true
	w.observe(c)
}

func (w *world) answer(c *call, failure error) {
	if !c.echo {
		c.failure = failure
		close(c.answered)
	}
	w.pending = slices.DeleteFunc(w.pending, func(p *call) bool { return p == c })
}

// kill ends a process: nothing that it does reaches anybody any more.
func (w *world) kill(process int) {
	w.dead[process] = true
	w.pending = slices.DeleteFunc(w.pending, func(c *call) bool {
		if c.process != process {
			return false
		}
		w.parked = append(w.parked, c)
		return true
	})
}

// pause cuts a process off past the lease. What it sends meanwhile arrives later.
func (w *world) pause(process int) {
	w.paused[process] = time.Now().Add(past)
	w.unwatched[process] = true
	w.troubled(process, w.paused[process])
}

func (w *world) troubled(process int, until time.Time) {
	w.trouble[process] = later(w.trouble[process], until)
}

// forget lets an operator forget the key.
func (w *world) forget() {
	w.forgot = true
	c := &caller{index: len(w.callers), process: len(w.clients) - 1, came: time.Now(), operator: true}
	w.callers = append(w.callers, c)
	w.wg.Go(func() { w.call(c) })
}

func (c *call) callerIndex() int {
	if c.caller == nil {
		return -1
	}
	return c.caller.index
}

func (c *call) String() string {
	if c.caller == nil {
		return fmt.Sprintf("process %d's %s", c.process, c.kind)
	}
	if c.caller.operator {
		return "the operator's " + c.kind
	}
	return fmt.Sprintf("process %d's caller %d's %s", c.process, c.caller.index, c.kind)
}
