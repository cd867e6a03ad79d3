package idemotel_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/idemgen/idemgen/runtime/redisstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/idemgen/idemgen/runtime/idemotel"
)

const secret = "customer-4711"

// A process is a client with telemetry of its own, as another process has it.
type process struct {
	client *idem.Client
	spans  *tracetest.SpanRecorder
	traces *trace.TracerProvider
	reader *metric.ManualReader
}

func newProcess(t *testing.T, store idem.Store, sampler trace.Sampler, opts ...idemotel.Option) process {
	t.Helper()
	p := process{spans: tracetest.NewSpanRecorder(), reader: metric.NewManualReader()}
	p.traces = trace.NewTracerProvider(trace.WithSpanProcessor(p.spans), trace.WithSampler(sampler))
	opts = append(opts, idemotel.WithTracerProvider(p.traces),
		idemotel.WithMeterProvider(metric.NewMeterProvider(metric.WithReader(p.reader))))
	p.client = idem.New(store, idemotel.Instrument(opts...))
	t.Cleanup(func() { require.NoError(t, p.client.Close(context.Background())) })
	return p
}

// greeting is a task that greets a customer.
func (p process) greeting(run func(ctx context.Context, name string) (string, error), opts ...idem.TaskOption) *idem.Task[string, string] {
	return idem.NewTask(p.client, idem.Spec[string, string]{
		Name: "test.Greet",
		Key:  func(k *idem.KeyWriter, name string) { k.Part("name").String(name) },
		Run:  run,
	}, append([]idem.TaskOption{idem.WithOnDuplicate(idem.PolicyReturnCached)}, opts...)...)
}

func hello(_ context.Context, name string) (string, error) { return "Hello, " + name, nil }

// call runs the task in a span of the caller's own.
func (p process) call(t *testing.T, task *idem.Task[string, string]) (idem.Result[string], error) {
	t.Helper()
	ctx, span := p.traces.Tracer("caller").Start(t.Context(), "caller")
	defer span.End()
	return task.Run(ctx, secret)
}

// span returns the one span of that name that has ended.
func (p process) span(t *testing.T, name string) trace.ReadOnlySpan {
	t.Helper()
	var found []trace.ReadOnlySpan
	for _, s := range p.spans.Ended() {
		if s.Name() == name {
			found = append(found, s)
		}
	}
	require.Len(t, found, 1, "spans named %q", name)
	return found[0]
}

// metrics returns what was measured, one line each, histograms by their count.
func (p process) metrics(t *testing.T) map[string]int64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	require.NoError(t, p.reader.Collect(context.Background(), &data))
	values := map[string]int64{}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			add := func(set attribute.Set, n int64) {
				var attrs []string
				for _, a := range set.ToSlice() {
					attrs = append(attrs, string(a.Key)+"="+a.Value.String())
				}
				values[m.Name+" "+m.Unit+" "+strings.Join(attrs, " ")] = n
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, int64(p.Count))
				}
			}
		}
	}
	return values
}

func attr(s trace.ReadOnlySpan, key attribute.Key) string {
	for _, a := range s.Attributes() {
		if a.Key == key {
			return a.Value.String()
		}
	}
	return ""
}

