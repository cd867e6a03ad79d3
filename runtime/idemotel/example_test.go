package idemotel_test

import (
	"context"
	"fmt"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/idemgen/idemgen/runtime/idemotel"
)

// A printer is an exporter that prints spans and where they lead. A real one would be
// otlptracegrpc, for instance.
type printer struct{ executions map[string]string }

func (p printer) ExportSpans(_ context.Context, spans []trace.ReadOnlySpan) error {
	for _, s := range spans {
		p.executions[s.SpanContext().SpanID().String()] = s.Name()
		fmt.Println("span:", s.Name())
		for _, link := range s.Links() {
			fmt.Println("  linked to:", p.executions[link.SpanContext.SpanID().String()])
		}
	}
	return nil
}

func (printer) Shutdown(context.Context) error { return nil }

func Example() {
	ctx := context.Background()
	reader := metric.NewManualReader()
	// Most programs do this once, for all that they measure.
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSyncer(printer{map[string]string{}})))
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))

	store := memstore.New()
	client := idem.New(store, idemotel.Instrument())
	charge := newCharge(client)
	for range 3 {
		if _, err := charge.Run(ctx, 123); err != nil {
			fmt.Println(err)
		}
	}

	var data metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &data); err != nil {
		fmt.Println(err)
	}
	for _, m := range data.ScopeMetrics[0].Metrics {
		if calls, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == idemotel.MetricCalls {
			for _, p := range calls.DataPoints {
				outcome, _ := p.Attributes.Value("idem.outcome")
				fmt.Println(m.Name, outcome.AsString(), p.Value)
			}
		}
	}
	// Unordered output:
	// span: execute billing.ChargeOrder
	// span: replay billing.ChargeOrder
	//   linked to: execute billing.ChargeOrder
	// span: replay billing.ChargeOrder
	//   linked to: execute billing.ChargeOrder
	// idem.calls executed 1
	// idem.calls duplicate 2
}

// One line for a program that has set OpenTelemetry up already, here to print spans.
func ExampleInstrument() {
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSyncer(printer{map[string]string{}})))
	client := idem.New(memstore.New(), idemotel.Instrument())
	_, _ = newCharge(client).Run(context.Background(), 123)
	// Output: span: execute billing.ChargeOrder
}

func ExampleMetrics() {
	for _, name := range idemotel.Metrics() {
		fmt.Println(name)
	}
	// Output:
	// idem.calls
	// idem.active_executions
	// idem.claim.duration
	// idem.execution.duration
	// idem.wait.duration
	// idem.replay.duration
	// idem.takeovers
	// idem.lost_leases
}

func ExampleWithTracerProvider() {
	spans := tracetest.NewSpanRecorder()
	traces := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	client := idem.New(memstore.New(), idemotel.Instrument(idemotel.WithTracerProvider(traces)))
	for range 2 {
		_, _ = newCharge(client).Run(context.Background(), 123)
	}
	for _, span := range spans.Ended() {
		fmt.Println(span.Name())
	}
	// Output:
	// execute billing.ChargeOrder
	// replay billing.ChargeOrder
}

// Metrics only: what there is of them after an execution and a duplicate.
func ExampleWithMeterProvider() {
	reader := metric.NewManualReader()
	meters := metric.NewMeterProvider(metric.WithReader(reader))
	client := idem.New(memstore.New(), idemotel.Instrument(
		idemotel.WithMeterProvider(meters), idemotel.WithTracerProvider(noop.NewTracerProvider())))
	for range 2 {
		_, _ = newCharge(client).Run(context.Background(), 123)
	}
	var data metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &data); err != nil {
		fmt.Println(err)
	}
	for _, m := range data.ScopeMetrics[0].Metrics {
		fmt.Println(m.Name)
	}
	// Unordered output:
	// idem.calls
	// idem.active_executions
	// idem.claim.duration
	// idem.execution.duration
	// idem.replay.duration
}

// Where keys name no person, spans may have them.
func ExampleWithKeys() {
	spans := tracetest.NewSpanRecorder()
	traces := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	client := idem.New(memstore.New(), idemotel.Instrument(idemotel.WithTracerProvider(traces), idemotel.WithKeys()))
	_, _ = newCharge(client).Run(context.Background(), 123)
	for _, span := range spans.Ended() {
		for _, attribute := range span.Attributes() {
			if attribute.Key == "idem.key" {
				fmt.Println(span.Name(), attribute.Value.AsString())
			}
		}
	}
	// Output: execute billing.ChargeOrder idempotency:billing.ChargeOrder:123
}

func newCharge(client *idem.Client) *idem.Task[int, string] {
	return idem.NewTask(client, idem.Spec[int, string]{
		Name: "billing.ChargeOrder",
		Key:  func(k *idem.KeyWriter, order int) { k.Part("order").Int(int64(order)) },
		Run:  func(_ context.Context, order int) (string, error) { return fmt.Sprintf("receipt-%d", order), nil },
	})
}
