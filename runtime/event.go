package idem

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"time"
)

// An EventKind says what happened.
type EventKind string

// The events. Duration is from the call's start unless said otherwise.
const (
	// EventClaimed: a claim was obtained and the task starts.
	EventClaimed EventKind = "claimed"
	// EventTakenOver: the claim was another owner's, whose lease had run out.
	// It precedes EventClaimed.
	EventTakenOver EventKind = "taken over"
	// EventWaited: a duplicate stopped waiting for an execution in progress.
	// Duration is the time waited; Err says why it stopped, if without answer.
	EventWaited EventKind = "waited"
	// EventDuplicate: a duplicate met the first execution's answer.
	EventDuplicate EventKind = "duplicate"
	// EventRefused: a call got an error and ran nothing.
	EventRefused EventKind = "refused"
	// EventRecorded: an answer was stored. Duration is the task's own time.
	EventRecorded EventKind = "recorded"
	// EventReleased: an execution ended without an answer and gave its claim
	// back; Err says why it could not. Duration is the task's own time.
	EventReleased EventKind = "released"
	// EventLost: an owner lost its lease. Duration is since its claim.
	EventLost EventKind = "lost"
	// EventNotRecorded: an answer could not be stored as it should be. Duration
	// is the task's own time.
	EventNotRecorded EventKind = "not recorded"
	// EventFailedOpen: the store did not answer, and the task runs unprotected.
	EventFailedOpen EventKind = "failed open"
	// EventUnprotected: a task that ran unprotected has returned. Duration is the
	// task's own time.
	EventUnprotected EventKind = "ran unprotected"
)

// An Event is something that happened to one call of one task.
type Event struct {
	Kind     EventKind
	Task     string
	Key      string
	ID       string // the execution's, where it is known
	Attempt  int    // likewise
	Status   Status // of an answer
	Duration time.Duration
	Err      error
	// Returned is, where an execution ended, the error that its task returned, or says
	// that it did not return at all.
	Returned error
	// Trace is what the client's [Tracer] said of the execution whose answer this
	// call met. It is empty where nothing was stored, or the client has no tracer.
	Trace string
}

// An Observer receives every event of a client, on the goroutine where it
// happened: it must return quickly, and may be called by many at once. The context
// is the caller's; from the start of a task on, it is its execution's (see [Tracer]).
// It may have ended already.
type Observer func(ctx context.Context, e Event)

// emit tells observer and log of an event. Neither's panic may harm a claim.
func (c *Client) emit(ctx context.Context, e Event) {
	defer func() {
		if p := recover(); p != nil { // not to the log, which may be what panics
			fmt.Fprintf(os.Stderr, "idem: panic in the observer or log handler of event %q: %v\n%s", e.Kind, p, debug.Stack())
		}
	}()
	if c.observer != nil {
		c.observer(ctx, e)
	}
	level := slog.LevelDebug
	switch e.Kind {
	case EventLost, EventNotRecorded, EventFailedOpen:
		level = slog.LevelWarn
	}
	log := c.logger
	if log == nil {
		log = slog.Default()
	}
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 7)
	attrs = append(attrs, slog.String("task", e.Task), slog.String("key", e.Key), slog.Duration("duration", e.Duration))
	if e.ID != "" {
		attrs = append(attrs, slog.String("id", e.ID), slog.Int("attempt", e.Attempt))
	}
	if e.Status != "" {
		attrs = append(attrs, slog.String("status", string(e.Status)))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.Any("error", e.Err))
	}
	log.LogAttrs(ctx, level, "idem: "+string(e.Kind), attrs...)
}
