package idemotel

import (
	"context"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceparent is the W3C header of that name, and the form in which an execution's
// span is stored.
const traceparent = "traceparent"

// spans makes spans of events.
type spans struct {
	tracer trace.Tracer
	keys   bool
}

// An execution is what the context of an execution's events carries.
type execution struct {
	id   string
	span trace.Span
}

type executionKey struct{}

// start begins the span of an execution.
func (s spans) start(ctx context.Context, e idem.Event) (context.Context, string) {
	ctx, span := s.tracer.Start(ctx, "execute "+e.Task, trace.WithAttributes(s.attributes(e)...))
	ctx = context.WithValue(ctx, executionKey{}, execution{e.ID, span})
	if !span.SpanContext().IsSampled() {
		return ctx, "" // a link to it would lead nowhere
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return ctx, carrier[traceparent]
}

func (s spans) observe(ctx context.Context, e idem.Event) {
	switch {
	case ended(e):
		if span := executing(ctx, e); span != nil {
			s.end(span, e)
		}
	case e.Kind == idem.EventLost:
		if span := executing(ctx, e); span != nil {
			span.AddEvent("idem lease lost")
		}
	case e.Kind == idem.EventWaited:
		s.past(ctx, "wait ", e, attrOutcome.String(outcome(e)))
	case e.Kind == idem.EventDuplicate:
		s.past(ctx, "replay ", e)
	case e.Kind == idem.EventRefused:
		trace.SpanFromContext(ctx).AddEvent("idem refused", trace.WithAttributes(
			append(s.attributes(e), attrErrorType.String(errorType(e.Err)))...))
	}
}

// executing returns the span of e's execution, which is not the one around it where a
// task calls another.
func executing(ctx context.Context, e idem.Event) trace.Span {
	if x, ok := ctx.Value(executionKey{}).(execution); ok && x.id == e.ID {
		return x.span
	}
	return nil
}

func (s spans) end(span trace.Span, e idem.Event) {
	span.SetAttributes(attrOutcome.String(outcome(e)))
	if e.Status != "" {
		span.SetAttributes(attrStatus.String(string(e.Status)))
	}
	s.fail(span, failure(e))
	span.End()
}

// past makes the span of something that is over, linked to the execution whose
// answer it met.
func (s spans) past(ctx context.Context, name string, e idem.Event, more ...attribute.KeyValue) {
	now := time.Now()
	attrs := append(s.attributes(e), more...)
	if e.Status != "" {
		attrs = append(attrs, attrStatus.String(string(e.Status)))
	}
	opts := []trace.SpanStartOption{trace.WithTimestamp(now.Add(-e.Duration)), trace.WithAttributes(attrs...)}
	if first := origin(e); first.IsValid() {
		opts = append(opts, trace.WithLinks(trace.Link{SpanContext: first}))
	}
	_, span := s.tracer.Start(ctx, name+e.Task, opts...)
	s.fail(span, e.Err)
	span.End(trace.WithTimestamp(now))
}

// origin is the span of the execution whose answer was met.
func origin(e idem.Event) trace.SpanContext {
	if e.Trace == "" {
		return trace.SpanContext{}
	}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{traceparent: e.Trace})
	return trace.SpanContextFromContext(ctx)
}

func (s spans) fail(span trace.Span, err error) {
	if err == nil {
		return
	}
	text := describe(err)
	if s.keys {
		text = err.Error()
	}
	span.SetStatus(codes.Error, text)
	span.SetAttributes(attrErrorType.String(errorType(err)))
}

func (s spans) attributes(e idem.Event) []attribute.KeyValue {
	attrs := append(make([]attribute.KeyValue, 0, 8), attrTask.String(e.Task))
	if e.ID != "" {
		attrs = append(attrs, attrID.String(e.ID), attrAttempt.Int(e.Attempt))
	}
	if s.keys {
		attrs = append(attrs, attrKey.String(e.Key))
	}
	return attrs
}
