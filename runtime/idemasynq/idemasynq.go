// Package idemasynq makes a wrapper the handler of a task of asynq: however often a
// queue delivers it, the work is done once.
//
//	server := asynq.NewServer(redis, idemasynq.Configure(asynq.Config{}))
//	mux := asynq.NewServeMux()
//	mux.Handle("charge", idemasynq.NewHandler(idemasynq.JSON[Charge], charge.Run))
//
// What a call comes to (see [idemqueue.Judge]) reads so to asynq:
//
//	Ack                  the task is completed
//	Retry                it is retried as the server is set up to; that counts
//	Retry after a delay  it is retried after it; with Configure that does not count
//	Dead                 it is archived, which asynq.Inspector can list and run
//
// asynq archives a task that has used up its tries, whatever its handler says: one with
// MaxRetry(0) cannot wait for an execution in progress.
package idemasynq

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemqueue"
)

// NewHandler returns the handler that decodes asynq's task into one of yours and calls
// run, a wrapper's Run. A payload that does not decode is archived.
func NewHandler[T, R any](
	decode func(*asynq.Task) (T, error), run func(context.Context, T) (idem.Result[R], error), opts ...idemqueue.Option,
) asynq.Handler {
	handle := idemqueue.NewHandler(decode, run, opts...)
	return asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		v := handle(ctx, task)
		if v.Action == idemqueue.Dead {
			return fmt.Errorf("%w: %w", v.Err(), asynq.SkipRetry)
		}
		return v.Err()
	})
}

// JSON decodes a payload that is a T as JSON.
func JSON[T any](task *asynq.Task) (T, error) {
	var t T
	err := json.Unmarshal(task.Payload(), &t)
	return t, err
}

// Configure returns the configuration with which a server heeds the delays of this
// package's handlers, and does not count them as failed tries. For other errors it asks
// config's own RetryDelayFunc and IsFailure.
func Configure(config asynq.Config) asynq.Config {
	delay, fails := config.RetryDelayFunc, config.IsFailure
	if delay == nil {
		delay = asynq.DefaultRetryDelayFunc
	}
	config.RetryDelayFunc = func(n int, err error, task *asynq.Task) time.Duration {
		if v, ok := idemqueue.FromError(err); ok && v.Delay > 0 {
			return v.Delay
		}
		return delay(n, err, task)
	}
	config.IsFailure = func(err error) bool {
		if v, ok := idemqueue.FromError(err); ok && v.Delay > 0 {
			return false
		}
		return fails == nil || fails(err)
	}
	return config
}
