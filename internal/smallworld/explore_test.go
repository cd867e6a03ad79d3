package smallworld_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// A path is the choices of one schedule: at each step the index of what was
// chosen, where 0 is the course in which nothing fails.
type path []int

// String writes the departures from that course, as "6:5,9:1".
func (p path) String() string {
	var departures []string
	for step, choice := range p {
		if choice != 0 {
			departures = append(departures, fmt.Sprintf("%d:%d", step, choice))
		}
	}
	return strings.Join(departures, ",")
}

func parsePath(text string) (path, error) {
	var p path
	for departure := range strings.SplitSeq(text, ",") {
		if departure == "" {
			continue
		}
		step, choice, _ := strings.Cut(departure, ":")
		s, err := strconv.Atoi(step)
		if err != nil || s < len(p) {
			return nil, fmt.Errorf("schedule: %q is no step after those before it", step)
		}
		c, err := strconv.Atoi(choice)
		if err != nil {
			return nil, fmt.Errorf("schedule: %q is no choice", choice)
		}
		p = append(append(p, make(path, s-len(p))...), c)
	}
	return p, nil
}

// A course is what became of one schedule.
type course struct {
	path    path
	widths  []int    // how many alternatives there were at each step
	steps   []string // what was done at each step
	trace   []string
	faults  []string // broken promises
	strayed bool     // a step had fewer alternatives than the path counts on
}

// follow runs one schedule in a bubble of its own.
func follow(t *testing.T, s setting, p path) (c *course) {
	t.Helper()
	c = &course{path: p}
	defer func() {
		if stuck := recover(); stuck != nil { // the bubble's own: goroutines that will never end
			c.faults = append(c.faults, fmt.Sprint("left behind: ", stuck))
		}
	}()
	synctest.Test(t, func(*testing.T) { newWorld(s, c).run() })
	return c
}

// explore tries every path with up to so many departures, depth first, and
// returns how many there were, and the first that broke a promise. It ends early
// once enough is known.
func explore(t *testing.T, s setting, departures int, enough *atomic.Bool) (tried int, broken *course) {
	t.Helper()
	for p := (path{}); p != nil && !enough.Load(); {
		c := follow(t, s, p)
		tried++
		if c.strayed {
			c.faults = append(c.faults, "the same choices led elsewhere: the world is not deterministic")
		}
		if len(c.faults) > 0 {
			return tried, c
		}
		p = c.next(departures)
	}
	return tried, nil
}

// next is the path after c's, or nil after the last.
func (c *course) next(departures int) path {
	full := append(append(path{}, c.path...), make(path, max(0, len(c.widths)-len(c.path)))...)
	spent := 0
	before := make([]int, len(full)) // departures before each step
	for i, choice := range full {
		before[i] = spent
		if choice != 0 {
			spent++
		}
	}
	for i, width := range slices.Backward(c.widths) {
		if before[i] < departures && full[i]+1 < width {
			return append(full[:i:i], full[i]+1)
		}
	}
	return nil
}

// choose returns the choice at the next step.
func (c *course) choose(width int) int {
	step := len(c.widths)
	c.widths = append(c.widths, width)
	if step >= len(c.path) {
		return 0
	}
	if c.path[step] >= width {
		c.strayed = true
		return 0
	}
	return c.path[step]
}

func (c *course) broken(format string, args ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, args...))
}

// tell writes the course down for a reader.
func (c *course) tell() string {
	return strings.Join(c.trace, "\n") + "\n" + strings.Join(c.faults, "\n")
}
