// Package idemqueue makes a wrapper the handler of a queue: whatever a call of it
// comes to, the queue is told to acknowledge a message, to deliver it again, or to
// set it aside.
//
//	handle := idemqueue.NewHandler(decode, charge.Run)
//	verdict := handle(ctx, message)
//
// [Consume] is a loop over a queue of your own, such as SQS or Kafka. For asynq,
// River and Watermill there are packages of their own, built on this one: idemasynq,
// idemriver and idemwatermill.
//
// A worker that waits for an execution in progress does nothing else meanwhile.
// Give a task that a queue calls wait=0, so that the message waits instead.
package idemqueue

import (
	"context"
	"errors"
	"fmt"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// An Action is what is to be done with a message.
type Action string

// The actions.
const (
	Ack   Action = "ack"   // it is done, here or before: the queue may forget it
	Retry Action = "retry" // deliver it again
	Dead  Action = "dead"  // set it aside for a person: no retry will mend it
)

// A Verdict says what a queue is to do with a message.
type Verdict struct {
	Action Action
	// Delay is, for a Retry, how long to wait at least. Such a retry only waits for
	// somebody or something else, and should not count as one of the message's tries.
	// With 0 the message's own execution failed: the queue spaces and counts
	// its tries as it is set up to.
	Delay time.Duration
	// Reason is why it is not an Ack, or, for an Ack, the error that does not matter
	// to the queue. It may be nil.
	Reason error
}

// An Option sets up [Judge] and [NewHandler].
type Option func(*config)

type config struct {
	delay  time.Duration
	failed Action
}

// WithDelay sets the Delay of a message that waits for an execution in progress or
// for the store, by default 5 seconds.
func WithDelay(d time.Duration) Option { return func(c *config) { c.delay = d } }

// WithFailed sets what becomes of a message whose task failed for good, by
// [idem.Fail] or as on-error=store keeps it: by default it is Dead. With Ack it is
// dropped, since the failure is the answer.
func WithFailed(a Action) Option { return func(c *config) { c.failed = a } }

// Judge says what the error of a wrapper's call means to a queue:
//
//	no error, ErrDuplicate, ErrNoResult    Ack: it is done
//	ErrNotRecorded                         Ack: it is done, and another try might do it twice
//	ErrInProgress, ErrTimeout              Retry after a delay: somebody is at it
//	ErrLeaseLost                           Retry after a delay: somebody has taken over
//	ErrUnavailable, ErrClosed              Retry after a delay: nothing has run
//	ErrFailed                              Dead, or as WithFailed says
//	ErrInterrupted                         Dead, until Resolve or Forget
//	ErrMismatch, ErrEmptyKey, ErrCorrupt   Dead
//	any other error                        Retry: the task's own, and its claim is released
func Judge(err error, opts ...Option) Verdict {
	return configured(opts).judge(err)
}

func configured(opts []Option) config {
	c := config{delay: 5 * time.Second, failed: Dead}
	for _, opt := range opts {
		opt(&c)
	}
	return c
}

func (c config) judge(err error) Verdict {
	is := func(kinds ...error) bool {
		for _, kind := range kinds {
			if errors.Is(err, kind) {
				return true
			}
		}
		return false
	}
	v := Verdict{Action: Retry, Reason: err}
	switch {
	case err == nil:
		v.Action = Ack
	case is(idem.ErrLeaseLost): // first: a result that was refused says so beside its own error
		v.Delay = c.delay
	case is(idem.ErrFailed): // before ErrNotRecorded, which may stand beside it
		v.Action = c.failed
	case is(idem.ErrDuplicate, idem.ErrNoResult, idem.ErrNotRecorded):
		v.Action = Ack
	case is(idem.ErrInterrupted, idem.ErrMismatch, idem.ErrEmptyKey, idem.ErrCorrupt):
		v.Action = Dead
	case is(idem.ErrInProgress, idem.ErrTimeout, idem.ErrUnavailable, idem.ErrClosed):
		v.Delay = c.delay
	}
	return v
}

// A Handler handles one message of a queue.
type Handler[M any] func(ctx context.Context, message M) Verdict

// NewHandler returns the handler that decodes a message into a task and calls run, a
// wrapper's Run. A message that does not decode is Dead.
func NewHandler[M, T, R any](
	decode func(M) (T, error), run func(context.Context, T) (idem.Result[R], error), opts ...Option,
) Handler[M] {
	c := configured(opts)
	return func(ctx context.Context, message M) Verdict {
		task, err := decode(message)
		if err != nil {
			return Verdict{Action: Dead, Reason: fmt.Errorf("the message does not decode: %w", err)}
		}
		_, err = run(ctx, task)
		return c.judge(err)
	}
}

// Err returns the verdict as an error, for libraries whose handlers return one: nil
// for an Ack. [FromError] finds the verdict in it.
func (v Verdict) Err() error {
	if v.Action == Ack {
		return nil
	}
	return &verdictError{v}
}

// FromError returns the verdict that an error carries, if it carries one.
func FromError(err error) (Verdict, bool) {
	if e, ok := errors.AsType[*verdictError](err); ok {
		return e.verdict, true
	}
	return Verdict{}, false
}

type verdictError struct{ verdict Verdict }

func (e *verdictError) Error() string {
	if e.verdict.Reason == nil {
		return string(e.verdict.Action)
	}
	return e.verdict.Reason.Error()
}

func (e *verdictError) Unwrap() error { return e.verdict.Reason }
