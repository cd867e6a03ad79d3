package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// claims is how many one process holds at once.
const claims = 10_000

// holding measures what claims cost while their tasks run: memory beyond that of
// the tasks' own goroutines, heartbeats, and the processor's time.
func (b *bench) holding() error {
	var lost atomic.Int64
	o := newOwner(b.server.Addr, idem.WithObserver(func(_ context.Context, e idem.Event) {
		if e.Kind == idem.EventLost {
			lost.Add(1)
		}
	}))
	beats := new(pipelines)
	o.redis.AddHook(beats)
	ids := make([]string, claims)
	for i := range ids {
		ids[i] = fmt.Sprintf("held-%05d", i)
	}
	release := func(wait func() error) error {
		for range claims {
			o.finish <- nil
		}
		return wait()
	}
	if err := release(o.hold(ids...)); err != nil { // connections, and goroutines to be used again
		return err
	}
	b.server.Do("flushall")
	parked := footprint(func() (end func()) { return park(o) })

	var hold func() error
	var goroutines int
	held := footprint(func() (end func()) {
		before := runtime.NumGoroutine()
		hold = o.hold(ids...)
		goroutines = runtime.NumGoroutine() - before
		return func() {}
	})
	beats.reset()
	// The first round teaches the server the script.
	if err := eventually("a heartbeat", lease, func() bool { _, sent := beats.rounds(); return sent > 0 }); err != nil {
		return err
	}
	time.Sleep(time.Second)
	b.server.ResetStats()
	beats.reset()
	wall, cpu := time.Now(), processorTime()
	time.Sleep(b.plan.hold)
	busy := (processorTime() - cpu).Seconds() / time.Since(wall).Seconds()
	rounds, pipes := beats.rounds()
	commands := b.server.CommandStats()["evalsha"]
	if err := release(hold); err != nil {
		return fmt.Errorf("claims that were held for %v: %w", b.plan.hold, err)
	}
	perRound := func(n int) float64 { return float64(n) / float64(max(rounds, 1)) }
	during := fmt.Sprintf("10,000 claims held for %v, %d heartbeat rounds", b.plan.hold, rounds)
	b.report.add(
		figure{
			Section: "holding", Name: "memory of a held claim, beyond its task's goroutine", Value: float64(held.sum()-parked.sum()) / claims, Unit: "B",
			Detail: fmt.Sprintf("heap %d B and stack %d B; a goroutine that waits in the task alone takes %d B and %d B",
				held.heap/claims, held.stack/claims, parked.heap/claims, parked.stack/claims),
		}.atMost(1024),
		figure{Section: "holding", Name: "goroutines of a held claim, its caller's included", Value: float64(goroutines) / claims, Detail: during},
		figure{Section: "holding", Name: "heartbeats in one round", Value: perRound(commands), Detail: during},
		figure{Section: "holding", Name: "pipelines in one round", Value: perRound(pipes), Detail: during},
		figure{Section: "holding", Name: "processor's time while holding, of one core", Value: 100 * busy, Unit: "%", Detail: during}.atMost(5),
		figure{Section: "holding", Name: "claims lost", Value: float64(lost.Load()), Detail: during}.atMost(0),
	)
	return o.close()
}

// park lets as many goroutines as there are claims wait where the task waits.
func park(o *owner) (end func()) {
	var wg sync.WaitGroup
	for range claims {
		wg.Go(func() {
			_, _ = o.work(context.Background(), charge{})
		})
	}
	for range claims {
		<-o.started
	}
	return func() {
		for range claims {
			o.finish <- nil
		}
		wg.Wait()
	}
}

// A size is what is in use, in bytes.
type size struct{ heap, stack int64 }

func (s size) sum() int64 { return s.heap + s.stack }

// footprint returns by how much the process grows by what f leaves behind.
func footprint(f func() (end func())) size {
	before := inUse()
	end := f()
	after := inUse()
	end()
	return size{after.heap - before.heap, after.stack - before.stack}
}

// inUse measures the process. Each collection halves the stacks that have become
// too large; a few let them settle.
func inUse() size {
	for range 5 {
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return size{int64(m.HeapAlloc), int64(m.StackInuse)}
}

// processorTime is what this process has used up.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
