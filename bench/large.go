package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// large tries results of 10 MiB, which are refused, and of 900 KiB, which are
// stored and must not hold up the heartbeats of others.
func (b *bench) large() error {
	o := newOwner(b.server.Addr, idem.WithLogger(slog.New(slog.DiscardHandler))) // it would warn of the refusal
	report := idem.NewTask(o.idem, idem.Spec[int, string]{
		Name: "bench.Report",
		Key:  func(k *idem.KeyWriter, i int) { k.Part("I").Int(int64(i)) },
		Run:  func(_ context.Context, i int) (string, error) { return strings.Repeat("x", sizeOf(i)), nil },
	}, idem.WithOnDuplicate(idem.PolicyReturnCached))
	ctx := context.Background()

	res, err := report.Run(ctx, tooLarge)
	named := err != nil && strings.Contains(err.Error(), "bench.Report") && strings.Contains(err.Error(), fmt.Sprint(sizeOf(tooLarge)/1_000_000))
	clear := 0.0
	if errors.Is(err, idem.ErrNotRecorded) && len(res.Value) == sizeOf(tooLarge) && named {
		clear = 1
	}
	b.report.add(figure{
		Section: "large", Name: "10 MiB result: returned with ErrNotRecorded that names task and size", Value: clear,
		Detail: fmt.Sprint(err),
	}.atLeast(1))

	quiet, err := b.leastLease(o, "quiet", func(int) error { time.Sleep(time.Millisecond); return nil })
	if err != nil {
		return err
	}
	stored := 0
	loaded, err := b.leastLease(o, "loaded", func(i int) error {
		stored++
		_, err := report.Run(ctx, tooLarge+1+i)
		return err
	})
	if err != nil {
		return err
	}
	b.report.add(figure{
		Section: "large", Name: "heartbeats' delay by 900 KiB results", Value: milliseconds(quiet - loaded), Unit: "ms",
		Detail: fmt.Sprintf("of 100 claims with a lease of %v at least %v were left, without such results %v; %d were stored",
			shortLease, loaded.Round(time.Millisecond), quiet.Round(time.Millisecond), stored),
	}.atMost(milliseconds(shortLease) / 10))
	return o.close()
}

// tooLarge is the key of the result that is refused.
const tooLarge = 1

func sizeOf(i int) int {
	if i == tooLarge {
		return 10 << 20
	}
	return 900 << 10
}

// shortLease makes heartbeats frequent: three in a lease.
const shortLease = 1500 * time.Millisecond

// leastLease holds claims while work is done again and again, and returns the least
// that was left of their leases, as Redis says.
func (b *bench) leastLease(o *owner, name string, work func(i int) error) (time.Duration, error) {
	const n = 100
	holding := *o
	holding.task = newTask(o.idem, o.work, idem.WithLease(shortLease))
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s-%02d", name, i)
	}
	over := holding.hold(ids...)
	failed := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				failed <- nil
				return
			default:
			}
			if err := work(i); err != nil {
				failed <- err
				return
			}
		}
	}()
	least := shortLease
	for end := time.Now().Add(b.plan.large); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		for _, id := range ids[:5] {
			left, _ := b.server.Do("pttl", prefix+id).(int64)
			least = min(least, time.Duration(left)*time.Millisecond-ttl)
		}
	}
	close(stop)
	for range ids {
		o.finish <- nil
	}
	return least, errors.Join(<-failed, over())
}
