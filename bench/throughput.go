package main

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// A rate is what one contestant reached with so many callers: operations a second,
// round by round.
type rate struct {
	Contestant string    `json:"contestant"`
	Callers    int       `json:"callers"`
	Firsts     []float64 `json:"firsts"`
	Duplicates []float64 `json:"duplicates"`
}

// throughput gives everybody the same work. All contestants take their turn in
// every round, each time from another start, so that a machine that is busy for a
// while is so for all of them.
func (b *bench) throughput() error {
	runners := make([]*runner, len(contestants))
	for i, c := range contestants {
		r, err := c.open(b.server.Addr)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		runners[i] = r
	}
	for _, n := range callers {
		rates := make([]rate, len(contestants))
		for i, c := range contestants {
			rates[i] = rate{Contestant: c.name, Callers: n}
		}
		for round := range b.plan.rounds + 1 {
			for turn := range contestants {
				i := (turn + round) % len(contestants)
				firsts, duplicates, err := b.turn(runners[i], n)
				if err != nil {
					return fmt.Errorf("%s, %d callers: %w", contestants[i].name, n, err)
				}
				if round > 0 { // the first one warms up
					rates[i].Firsts = append(rates[i].Firsts, firsts)
					rates[i].Duplicates = append(rates[i].Duplicates, duplicates)
				}
			}
		}
		b.report.Rates = append(b.report.Rates, rates...)
		b.progress("throughput with %d callers is known", n)
	}
	for _, r := range runners {
		if err := r.close(); err != nil {
			return err
		}
	}
	b.judgeThroughput()
	return nil
}

// turn measures first executions of new keys, and then their duplicates.
func (b *bench) turn(r *runner, callers int) (firsts, duplicates float64, err error) {
	b.server.Do("flushall")
	id := func(caller, i int) string { return strconv.Itoa(caller*1_000_000 + i) }
	firsts, made, err := load(callers, b.plan.phase, func(ctx context.Context, caller, i int) error {
		return r.first(ctx, id(caller, i))
	})
	if err != nil {
		return 0, 0, err
	}
	duplicates, _, err = load(callers, b.plan.phase, func(ctx context.Context, caller, i int) error {
		return r.duplicate(ctx, id(caller, i%made[caller]))
	})
	return firsts, duplicates, err
}

// load lets callers call at once, each as often as it can, and returns how many
// calls a second were finished, and how many each caller made. Their context
// can be cancelled, as that of a request can.
func load(callers int, d time.Duration, call func(ctx context.Context, caller, i int) error) (rate float64, made []int, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	made = make([]int, callers)
	errs := make([]error, callers)
	var over atomic.Bool
	var wg sync.WaitGroup
	start := make(chan struct{})
	for c := range callers {
		wg.Go(func() {
			<-start
			for i := 0; !over.Load() || i == 0; i++ {
				if errs[c] = call(ctx, c, i); errs[c] != nil {
					over.Store(true)
					return
				}
				made[c] = i + 1
			}
		})
	}
	runtime.GC() // nobody pays for what another left
	began := time.Now()
	close(start)
	time.AfterFunc(d, func() { over.Store(true) })
	wg.Wait()
	took := time.Since(began)
	total := 0
	for c, n := range made {
		if errs[c] != nil {
			return 0, nil, errs[c] // one speaks for the others
		}
		total += n
	}
	return float64(total) / took.Seconds(), made, nil
}
