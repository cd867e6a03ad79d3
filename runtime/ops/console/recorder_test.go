package console_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops/console"
)

func TestEventsAreCountedForHalfAnHourAndADay(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 7, 0, time.UTC)
	r := console.NewRecorder()
	r.SetClock(func() time.Time { return now })
	see := func(kinds ...idem.EventKind) {
		for _, kind := range kinds {
			r.Observe(t.Context(), idem.Event{Kind: kind, Task: "billing.Pay"})
		}
	}
	see(idem.EventClaimed, idem.EventTakenOver, idem.EventLost, idem.EventNotRecorded, idem.EventFailedOpen)
	now = now.Add(29 * time.Minute)
	see(idem.EventClaimed, idem.EventRecorded, idem.EventDuplicate, idem.EventDuplicate, idem.EventWaited, idem.EventRefused, idem.EventReleased)
	all := map[string]int{
		"executions": 2, "duplicates": 2, "waits": 1, "takeovers": 1, "lost": 2, "refused": 1, "released": 1, "unprotected": 1,
	}
	assert.Equal(t, all, r.Counts("billing.Pay", "30m"))
	assert.Equal(t, all, r.Counts("billing.Pay", "24h"))
	now = now.Add(5 * time.Minute)
	recent := map[string]int{
		"executions": 1, "duplicates": 2, "waits": 1, "takeovers": 0, "lost": 0, "refused": 1, "released": 1, "unprotected": 0,
	}
	assert.Equal(t, recent, r.Counts("billing.Pay", "30m"), "what is older is gone")
	assert.Equal(t, all, r.Counts("billing.Pay", "24h"))
	now = now.Add(25 * time.Hour)
	assert.Zero(t, r.Counts("billing.Pay", "24h")["executions"])
	assert.Zero(t, r.Counts("never.Seen", "24h")["executions"])
	see(idem.EventClaimed)
	assert.Equal(t, 1, r.Counts("billing.Pay", "24h")["executions"], "and its place is used again")
}

func TestQuantilesAreAboutRight(t *testing.T) {
	r := console.NewRecorder()
	_, some := r.Quantile("billing.Pay", "30m", 0.5)
	assert.False(t, some)
	for ms := range 1000 {
		r.Observe(t.Context(), idem.Event{Kind: idem.EventRecorded, Task: "billing.Pay", Duration: time.Duration(ms+1) * time.Millisecond})
	}
	for q, want := range map[float64]time.Duration{0.01: 10 * time.Millisecond, 0.5: 500 * time.Millisecond, 0.95: 950 * time.Millisecond} {
		got, some := r.Quantile("billing.Pay", "30m", q)
		assert.True(t, some)
		assert.InEpsilon(t, want.Seconds(), got.Seconds(), 0.1, "%v: %v", q, got)
	}
	r.Observe(t.Context(), idem.Event{Kind: idem.EventReleased, Task: "slow", Duration: 24 * time.Hour})
	longest, _ := r.Quantile("slow", "30m", 1)
	assert.Greater(t, longest, 15*time.Minute)
	r.Observe(t.Context(), idem.Event{Kind: idem.EventRecorded, Task: "quick", Duration: time.Microsecond})
	shortest, _ := r.Quantile("quick", "30m", 1)
	assert.LessOrEqual(t, shortest, time.Millisecond)
}

func TestARecordersMemoryIsBounded(t *testing.T) {
	r := console.NewRecorder()
	var all sync.WaitGroup
	for n := range 300 {
		all.Go(func() {
			r.Observe(t.Context(), idem.Event{Kind: idem.EventClaimed, Task: fmt.Sprintf("task%03d", n)})
		})
	}
	all.Wait()
	assert.Len(t, r.Names(), 101)
	assert.Equal(t, 200, r.Counts("(other tasks)", "24h")["executions"])
}

func BenchmarkObserve(b *testing.B) {
	r := console.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		r.Observe(b.Context(), idem.Event{Kind: idem.EventRecorded, Task: "billing.Pay", Duration: 120 * time.Millisecond})
	}
}
