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

// execute runs the task under a claim, and completes or releases that claim.
func (t *Task[T, R]) execute(ctx context.Context, c *call, o outcome, task T) (Result[R], error) {
	h := o.held
	var answer *StoredRecord // for the followers
	settled := false
	// These also run when the task panics: the panic goes on.
	defer h.cancel(nil)
	defer func() {
		if answer != nil {
			o.lead.land(answer, nil)
		} else {
			o.lead.handOver()
		}
	}()
	defer func() {
		if !settled {
			c.release(ctx, h)
		}
	}()

	if h.from == StateRunning {
		t.client.emit(ctx, c.event(EventTakenOver, h))
	}
	t.client.emit(ctx, c.event(EventClaimed, h))
	value, err := t.spec.Run(h.ctx, task)
	res, final, err := t.judge(h.ctx, c.key, value, err)
	settled = true
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
		answer = &done
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
