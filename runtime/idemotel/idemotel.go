// Package idemotel gives the calls of a client metrics and spans of OpenTelemetry.
//
//	client := idem.New(store, idemotel.Instrument())
//
// Spans are children of the caller's:
//
//	execute TASK    a task runs, until its answer is recorded or its claim given back
//	wait TASK       a call waits for an execution in progress
//	replay TASK     a duplicate gets what its policy says
//
// replay, and a wait that ended with an answer, have a link to the span that
// executed, whichever process that was in: its traceparent is stored with the
// answer, if it was sampled. What has no answer stores none: an attempt after one that
// failed or crashed has no link to it, nor has a wait that ended without an answer. A
// call that is refused is an event of the caller's span.
//
// The metrics are those of [Metrics]. Attributes are of low cardinality; keys are left
// out, also of the texts of errors, unless [WithKeys] asks for them, and then they
// are on spans only.
package idemotel

import (
	"context"

	idem "github.com/idemgen/idemgen/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
)

// scope is what measures: the instrumentation scope of spans and metrics.
const scope = "github.com/idemgen/idemgen/runtime/idemotel"

// An Option sets up [Instrument].
type Option func(*config)

type config struct {
	traces  trace.TracerProvider
	metrics metric.MeterProvider
	keys    bool
}

// WithTracerProvider sets who makes spans, by default otel.GetTracerProvider().
func WithTracerProvider(p trace.TracerProvider) Option { return func(c *config) { c.traces = p } }

// WithMeterProvider sets who makes metrics, by default otel.GetMeterProvider().
func WithMeterProvider(p metric.MeterProvider) Option { return func(c *config) { c.metrics = p } }

// WithKeys puts keys into spans, as the attribute idem.key and in the texts of errors.
// Keys may say whom a task was about, and traces are read by many.
func WithKeys() Option { return func(c *config) { c.keys = true } }

// Instrument returns the client option that does all of it: an observer, beside the
// client's own ones, and the client's tracer. Metrics that cannot be made are told
// to OpenTelemetry's error handler, and left out.
func Instrument(opts ...Option) idem.Option {
	c := config{traces: otel.GetTracerProvider(), metrics: otel.GetMeterProvider()}
	for _, opt := range opts {
		opt(&c)
	}
	s := spans{tracer: c.traces.Tracer(scope), keys: c.keys}
	m := newInstruments(c.metrics.Meter(scope))
	return func(client *idem.Client) {
		idem.WithTracer(func(ctx context.Context, e idem.Event) (context.Context, string) {
			m.start(ctx, e)
			return s.start(ctx, e)
		})(client)
		idem.WithObserver(func(ctx context.Context, e idem.Event) {
			m.observe(ctx, e)
			s.observe(ctx, e)
		})(client)
	}
}
