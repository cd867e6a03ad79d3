package idem

import (
	"context"
	"errors"
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

type executionKey struct{}

// FromContext returns the execution that ctx belongs to; outside a task it is
// the zero value.
func FromContext(ctx context.Context) Execution {
	e, _ := ctx.Value(executionKey{}).(Execution)
	return e
}

// execute runs the task under a claim, and completes or releases that claim.
func (t *Task[T, R]) execute(ctx context.Context, c *call, o outcome, task T) (Result[R], error) {
	h := o.held
	defer h.cancel(nil)
	var answer *StoredRecord // for the followers
	settled := false
	defer func() { // also when the task panics: the panic goes on
		if !settled {
			c.release(ctx, h)
		}
		if answer != nil {
			o.flight.land(answer, nil)
		} else {
			o.flight.handOver()
		}
	}()

	e := c.event(EventClaimed, h)
	e.Duration = time.Since(c.start)
	t.client.emit(ctx, e)
	value, err := t.spec.Run(h.ctx, task)
	res, final, err := t.judge(h.ctx, c.key, value, err)
	settled = true
	if !final {
		c.release(ctx, h)
		if errors.Is(context.Cause(h.ctx), ErrLeaseLost) {
			err = c.fail(ErrLeaseLost, "", err)
		}
		return res, err
	}
	done, unfit := t.done(c, h.record, res)
	failure := c.complete(ctx, h, done)
	if failure == nil {
		answer, failure = &done, unfit
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
	var skip *skipError
	var fail *FailedError
	switch {
	case err == nil:
		return Result[R]{Value: value, Status: StatusSuccess}, true, nil
	case errors.As(err, &skip):
		return Result[R]{Value: value, Status: StatusSkipped, Reason: skip.reason, Metadata: skip.metadata}, true, nil
	case errors.As(err, &fail) && fail.declared:
		err = &FailedError{Key: key, Reason: fail.Reason, Metadata: fail.Metadata, cause: err}
		return Result[R]{Value: value, Status: StatusFailed, Reason: fail.Reason, Metadata: fail.Metadata}, true, err
	}
	res = Result[R]{Value: value, Status: StatusFailed, Reason: err.Error()}
	if t.settings.onError == ErrorStore && run.Err() == nil {
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
	run := context.WithValue(ctx, executionKey{}, x)
	value, err := t.spec.Run(run, task)
	res, _, err := t.judge(run, c.key, value, err)
	return res, err
}
