package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// waiting measures what those cost and get who wait for an execution in progress.
func (b *bench) waiting() error {
	return errors.Join(b.wakeUps(), b.crowd(), b.manyKeys(), b.storm())
}

// An owner holds claims for as long as it is told to.
type owner struct {
	*process
	task    *idem.Task[charge, receipt]
	started chan struct{}
	finish  chan error // what the next task returns; closed: all succeed
}

func newOwner(addr string, opts ...idem.Option) *owner {
	o := &owner{process: newProcess(addr, opts...), started: make(chan struct{}), finish: make(chan error)}
	o.task = newTask(o.idem, o.work)
	return o
}

// work is the owner's task.
func (o *owner) work(context.Context, charge) (receipt, error) {
	o.started <- struct{}{}
	return paid, <-o.finish
}

// hold claims keys, and returns a function that waits until their calls are over.
func (o *owner) hold(ids ...string) (wait func() error) {
	errs := make([]error, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() { _, errs[i] = o.task.Run(context.Background(), charge{id}) })
	}
	for range ids {
		<-o.started
	}
	return func() error {
		wg.Wait()
		return errors.Join(errs...)
	}
}

// asleep is how long a waiter gets to look a last time once it has subscribed.
const asleep = 3 * time.Millisecond

// wakeUps measures from the end of the owner's call to the end of the waiter's, in
// another process. It may be less than nothing: both are told by Redis at once.
func (b *bench) wakeUps() error {
	o := newOwner(b.server.Addr)
	w, err := startWaiter(b.server.Addr)
	if err != nil {
		return err
	}
	var late, whole []float64 // from the end of the owner's call, and of its task
	for i := range b.plan.wakeUps {
		id := fmt.Sprint("wake-", i)
		over := o.hold(id)
		if err := w.call(id); err != nil {
			return err
		}
		if err := eventually("the waiter has subscribed", 10*time.Second, func() bool { return b.subscribers(id) == 1 }); err != nil {
			return err
		}
		time.Sleep(asleep)
		ended := time.Now()
		o.finish <- nil
		if err := over(); err != nil {
			return err
		}
		returned := time.Now()
		woken, err := w.returned()
		if err != nil {
			return err
		}
		late = append(late, milliseconds(woken.Sub(returned.Round(0))))
		whole = append(whole, milliseconds(woken.Sub(ended.Round(0))))
	}
	n := fmt.Sprintf("%d rounds, two processes", len(late))
	b.report.add(
		figure{Section: "waiting", Name: "wake-up after the owner's call returned, p50", Value: quantile(late, 0.5), Unit: "ms", Detail: n}.atMost(1),
		figure{Section: "waiting", Name: "wake-up after the owner's call returned, p99", Value: quantile(late, 0.99), Unit: "ms", Detail: n}.atMost(5),
		figure{Section: "waiting", Name: "wake-up after the owner's task returned, p50", Value: quantile(whole, 0.5), Unit: "ms", Detail: n},
		figure{Section: "waiting", Name: "wake-up after the owner's task returned, p99", Value: quantile(whole, 0.99), Unit: "ms", Detail: n},
	)
	return errors.Join(w.end(), o.close())
}

func (b *bench) subscribers(id string) int64 {
	reply, _ := b.server.Do("pubsub", "numsub", prefix+id).([]any)
	n, _ := reply[1].(int64)
	return n
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// crowd counts what Redis executes for many callers of one key in one process.
func (b *bench) crowd() error {
	const many = 10_000
	alone, err := b.commandsFor(1)
	if err != nil {
		return err
	}
	crowded, err := b.commandsFor(many)
	if err != nil {
		return err
	}
	b.report.add(figure{
		Section: "waiting", Name: "commands for 10,000 callers of one process waiting for one key", Value: float64(crowded),
		Detail: fmt.Sprintf("for one caller %d; those inside scripts and the owner's completion included", alone),
	}.atMost(float64(alone)))
	return nil
}

func (b *bench) commandsFor(callers int) (int, error) {
	o, p := newOwner(b.server.Addr), newProcess(b.server.Addr)
	id := fmt.Sprint("crowd-", callers)
	over := o.hold(id)
	b.server.ResetStats()
	task := newTask(p.idem, pay)
	errs := make([]error, callers)
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() { _, errs[c] = task.Run(context.Background(), charge{id}) })
	}
	time.Sleep(time.Second) // they all wait now
	o.finish <- nil
	wg.Wait()
	failed := errors.Join(errors.Join(errs...), over())
	if err := eventually("the waiters have unsubscribed", 10*time.Second, func() bool { return b.subscribers(id) == 0 }); err != nil {
		return 0, err
	}
	executed := total(b.server.CommandStats())
	return executed, errors.Join(failed, o.close(), p.close())
}

