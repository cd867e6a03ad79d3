package idem

import (
	"context"
	"errors"
	"maps"
	"time"
)

// An Execution is what a task can know of its own execution, for downstream
// systems: the ID serves as an idempotency key there, an Attempt above one says
// that something may have happened before, and the fence, which grows with
// every claim of a key, lets a system that compares it refuse an owner that was
// overtaken.
type Execution struct {
	Key     string
	ID      string
	Attempt int   // 1 for a key's first execution
	Fence   int64 // 0 for a task that runs unprotected, see WithFailOpen
}

// executing is the context of a task under execution.
type executing struct {
	context.Context
	execution Execution
}

type executionKey struct{}

// Value implements [context.Context].
func (e executing) Value(key any) any {
	if key == (executionKey{}) {
		return e.execution
	}
	return e.Context.Value(key)
}

// FromContext returns the execution that ctx belongs to; outside a task it is
// the zero value.
func FromContext(ctx context.Context) Execution {
	e, _ := ctx.Value(executionKey{}).(Execution)
	return e
}

// execute runs the task under a claim, and completes or releases that claim. It
// does little itself: what it has on its stack it holds for as long as the task
// runs.
func (t *Task[T, R]) execute(ctx context.Context, c *call, h *held, task T) (Result[R], error) {
	defer c.leave(ctx, h) // also when the task panics: the panic goes on
	c.announce(ctx, h)
	value, err := t.spec.Run(h.ctx, task)
	return t.conclude(ctx, c, h, value, err)
}

// announce tells observers of a claim.
func (c *call) announce(ctx context.Context, h *held) {
	if h.from == StateRunning {
		c.client.emit(ctx, c.event(EventTakenOver, h))
	}
	c.client.emit(ctx, c.event(EventClaimed, h))
}

// leave ends what a claim still has under way, and the lead of its key's flight.
func (c *call) leave(ctx context.Context, h *held) {
	defer h.cancel(nil)
	defer func() {
		if h.answer != nil {
			h.lead.land(h.answer, nil)
		} else {
			h.lead.handOver()
		}
	}()
	if !h.concluded {
		c.release(ctx, h)
	}
}

// conclude makes a result of what the task returned, and completes or releases
// the claim. It is never part of execute, whose stack would have to bear it all
// the time.
//
//go:noinline
func (t *Task[T, R]) conclude(ctx context.Context, c *call, h *held, value R, err error) (Result[R], error) {
	res, final, err := t.judge(h.ctx, c.key, value, err)
	h.concluded = true
	if !final {
		c.release(ctx, h)
		if h.gone.Load() {
			err = c.fail(ErrLeaseLost, "", err)
		}
		return res, err
	}
	done, unfit := t.done(c, h.record, time.Since(h.began), res)
	stands, failure := c.complete(ctx, h, &done, unfit)
	if stands {
		h.answer = &done
	}
	switch {
	case failure == nil:
		return res, err
	case err == nil:
		return res, failure
	}
	return res, errors.Join(failure, err)
}

// judge tells what the task's return makes of the execution: the caller's
// result and error, and whether they are final, that is, to be stored.
func (t *Task[T, R]) judge(run context.Context, key string, value R, err error) (res Result[R], final bool, _ error) {
	if err == nil {
		return Result[R]{Value: value, Status: StatusSuccess}, true, nil
	}
	if fail := declaredFailure(err); fail != nil {
		metadata := maps.Clone(fail.Metadata)
		err = &FailedError{Key: key, Reason: fail.Reason, Metadata: metadata, cause: err}
		return Result[R]{Value: value, Status: StatusFailed, Reason: fail.Reason, Metadata: metadata}, true, err
	}
	if skip, ok := errors.AsType[*skipError](err); ok {
		return Result[R]{Value: value, Status: StatusSkipped, Reason: skip.reason, Metadata: maps.Clone(skip.metadata)}, true, nil
	}
	res = Result[R]{Value: value, Status: StatusFailed, Reason: err.Error()}
	if t.settings.onError == ErrorStore && !over(run) {
		return res, true, &FailedError{Key: key, Reason: res.Reason, cause: err}
	}
	return res, false, err
}

// unprotected runs the task without a claim, as WithFailOpen asks.
func (t *Task[T, R]) unprotected(ctx context.Context, c *call, task T, why error) (Result[R], error) {
	x := Execution{Key: c.key, ID: newID(), Attempt: 1}
	t.client.emit(ctx, Event{
		Kind: EventFailedOpen, Task: c.task, Key: c.key, ID: x.ID, Attempt: 1, Duration: time.Since(c.start), Err: why,
	})
	run := executing{ctx, x}
	value, err := t.spec.Run(run, task)
	res, _, err := t.judge(run, c.key, value, err)
	return res, err
}
