package cron_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/examples/recipes/cron"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

const hosts = 3

// A log of the days whose reports were written.
type log struct {
	mu   sync.Mutex
	days []string
}

func (l *log) write(_ context.Context, day string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.days = append(l.days, day)
	return nil
}

func report(store idem.Store) *cron.IdempotentWriteReport {
	return cron.NewIdempotentWriteReport(idem.New(store, idem.WithLogger(slog.New(slog.DiscardHandler))))
}

// A bubble's clock starts at midnight UTC of 2000-01-01.
func TestManyHostsWriteOneReportADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		ctx, cancel := context.WithTimeout(t.Context(), 3*24*time.Hour+time.Hour)
		defer cancel()
		var written log
		var running sync.WaitGroup
		for range hosts {
			running.Go(func() { cron.Nightly(ctx, report(store), written.write) })
		}
		running.Wait()
		assert.Equal(t, []string{"2000-01-01", "2000-01-02", "2000-01-03"}, written.days)
	})
}

func TestAHostThatDiesIsReplacedWhenItsLeaseEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		task := cron.WriteReport{Scheduled: time.Now()}
		key, err := report(store).Key(task)
		require.NoError(t, err)
		assert.Equal(t, "idempotency:cron.WriteReport:1999-12-31", key)
		// What a process leaves that claims a key and dies.
		dead := idem.Claim{ID: "dead", Now: time.Now(), Lease: 15 * time.Second, Retention: 48 * time.Hour}
		_, err = store.Claim(t.Context(), key, dead)
		require.NoError(t, err)

		var written log
		task.Write = written.write
		began := time.Now()
		res, err := report(store).Run(t.Context(), task)
		require.NoError(t, err)
		assert.False(t, res.Duplicate)
		assert.Equal(t, []string{"1999-12-31"}, written.days)
		assert.GreaterOrEqual(t, time.Since(began), 15*time.Second)
	})
}

func TestAReportThatFailsIsTriedByEveryHostThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		down := errors.New("the disk is full")
		var mu sync.Mutex
		attempts := map[int]bool{}
		write := func(ctx context.Context, _ string) error {
			time.Sleep(time.Second)
			mu.Lock()
			defer mu.Unlock()
			attempts[idem.FromContext(ctx).Attempt] = true
			return down
		}
		var running sync.WaitGroup
		for range hosts {
			running.Go(func() {
				_, err := report(store).Run(t.Context(), cron.WriteReport{Scheduled: time.Now(), Write: write})
				assert.ErrorIs(t, err, down)
			})
		}
		running.Wait()
		assert.Equal(t, map[int]bool{1: true, 2: true, 3: true}, attempts)
	})
}
