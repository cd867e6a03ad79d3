package idem_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

type traceKey struct{}

// tracing is a tracer whose every execution has the trace.
func tracing(trace string) idem.Option {
	return idem.WithTracer(func(ctx context.Context, _ idem.Event) (context.Context, string) {
		return context.WithValue(ctx, traceKey{}, trace), trace
	})
}

// A tracedLog keeps events, each with the trace in its context.
type tracedLog struct {
	mu     sync.Mutex
	events []idem.Event
	traces []string
}

func (l *tracedLog) observe(ctx context.Context, e idem.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	trace, _ := ctx.Value(traceKey{}).(string)
	l.events, l.traces = append(l.events, e), append(l.traces, trace)
}

// of returns the one event of a kind, and the trace in its context.
func (l *tracedLog) of(t *testing.T, kind idem.EventKind) (idem.Event, string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	found := -1
	for i, e := range l.events {
		if e.Kind == kind {
			require.Equal(t, -1, found, "%q came twice", kind)
			found = i
		}
	}
	require.GreaterOrEqual(t, found, 0, "no event %q", kind)
	return l.events[found], l.traces[found]
}

func TestADuplicateLearnsTheTraceOfTheFirstExecution(t *testing.T) {
	for _, policy := range []idem.Policy{idem.PolicySkip, idem.PolicyFail, idem.PolicyReturnCached} {
		t.Run(string(policy), func(t *testing.T) {
			onEachStore(t, func(t *testing.T, store idem.Store) {
				var log, later tracedLog
				_, err := paying(newClient(t, store, tracing("trace-1"), idem.WithObserver(log.observe)), func(ctx context.Context, p payment) (receipt, error) {
					assert.Equal(t, "trace-1", ctx.Value(traceKey{}), "the task runs in the tracer's context")
					assert.Equal(t, paymentKey, idem.FromContext(ctx).Key, "which is the task's own")
					return paid(ctx, p)
				}, idem.WithOnDuplicate(policy)).Run(t.Context(), a17)
				require.NoError(t, err)
				_, trace := log.of(t, idem.EventClaimed)
				assert.Empty(t, trace, "it is told before the tracer is asked")
				_, trace = log.of(t, idem.EventRecorded)
				assert.Equal(t, "trace-1", trace)

				other := newClient(t, store, tracing("trace-2"), idem.WithObserver(later.observe))
				res, _ := paying(other, mustNotRun(t), idem.WithOnDuplicate(policy)).Run(t.Context(), a17)
				assert.True(t, res.Duplicate)
				e, _ := later.of(t, idem.EventDuplicate)
				assert.Equal(t, "trace-1", e.Trace)
			})
		})
	}
}

func TestAWaitThatEndsWithAnAnswerLearnsItsTrace(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		var log tracedLog
		g := newGate()
		first := start(t.Context(), paying(newClient(t, store, tracing("trace-1")), g.run), a17)
		<-g.started
		second := start(t.Context(), paying(newClient(t, store, tracing("trace-2"), idem.WithObserver(log.observe)), mustNotRun(t)), a17)
		time.Sleep(time.Second)
		g.open <- nil
		<-first
		require.NoError(t, (<-second).err)
		e, _ := log.of(t, idem.EventWaited)
		assert.Equal(t, "trace-1", e.Trace)
		assert.Equal(t, idem.StatusSuccess, e.Status)
		assert.NotEmpty(t, e.ID)
	})
}

func TestTheEndOfAnExecutionSaysWhatTheTaskReturned(t *testing.T) {
	broken := errors.New("broken")
	for name, tc := range map[string]struct {
		run  func(context.Context, payment) (receipt, error)
		kind idem.EventKind
		want string
	}{
		"an error":       {func(context.Context, payment) (receipt, error) { return receipt{}, broken }, idem.EventReleased, "broken"},
		"a failure":      {func(context.Context, payment) (receipt, error) { return receipt{}, idem.Fail("no money", nil) }, idem.EventRecorded, "no money"},
		"a panic":        {func(context.Context, payment) (receipt, error) { panic("task") }, idem.EventReleased, "did not return"},
		"nothing at all": {paid, idem.EventRecorded, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var log tracedLog
			task := paying(newClient(t, memstore.New(), tracing("trace-1"), idem.WithObserver(log.observe)), tc.run)
			recovering(func() { _, _ = task.Run(t.Context(), a17) })
			e, trace := log.of(t, tc.kind)
			assert.Equal(t, "trace-1", trace)
			if tc.want == "" {
				assert.NoError(t, e.Returned)
			} else {
				assert.ErrorContains(t, e.Returned, tc.want)
			}
		})
	}
}