func TestAReplayIsLinkedToTheExecutionOfAnotherProcess(t *testing.T) {
	store := redisstore.New(redistest.Start(t).Client())
	first, second := newProcess(t, store, trace.AlwaysSample()), newProcess(t, store, trace.AlwaysSample())
	var inside trace.ReadOnlySpan
	_, err := first.call(t, first.greeting(func(ctx context.Context, name string) (string, error) {
		_, span := first.traces.Tracer("task").Start(ctx, "inside")
		span.End()
		inside = first.span(t, "inside")
		return hello(ctx, name)
	}))
	require.NoError(t, err)
	res, err := second.call(t, second.greeting(hello))
	require.NoError(t, err)
	require.True(t, res.Duplicate)

	execute, replay := first.span(t, "execute test.Greet"), second.span(t, "replay test.Greet")
	assert.Equal(t, first.span(t, "caller").SpanContext().SpanID(), execute.Parent().SpanID())
	assert.Equal(t, execute.SpanContext().SpanID(), inside.Parent().SpanID(), "what the task does is the execution's")
	assert.Equal(t, "recorded", attr(execute, "idem.outcome"))
	assert.Equal(t, "success", attr(execute, "idem.status"))
	assert.Equal(t, "1", attr(execute, "idem.execution.attempt"))
	assert.Equal(t, codes.Unset, execute.Status().Code)

	assert.Equal(t, second.span(t, "caller").SpanContext().SpanID(), replay.Parent().SpanID())
	require.Len(t, replay.Links(), 1)
	assert.Equal(t, execute.SpanContext().TraceID(), replay.Links()[0].SpanContext.TraceID())
	assert.Equal(t, execute.SpanContext().SpanID(), replay.Links()[0].SpanContext.SpanID())
	assert.True(t, replay.Links()[0].SpanContext.IsRemote())
	assert.Equal(t, attr(execute, "idem.execution.id"), attr(replay, "idem.execution.id"))

	assert.Equal(t, map[string]int64{
		"idem.calls {call} idem.outcome=executed idem.task=test.Greet":                             1,
		"idem.active_executions {execution} idem.task=test.Greet":                                  0,
		"idem.claim.duration s idem.task=test.Greet":                                               1,
		"idem.execution.duration s idem.outcome=recorded idem.status=success idem.task=test.Greet": 1,
	}, first.metrics(t))
	assert.Equal(t, map[string]int64{
		"idem.calls {call} idem.outcome=duplicate idem.status=success idem.task=test.Greet": 1,
		"idem.replay.duration s idem.status=success idem.task=test.Greet":                   1,
	}, second.metrics(t))
}

func TestAnExecutionThatWasNotSampledIsNotLinkedTo(t *testing.T) {
	store := memstore.New()
	first, second := newProcess(t, store, trace.NeverSample()), newProcess(t, store, trace.AlwaysSample())
	_, err := first.call(t, first.greeting(hello))
	require.NoError(t, err)
	for _, record := range store.Records() {
		assert.Empty(t, record.Note, "nor is it worth its place in a record")
	}
	_, err = second.call(t, second.greeting(hello))
	require.NoError(t, err)
	assert.Empty(t, second.span(t, "replay test.Greet").Links())
}

func TestAWaitIsASpanAsLongAsTheWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		first, second := newProcess(t, store, trace.AlwaysSample()), newProcess(t, store, trace.AlwaysSample())
		running := make(chan struct{})
		done := make(chan error)
		go func() {
			_, err := first.call(t, first.greeting(func(ctx context.Context, name string) (string, error) {
				close(running)
				time.Sleep(3 * time.Second)
				return hello(ctx, name)
			}))
			done <- err
		}()
		<-running
		time.Sleep(time.Second)
		assert.EqualValues(t, 1, first.metrics(t)["idem.active_executions {execution} idem.task=test.Greet"])
		_, err := second.call(t, second.greeting(hello))
		require.NoError(t, err)
		require.NoError(t, <-done)

		wait := second.span(t, "wait test.Greet")
		assert.Equal(t, 2*time.Second, wait.EndTime().Sub(wait.StartTime()))
		assert.Equal(t, "answered", attr(wait, "idem.outcome"))
		require.Len(t, wait.Links(), 1)
		assert.Equal(t, first.span(t, "execute test.Greet").SpanContext().SpanID(), wait.Links()[0].SpanContext.SpanID())
		second.span(t, "replay test.Greet")
		assert.EqualValues(t, 1, second.metrics(t)["idem.wait.duration s idem.outcome=answered idem.task=test.Greet"])
	})
}

func TestAnExecutionThatEndsWithoutAnAnswerIsAnErrorSpan(t *testing.T) {
	for name, tc := range map[string]struct {
		run             func(context.Context, string) (string, error)
		outcome, status string
		text, errorType string
	}{
		"an error": {
			func(context.Context, string) (string, error) { return "", errors.New("broken") },
			"released", "", "broken", "*errors.errorString",
		},
		"its caller gave up": {
			func(context.Context, string) (string, error) { return "", fmt.Errorf("bank: %w", context.Canceled) },
			"released", "", "bank: context canceled", "context.Canceled",
		},
		"a panic": {
			func(context.Context, string) (string, error) { panic("task") },
			"released", "", "idem: the task did not return: it panicked, or ended its goroutine", "*errors.errorString",
		},
		"a failure for good": {
			func(context.Context, string) (string, error) {
				return "", idem.Fail("no money", map[string]any{"code": "NSF-" + secret})
			},
			"recorded", "failed", "no money", "EXECUTION_FAILED",
		},
		"another task's error": {
			func(context.Context, string) (string, error) {
				return "", &idem.DuplicateError{Key: secret}
			},
			"released", "", "DUPLICATE_EXECUTION", "DUPLICATE_EXECUTION",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProcess(t, memstore.New(), trace.AlwaysSample())
			func() {
				defer func() { _ = recover() }()
				_, _ = p.call(t, p.greeting(tc.run))
			}()
			span := p.span(t, "execute test.Greet")
			assert.Equal(t, tc.outcome, attr(span, "idem.outcome"))
			assert.Equal(t, tc.status, attr(span, "idem.status"))
			assert.Equal(t, codes.Error, span.Status().Code)
			assert.Equal(t, tc.text, span.Status().Description)
			assert.Equal(t, tc.errorType, attr(span, "error.type"))
			status := ""
			if tc.status != "" {
				status = " idem.status=" + tc.status
			}
			assert.EqualValues(t, 1, p.metrics(t)["idem.execution.duration s error.type="+tc.errorType+" idem.outcome="+tc.outcome+status+" idem.task=test.Greet"])
			assert.Zero(t, p.metrics(t)["idem.active_executions {execution} idem.task=test.Greet"])
		})
	}
}

