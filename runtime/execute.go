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
func (t *Task[T, R]) execute(ctx context.Context, c *call, h *held, task T, res *Result[R]) error {
	defer c.leave(ctx, h) // also when the task panics: the panic goes on
	run := c.announce(ctx, h)
	var err error
	res.Value, err = t.spec.Run(run, task)
	return t.conclude(ctx, c, h, res, err)
}

// announce tells observers of a claim, and of the wait that it ended. It returns the
// task's context.
func (c *call) announce(ctx context.Context, h *held) context.Context {
	c.waited(ctx, nil, nil)
	if h.from == StateRunning {
		c.client.emit(ctx, c.event(EventTakenOver, h))
	}
	e := c.event(EventClaimed, h)
	c.client.emit(ctx, e)
	return c.trace(h, e)
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
	if !h.background {
		defer c.client.heart.drop(h) // also where the store or a codec has panicked: the lease must end
	}
	if !h.concluded {
		h.returned = errNotReturned
		c.release(ctx, h)
	}
}

// conclude makes a result of what the task returned, and completes or releases
// the claim. It is never part of execute, whose stack would have to bear it all
// the time.
//
//go:noinline
func (t *Task[T, R]) conclude(ctx context.Context, c *call, h *held, res *Result[R], err error) error {
	h.returned = err
	final, err := t.judge(h.ctx, c.key, res, err)
	h.concluded = true
	if !final {
		c.release(ctx, h)
		if h.gone.Load() {
			err = c.fail(ErrLeaseLost, "", err)
		}
		return err
	}
	done, unfit := t.done(c, h.record, time.Since(h.began), *res, h.trace())
	stands, failure := c.complete(ctx, h, &done, unfit)
	if stands {
		h.answer = &done
	}
	switch {
	case failure == nil:
		return err
	case err == nil:
		return failure
	}
	return errors.Join(failure, err)
}

// judge tells what the task's return makes of the execution: the rest of the
// result, the caller's error, and whether they are final, that is, to be stored.
func (t *Task[T, R]) judge(run context.Context, key string, res *Result[R], err error) (final bool, _ error) {
	res.Status = StatusSuccess
	if err == nil {
		return true, nil
	}
	if fail := declaredFailure(err); fail != nil {
		res.Status, res.Reason, res.Metadata = StatusFailed, fail.Reason, maps.Clone(fail.Metadata)
		return true, &FailedError{Key: key, Reason: fail.Reason, Metadata: res.Metadata, cause: err}
	}
	if skip, ok := errors.AsType[*skipError](err); ok {
		res.Status, res.Reason, res.Metadata = StatusSkipped, skip.reason, maps.Clone(skip.metadata)
		return true, nil
	}
	res.Status, res.Reason = StatusFailed, err.Error()
	if t.settings.onError == ErrorStore && !over(run) {
		return true, &FailedError{Key: key, Reason: res.Reason, cause: err}
	}
	return false, err
}

// unprotected runs the task without a claim, as WithFailOpen asks.
func (t *Task[T, R]) unprotected(ctx context.Context, c *call, task T, why error) (_ Result[R], err error) {
	x := Execution{Key: c.key, ID: newID(), Attempt: 1}
	e := Event{Kind: EventFailedOpen, Task: c.task, Key: c.key, ID: x.ID, Attempt: 1, Duration: time.Since(c.start), Err: why}
	t.client.emit(ctx, e)
	run, _ := t.client.trace(executing{ctx, x}, e)
	var res Result[R]
	e.Kind, e.Err, e.Returned = EventUnprotected, nil, errNotReturned
	began := time.Now()
	defer func() {
		e.Status, e.Duration = res.Status, time.Since(began)
		t.client.emit(run, e)
	}()
	res.Value, err = t.spec.Run(run, task)
	e.Returned = err
	_, err = t.judge(run, c.key, &res, err)
	return res, err
}