func TestTheEndOfAnUnprotectedRunIsAnEvent(t *testing.T) {
	broken := errors.New("broken")
	var log tracedLog
	store := &faulty{Store: memstore.New(), claim: down, lookup: down}
	task := paying(newClient(t, store, idem.WithFailOpen(), tracing("trace-1"), idem.WithObserver(log.observe)),
		func(ctx context.Context, _ payment) (receipt, error) {
			assert.Equal(t, "trace-1", ctx.Value(traceKey{}))
			return receipt{}, broken
		})
	_, err := task.Run(t.Context(), a17)
	require.ErrorIs(t, err, broken)
	e, trace := log.of(t, idem.EventUnprotected)
	assert.Equal(t, "trace-1", trace)
	assert.Equal(t, idem.StatusFailed, e.Status)
	assert.Equal(t, broken, e.Returned)
}

func TestALostLeaseIsToldInTheExecutionsTrace(t *testing.T) {
	inBubble(t, func(t *testing.T, store *faulty) {
		var log tracedLog
		store.beat = func() error { return idem.ErrLeaseLost }
		_, err := paying(newClient(t, store, tracing("trace-1"), idem.WithObserver(log.observe)), func(ctx context.Context, _ payment) (receipt, error) {
			<-ctx.Done()
			return receipt{}, context.Cause(ctx)
		}).Run(t.Context(), a17)
		require.ErrorIs(t, err, idem.ErrLeaseLost)
		_, trace := log.of(t, idem.EventLost)
		assert.Equal(t, "trace-1", trace)
	})
}

func TestATracersPanicHarmsNoExecution(t *testing.T) {
	client := newClient(t, memstore.New(), idem.WithTracer(func(context.Context, idem.Event) (context.Context, string) { panic("tracer") }))
	res, err := paying(client, paid).Run(t.Context(), a17)
	require.NoError(t, err)
	assert.Equal(t, "R-1", res.Value.Number)
}

func TestATraceTakesNoValuesPlace(t *testing.T) {
	trace := strings.Repeat("t", 200)
	for name, tc := range map[string]struct {
		max    int
		number string
		trace  string
	}{
		"there is room for both":    {1000, "R-1", trace},
		"one of them fits":          {300, strings.Repeat("R", 100), ""},
		"the trace is ever so long": {1 << 20, "R-1", strings.Repeat("t", 1000)},
	} {
		t.Run(name, func(t *testing.T) {
			store := memstore.New()
			want := tc.trace
			asked := trace
			if len(want) > 256 {
				asked, want = want, ""
			}
			var log tracedLog
			task := paying(newClient(t, store, tracing(asked), idem.WithMaxRecordSize(tc.max), idem.WithObserver(log.observe)),
				func(context.Context, payment) (receipt, error) { return receipt{Number: tc.number}, nil },
				idem.WithOnDuplicate(idem.PolicyReturnCached))
			_, err := task.Run(t.Context(), a17)
			require.NoError(t, err)
			res, err := task.Run(t.Context(), a17)
			require.NoError(t, err)
			assert.Equal(t, tc.number, res.Value.Number)
			e, _ := log.of(t, idem.EventDuplicate)
			assert.Equal(t, want, e.Trace)
		})
	}
}

// Programs of before know no trace. They read a note as JSON and ignore what they
// do not know, so that both can work on one store.
func TestARecordWithATraceIsReadByProgramsOfBefore(t *testing.T) {
	store := memstore.New()
	_, err := paying(newClient(t, store, tracing("trace-1")), func(context.Context, payment) (receipt, error) {
		return receipt{}, idem.Fail("no money", map[string]any{"code": "NSF"})
	}).Run(t.Context(), a17)
	require.Error(t, err)
	record := maps.Collect(store.Records())[paymentKey]
	assert.JSONEq(t, `{"reason":"no money","metadata":{"code":"NSF"},"trace":"trace-1"}`, string(record.Note))
	var before struct {
		Reason   string         `json:"reason,omitempty"`
		Metadata map[string]any `json:"metadata,omitempty"`
	}
	require.NoError(t, json.Unmarshal(record.Note, &before))
	assert.Equal(t, "no money", before.Reason)
}

func TestEveryObserverIsTold(t *testing.T) {
	var first, second eventLog
	client := newClient(t, memstore.New(), idem.WithObserver(first.observe), idem.WithObserver(nil), idem.WithObserver(second.observe))
	_, err := paying(client, paid).Run(t.Context(), a17)
	require.NoError(t, err)
	assert.Equal(t, []idem.EventKind{idem.EventClaimed, idem.EventRecorded}, first.kinds())
	assert.Equal(t, first.kinds(), second.kinds())
}