func TestASkippedExecutionIsNoError(t *testing.T) {
	p := newProcess(t, memstore.New(), trace.AlwaysSample())
	_, err := p.call(t, p.greeting(func(context.Context, string) (string, error) { return "", idem.Skip("nobody there", nil) }))
	require.NoError(t, err)
	span := p.span(t, "execute test.Greet")
	assert.Equal(t, codes.Unset, span.Status().Code)
	assert.Equal(t, "skipped", attr(span, "idem.status"))
}

func TestACrashIsATakeoverAndALostLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		deaf := &deafStore{Store: store}
		first, second := newProcess(t, deaf, trace.AlwaysSample()), newProcess(t, store, trace.AlwaysSample())
		running := make(chan struct{})
		done := make(chan error)
		go func() {
			_, err := first.call(t, first.greeting(func(ctx context.Context, _ string) (string, error) {
				close(running)
				<-ctx.Done()
				time.Sleep(time.Minute)
				return "late", nil
			}))
			done <- err
		}()
		<-running
		_, err := second.call(t, second.greeting(hello))
		require.NoError(t, err)
		require.ErrorIs(t, <-done, idem.ErrLeaseLost)

		lost := first.span(t, "execute test.Greet")
		assert.Equal(t, "lease_lost", attr(lost, "idem.outcome"))
		require.Len(t, lost.Events(), 1)
		assert.Equal(t, "idem lease lost", lost.Events()[0].Name)
		assert.EqualValues(t, 1, first.metrics(t)["idem.lost_leases {execution} idem.task=test.Greet"])
		assert.Equal(t, "claimed", attr(second.span(t, "wait test.Greet"), "idem.outcome"))
		assert.Equal(t, "2", attr(second.span(t, "execute test.Greet"), "idem.execution.attempt"))
		assert.EqualValues(t, 1, second.metrics(t)["idem.takeovers {execution} idem.task=test.Greet"])
	})
}

// A deafStore hears no heartbeat.
type deafStore struct{ idem.Store }

func (deafStore) Heartbeat(_ context.Context, held []idem.Lease, report func(int, error)) {
	for i := range held {
		report(i, errors.New("nobody answers"))
	}
}

func TestARefusedCallIsAnEventOfItsCaller(t *testing.T) {
	p := newProcess(t, downStore{memstore.New()}, trace.AlwaysSample())
	_, err := p.call(t, p.greeting(hello))
	require.ErrorIs(t, err, idem.ErrUnavailable)
	events := p.span(t, "caller").Events()
	require.Len(t, events, 1)
	assert.Equal(t, "idem refused", events[0].Name)
	assert.Equal(t, map[string]int64{
		"idem.calls {call} error.type=STORE_UNAVAILABLE idem.outcome=refused idem.task=test.Greet": 1,
	}, p.metrics(t))
}

func TestAnUnprotectedRunIsAnExecution(t *testing.T) {
	p := newProcess(t, downStore{memstore.New()}, trace.AlwaysSample())
	idem.WithFailOpen()(p.client)
	_, err := p.call(t, p.greeting(hello))
	require.NoError(t, err)
	assert.Equal(t, "unprotected", attr(p.span(t, "execute test.Greet"), "idem.outcome"))
	assert.EqualValues(t, 1, p.metrics(t)["idem.calls {call} idem.outcome=unprotected idem.task=test.Greet"])
	assert.EqualValues(t, 1, p.metrics(t)["idem.execution.duration s idem.outcome=unprotected idem.status=success idem.task=test.Greet"])
	assert.Zero(t, p.metrics(t)["idem.active_executions {execution} idem.task=test.Greet"])
}

