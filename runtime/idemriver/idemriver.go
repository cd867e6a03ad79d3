// Package idemriver makes a wrapper the worker of a job of River: however often a job
// is worked, also by two clients of which one was thought dead, its work is done once.
//
//	workers := river.NewWorkers()
//	river.AddWorker(workers, idemriver.NewWorker(idemriver.Args[Charge], charge.Run))
//
// What a call comes to (see [idemqueue.Judge]) reads so to River:
//
//	Ack                  the job is completed
//	Retry                it is retried by the client's retry policy; that counts
//	Retry after a delay  it is snoozed for it, which does not count
//	Dead                 it is cancelled, and its error kept; River's UI can retry it
package idemriver

import (
	"context"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemqueue"
	"github.com/riverqueue/river"
)

// A Worker is a River worker that calls a wrapper. Embed it where a job needs a
// timeout or a retry policy of its own. Make one with [NewWorker].
type Worker[A river.JobArgs] struct {
	river.WorkerDefaults[A]

	handle idemqueue.Handler[*river.Job[A]]
}

// NewWorker returns the worker that makes a job a task and calls run, a wrapper's Run.
// Where the job's arguments are the task, decode is [Args].
func NewWorker[A river.JobArgs, T, R any](
	decode func(*river.Job[A]) (T, error), run func(context.Context, T) (idem.Result[R], error), opts ...idemqueue.Option,
) *Worker[A] {
	return &Worker[A]{handle: idemqueue.NewHandler(decode, run, opts...)}
}

// Args returns a job's arguments: the task, where an annotated struct has the method
// Kind.
func Args[A river.JobArgs](job *river.Job[A]) (A, error) { return job.Args, nil }

// Work implements [river.Worker].
func (w *Worker[A]) Work(ctx context.Context, job *river.Job[A]) error {
	switch v := w.handle(ctx, job); {
	case v.Action == idemqueue.Dead:
		return river.JobCancel(v.Err())
	case v.Delay > 0:
		return river.JobSnooze(v.Delay)
	default:
		return v.Err()
	}
}
