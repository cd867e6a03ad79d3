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

// A rate is what one contestant reached with so many callers, round by round.
type rate struct {
	Contestant string `json:"contestant"`
	Callers    int    `json:"callers"`
	Firsts     pace   `json:"firsts"`
	Duplicates pace   `json:"duplicates"`
}

// A pace is operations a second, and the processor's time that each took from this
// process and from the server's, in microseconds: less of it leaves more to the
// other here, and to the user's own work elsewhere. It depends less on what else the
// machine does.
type pace struct {
	PerSecond []float64 `json:"perSecond"`
	CPU       []float64 `json:"cpuMicros"`
	ServerCPU []float64 `json:"serverCpuMicros"`
}

func (p *pace) add(l loaded) {
	p.PerSecond = append(p.PerSecond, l.perSecond)
	p.CPU = append(p.CPU, l.cpu)
	p.ServerCPU = append(p.ServerCPU, l.serverCPU)
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
				firsts, duplicates, err := b.turn(runners[i], n, func() {})
				if err != nil {
					return fmt.Errorf("%s, %d callers: %w", contestants[i].name, n, err)
				}
				if round > 0 { // the first one warms up
					rates[i].Firsts.add(firsts)
					rates[i].Duplicates.add(duplicates)
				}
			}
		}
		b.report.Rates = append(b.report.Rates, rates...)
		b.progress("throughput with %d callers is known", n)
	}
	if err := b.commandStats(runners); err != nil {
		return err
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
func (b *bench) turn(r *runner, callers int, between func()) (firsts, duplicates loaded, err error) {
	b.server.Do("flushall")
	id := func(caller, i int) string { return strconv.Itoa(caller*1_000_000 + i) }
	firsts, err = b.load(callers, func(ctx context.Context, caller, i int) error {
		return r.first(ctx, id(caller, i))
	})
	if err != nil {
		return firsts, duplicates, err
	}
	between()
	duplicates, err = b.load(callers, func(ctx context.Context, caller, i int) error {
		return r.duplicate(ctx, id(caller, i%firsts.made[caller]))
	})
	return firsts, duplicates, err
}

// loaded is what load has measured.
type loaded struct {
	perSecond float64
	cpu       float64 // microseconds of this process for each call
	serverCPU float64 // likewise, of the server
	made      []int   // calls of each caller
}

func (l loaded) total() int {
	n := 0
	for _, made := range l.made {
		n += made
	}
	return n
}

// load lets callers call at once, each as often as it can. Their context can be
// cancelled, as that of a request can.
func (b *bench) load(callers int, call func(ctx context.Context, caller, i int) error) (loaded, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	made := make([]int, callers)
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
	began, cpu, serverCPU := time.Now(), processorTime(), b.server.ProcessorTime()
	close(start)
	time.AfterFunc(b.plan.phase, func() { over.Store(true) })
	wg.Wait()
	took, used, serverUsed := time.Since(began), processorTime()-cpu, b.server.ProcessorTime()-serverCPU
	for _, err := range errs {
		if err != nil {
			return loaded{}, err // one speaks for the others
		}
	}
	l := loaded{made: made}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(l.total()) }
	l.perSecond, l.cpu, l.serverCPU = float64(l.total())/took.Seconds(), each(used), each(serverUsed)
	return l, nil
}