// A downStore refuses every claim.
type downStore struct{ idem.Store }

func (downStore) Claim(context.Context, string, idem.Claim) (idem.Reply, error) {
	return idem.Reply{}, errors.New("down")
}

func TestATaskInATaskEndsItsOwnSpan(t *testing.T) {
	p := newProcess(t, memstore.New(), trace.AlwaysSample())
	inner := idem.NewTask(p.client, idem.Spec[int, int]{
		Name: "test.Inner",
		Key:  func(k *idem.KeyWriter, n int) { k.Part("n").Int(int64(n)) },
		Run:  func(context.Context, int) (int, error) { return 0, errors.New("inner") },
	})
	_, err := p.call(t, p.greeting(func(ctx context.Context, name string) (string, error) {
		_, err := inner.Run(ctx, 1)
		require.Error(t, err)
		return hello(ctx, name)
	}))
	require.NoError(t, err)
	outer, within := p.span(t, "execute test.Greet"), p.span(t, "execute test.Inner")
	assert.Equal(t, outer.SpanContext().SpanID(), within.Parent().SpanID())
	assert.Equal(t, codes.Error, within.Status().Code)
	assert.Equal(t, codes.Unset, outer.Status().Code)
}

// A tracer that panics costs an execution its span, and no other's is ended for it.
func TestAnExecutionWithoutASpanEndsNoOther(t *testing.T) {
	p := newProcess(t, memstore.New(), trace.AlwaysSample())
	idem.WithTracer(func(context.Context, idem.Event) (context.Context, string) { panic("tracer") })(p.client)
	ctx, span := p.traces.Tracer("caller").Start(t.Context(), "execute another task")
	outer := newProcess(t, memstore.New(), trace.AlwaysSample())
	_, err := outer.greeting(func(ctx context.Context, name string) (string, error) {
		_, err := p.greeting(hello).Run(ctx, name)
		assert.Empty(t, outer.spans.Ended(), "it still runs")
		return "", err
	}).Run(ctx, secret)
	span.End()
	require.NoError(t, err)
	outer.span(t, "execute test.Greet")
}

func TestKeysAreToldOnlyIfAskedFor(t *testing.T) {
	for name, tc := range map[string]struct {
		opts []idemotel.Option
		told bool
	}{
		"not asked": {nil, false},
		"asked":     {[]idemotel.Option{idemotel.WithKeys()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			store := memstore.New()
			p := newProcess(t, store, trace.AlwaysSample(), tc.opts...)
			for _, run := range []func(context.Context, string) (string, error){
				hello,
				func(context.Context, string) (string, error) { return "", idem.Fail("no", nil) },
			} {
				task := p.greeting(run, idem.WithOnDuplicate(idem.PolicyFail))
				for range 2 {
					_, _ = p.call(t, task)
				}
				require.NoError(t, task.Forget(t.Context(), secret))
			}
			told := fmt.Sprint(tracetest.SpanStubsFromReadOnlySpans(p.spans.Ended()))
			assert.Equal(t, tc.told, strings.Contains(told, secret))
			assert.NotContains(t, fmt.Sprint(p.metrics(t)), secret, "never in metrics")
		})
	}
}

func TestEveryMetricHasAUnitAndADescription(t *testing.T) {
	p := newProcess(t, memstore.New(), trace.AlwaysSample())
	seen := map[string]bool{}
	_, _ = p.call(t, p.greeting(hello))
	_, _ = p.call(t, p.greeting(hello))
	var data metricdata.ResourceMetrics
	require.NoError(t, p.reader.Collect(t.Context(), &data))
	require.Len(t, data.ScopeMetrics, 1)
	assert.Equal(t, "github.com/idemgen/idemgen/runtime/idemotel", data.ScopeMetrics[0].Scope.Name)
	for _, m := range data.ScopeMetrics[0].Metrics {
		assert.NotEmpty(t, m.Description, m.Name)
		assert.Contains(t, []string{"s", "{call}", "{execution}"}, m.Unit, m.Name)
		assert.Contains(t, idemotel.Metrics(), m.Name)
		seen[m.Name] = true
	}
	assert.Len(t, seen, 5)
}
