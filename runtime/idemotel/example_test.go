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
	charge := idem.NewTask(client, idem.Spec[int, string]{
		Name: "billing.ChargeOrder",
		Key:  func(k *idem.KeyWriter, order int) { k.Part("order").Int(int64(order)) },
		Run:  func(_ context.Context, order int) (string, error) { return fmt.Sprintf("receipt-%d", order), nil },
	})
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
