package idem

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
)

// A Tracer puts an execution into a trace. It is called just before the task runs,
// on its goroutine, with the task's context and the event by which it starts:
// EventClaimed or EventFailedOpen. It returns the context that the task gets,
// which must come from ctx, and a text that identifies the execution's trace, as a
// W3C traceparent does. That text, of at most 256 bytes, is stored with the answer,
// and duplicates find it in [Event.Trace], in other processes too. An execution
// without an answer leaves none.
//
// The execution's end is an event: EventRecorded, EventReleased, EventNotRecorded or
// EventUnprotected, one of them once, with run's values in its context. A panic of
// the tracer is caught and printed on standard error.
type Tracer func(ctx context.Context, e Event) (run context.Context, trace string)

// maxTraceLen bounds what a trace adds to every record.
const maxTraceLen = 256

// errNotReturned stands for the error of a task that has none.
var errNotReturned = errors.New("idem: the task did not return: it panicked, or ended its goroutine")

// traced is what a tracer said of an execution.
type traced struct {
	run   context.Context //nolint:containedctx // the context of the execution's events
	trace string
}

// trace returns the context in which the task of a claim runs.
func (c *call) trace(h *held, e Event) context.Context {
	if c.client.tracer == nil {
		return h.ctx
	}
	run, trace := c.client.trace(h.ctx, e)
	h.traced.Store(&traced{run, trace})
	return run
}

// trace asks the tracer. Its panic may not harm a claim.
func (c *Client) trace(ctx context.Context, e Event) (run context.Context, trace string) {
	run = ctx
	if c.tracer == nil {
		return run, ""
	}
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(os.Stderr, "idem: panic in the tracer: %v\n%s", p, debug.Stack())
		}
	}()
	own, trace := c.tracer(ctx, e)
	if own != nil {
		run = own
	}
	if len(trace) > maxTraceLen {
		trace = ""
	}
	return run, trace
}

// events returns the context of the execution's events: the caller's until a tracer
// has given one.
func (h *held) events(ctx context.Context) context.Context {
	if t := h.traced.Load(); t != nil {
		return t.run
	}
	return ctx
}

// trace is what is stored of the execution's trace.
func (h *held) trace() string {
	if t := h.traced.Load(); t != nil {
		return t.trace
	}
	return ""
}

// traceOf returns the trace that was stored with an answer, for a client that traces.
func (c *Client) traceOf(answer *StoredRecord) string {
	if c.tracer == nil {
		return ""
	}
	n, err := answer.note()
	if err != nil {
		return "" // whoever needs the note will say so
	}
	return n.Trace
}