// total counts commands, except those by which this program itself looks around.
func total(stats map[string]int) int {
	n := 0
	for name, calls := range stats {
		if !strings.HasPrefix(name, "pubsub|") {
			n += calls
		}
	}
	return n
}

// manyKeys counts connections while many keys are awaited, and what is left of
// those who gave up waiting.
func (b *bench) manyKeys() error {
	const keys = 1000
	o, p := newOwner(b.server.Addr), newProcess(b.server.Addr)
	ids := make([]string, keys)
	for i := range ids {
		ids[i] = fmt.Sprint("many-", i)
	}
	over := o.hold(ids...)
	task := newTask(p.idem, pay)
	before := runtime.NumGoroutine()
	ctx, giveUp := context.WithCancel(context.Background())
	defer giveUp()
	var wg sync.WaitGroup
	for _, id := range ids {
		wg.Go(func() { _, _ = task.Run(ctx, charge{id}) }) // its error is that we gave up
	}
	if err := eventually("all have subscribed", 20*time.Second, func() bool { return b.channels() == keys }); err != nil {
		return err
	}
	connections := strings.Count(b.server.Do("client", "list", "type", "pubsub").(string), "\n")
	giveUp()
	wg.Wait()
	time.Sleep(time.Second)
	channels := b.channels()
	left := func() int { return max(runtime.NumGoroutine()-before, 0) }
	_ = eventually("no goroutine is left", 20*time.Second, func() bool { return left() == 0 }) // it is the figure
	b.report.add(
		figure{Section: "waiting", Name: "subscriber connections for 1,000 keys awaited at once", Value: float64(connections)}.atMost(1),
		figure{Section: "waiting", Name: "subscriptions left 1 s after 1,000 waiters gave up", Value: float64(channels)}.atMost(0),
		figure{
			Section: "waiting", Name: "goroutines left of 1,000 waiters who gave up", Value: float64(left()),
			Detail: "within 20 s; their connection stays open for 10",
		}.atMost(0),
	)
	close(o.finish)
	return errors.Join(over(), o.close(), p.close())
}

func (b *bench) channels() int {
	channels, _ := b.server.Do("pubsub", "channels").([]any)
	return len(channels)
}

// storm counts what it costs when the owner of a key that many processes wait for
// gives it back: one of them runs, the others go on waiting.
func (b *bench) storm() error {
	const waiters = 50
	o := newOwner(b.server.Addr)
	const id = "storm"
	over := o.hold(id)
	processes := make([]*process, waiters)
	errs := make([]error, waiters)
	var wg sync.WaitGroup
	for i := range processes {
		processes[i] = newProcess(b.server.Addr)
		task := newTask(processes[i].idem, pay)
		wg.Go(func() { _, errs[i] = task.Run(context.Background(), charge{id}) })
	}
	if err := eventually("all have subscribed", 20*time.Second, func() bool { return b.subscribers(id) == waiters }); err != nil {
		return err
	}
	time.Sleep(100 * time.Millisecond)
	b.server.ResetStats()
	o.finish <- errors.New("declined")
	_ = over() // which is that error
	wg.Wait()
	stats := b.server.CommandStats()
	b.report.add(figure{
		Section: "waiting", Name: "commands for each of 50 waiting processes when their key is released",
		Value:  float64(total(stats)) / waiters,
		Detail: "those inside scripts included: one of them runs, the others wait on and get its result",
	})
	for i, p := range processes {
		errs[i] = errors.Join(errs[i], p.close())
	}
	return errors.Join(errors.Join(errs...), o.close())
}
