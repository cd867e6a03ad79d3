package idemotel

import (
	"context"

	idem "github.com/idemgen/idemgen/runtime"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// The names of the metrics. Each has the attribute idem.task.
const (
	// MetricCalls counts calls by how they were answered, idem.outcome: executed,
	// unprotected, duplicate (with idem.status of the answer) or refused (with
	// error.type). The unit is {call}.
	MetricCalls = "idem.calls"
	// MetricActiveExecutions is how many executions run now. The unit is {execution}.
	MetricActiveExecutions = "idem.active_executions"
	// MetricClaimDuration is, in seconds, how long it took from a call to its claim,
	// a wait included: what a first execution costs beside its own time.
	MetricClaimDuration = "idem.claim.duration"
	// MetricExecutionDuration is, in seconds, how long executions took, by
	// idem.outcome: recorded, released, not_recorded, not_released, lease_lost or
	// unprotected; with idem.status of the answer, and error.type.
	MetricExecutionDuration = "idem.execution.duration"
	// MetricWaitDuration is, in seconds, how long calls waited for an execution in
	// progress, by idem.outcome: answered, claimed or gave_up (with error.type).
	MetricWaitDuration = "idem.wait.duration"
	// MetricReplayDuration is, in seconds, how long it took from a duplicate's call to
	// its answer, with idem.status of the answer.
	MetricReplayDuration = "idem.replay.duration"
	// MetricTakeovers counts executions that took the place of one that was
	// interrupted: crashes, for the most part. The unit is {execution}.
	MetricTakeovers = "idem.takeovers"
	// MetricLostLeases counts executions that lost their lease while they ran. The
	// unit is {execution}.
	MetricLostLeases = "idem.lost_leases"
)

// Metrics lists the names of all metrics.
func Metrics() []string {
	return []string{
		MetricCalls, MetricActiveExecutions, MetricClaimDuration, MetricExecutionDuration,
		MetricWaitDuration, MetricReplayDuration, MetricTakeovers, MetricLostLeases,
	}
}

// seconds are the bounds of every histogram: from half a millisecond, since a duplicate
// costs one round trip, to a minute.
var seconds = []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

type instruments struct {
	calls, takeovers, lost             metric.Int64Counter
	active                             metric.Int64UpDownCounter
	claims, executions, waits, replays metric.Float64Histogram
}

func newInstruments(m metric.Meter) instruments {
	counter := func(name, unit, description string) metric.Int64Counter {
		c, err := m.Int64Counter(name, metric.WithUnit(unit), metric.WithDescription(description))
		report(err)
		return c
	}
	histogram := func(name, description string) metric.Float64Histogram {
		h, err := m.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description),
			metric.WithExplicitBucketBoundaries(seconds...))
		report(err)
		return h
	}
	active, err := m.Int64UpDownCounter(MetricActiveExecutions, metric.WithUnit("{execution}"),
		metric.WithDescription("Executions that run now."))
	report(err)
	return instruments{
		calls:      counter(MetricCalls, "{call}", "Calls, by how they were answered."),
		takeovers:  counter(MetricTakeovers, "{execution}", "Executions that took the place of an interrupted one."),
		lost:       counter(MetricLostLeases, "{execution}", "Executions that lost their lease."),
		active:     active,
		claims:     histogram(MetricClaimDuration, "Time from a call to its claim."),
		executions: histogram(MetricExecutionDuration, "Time that executions took."),
		waits:      histogram(MetricWaitDuration, "Time that calls waited for an execution in progress."),
		replays:    histogram(MetricReplayDuration, "Time from a duplicate's call to its answer."),
	}
}

// report tells of a metric that cannot be made; OpenTelemetry gives one that does
// nothing in its place.
func report(err error) {
	if err != nil {
		otel.Handle(err)
	}
}

// start counts an execution that begins.
func (m instruments) start(ctx context.Context, e idem.Event) {
	m.active.Add(ctx, 1, with(e))
}

func (m instruments) observe(ctx context.Context, e idem.Event) {
	took := e.Duration.Seconds()
	switch e.Kind {
	case idem.EventClaimed:
		m.calls.Add(ctx, 1, with(e, attrOutcome.String("executed")))
		m.claims.Record(ctx, took, with(e))
	case idem.EventFailedOpen:
		m.calls.Add(ctx, 1, with(e, attrOutcome.String("unprotected")))
	case idem.EventDuplicate:
		status := attrStatus.String(string(e.Status))
		m.calls.Add(ctx, 1, with(e, attrOutcome.String("duplicate"), status))
		m.replays.Record(ctx, took, with(e, status))
	case idem.EventRefused:
		m.calls.Add(ctx, 1, with(e, attrOutcome.String("refused"), attrErrorType.String(errorType(e.Err))))
	case idem.EventWaited:
		m.waits.Record(ctx, took, with(e, ending(e)...))
	case idem.EventTakenOver:
		m.takeovers.Add(ctx, 1, with(e))
	case idem.EventLost:
		m.lost.Add(ctx, 1, with(e))
	default:
		if ended(e) {
			m.active.Add(ctx, -1, with(e))
			m.executions.Record(ctx, took, with(e, ending(e)...))
		}
	}
}

// ending says what an execution or a wait came to.
func ending(e idem.Event) []attribute.KeyValue {
	attrs := []attribute.KeyValue{attrOutcome.String(outcome(e))}
	if e.Status != "" && e.Kind != idem.EventWaited {
		attrs = append(attrs, attrStatus.String(string(e.Status)))
	}
	if err := failure(e); err != nil {
		attrs = append(attrs, attrErrorType.String(errorType(err)))
	}
	return attrs
}

// with returns the attributes of a measurement.
func with(e idem.Event, more ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributes(append(more, attrTask.String(e.Task))...)
}
