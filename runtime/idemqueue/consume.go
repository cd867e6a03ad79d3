package idemqueue

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Queue is what [Consume] reads messages from. Each message is settled once, by
// one of the last three methods.
type Queue[M any] interface {
	// Receive returns the next message, and waits for one until ctx ends.
	Receive(ctx context.Context) (M, error)
	// Ack makes the queue forget a message. SQS: DeleteMessage. Kafka: commit.
	Ack(ctx context.Context, message M) error
	// Retry has a message delivered again, after delay at the earliest; with 0, when the
	// queue sees fit. SQS: ChangeMessageVisibility. Kafka: produce it to a topic for
	// retries, then commit; or see [InPlace].
	Retry(ctx context.Context, message M, delay time.Duration) error
	// Dead puts a message where a person will look, with the reason, and makes the
	// queue forget it.
	Dead(ctx context.Context, message M, reason error) error
}

// settleLimit is how long a message that was handled may take to be settled when
// the loop is told to end.
const settleLimit = 10 * time.Second

// Consume handles the messages of a queue, one after the other, until ctx ends or the
// queue has an error, which it returns. To handle several at once, call it several
// times. A message that could not be settled will be delivered again, and its
// duplicate acknowledged.
//
// A message whose handler still runs when ctx ends has that context too: a task that
// gives up then is retried. A panic of the handler goes on, and leaves the message to
// the queue.
func Consume[M any](ctx context.Context, q Queue[M], handle Handler[M]) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		message, err := q.Receive(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("idemqueue: receive a message: %w", err)
		}
		if err := settle(ctx, q, message, handle(ctx, message)); err != nil {
			return err
		}
	}
}

// settle does what a verdict says, also when ctx has ended meanwhile.
func settle[M any](ctx context.Context, q Queue[M], message M, v Verdict) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleLimit)
	defer cancel()
	var err error
	switch v.Action {
	case Ack:
		err = q.Ack(ctx, message)
	case Dead:
		err = q.Dead(ctx, message, v.Reason)
	default:
		err = q.Retry(ctx, message, v.Delay)
	}
	if err != nil {
		return fmt.Errorf("idemqueue: settle a message (%s): %w", v.Action, err)
	}
	return nil
}

// Pauses between tries of [InPlace].
const (
	firstPause = time.Second
	lastPause  = time.Minute
)

// InPlace returns a handler that does not give a message back to be retried but tries
// again itself, so that no later one overtakes it: for a partition of Kafka, where
// order matters or nothing can be delivered later. Between a task's failed tries it
// waits for a second, then twice as long each time, up to a minute; after that many
// tries the message is Dead. Retries that have a Delay of their own are not counted.
// It gives up, with the Retry, when ctx ends.
func InPlace[M any](handle Handler[M], tries int) Handler[M] {
	return func(ctx context.Context, message M) Verdict {
		failed, pause := 0, firstPause
		for {
			v := handle(ctx, message)
			if v.Action != Retry || ctx.Err() != nil {
				return v
			}
			wait := v.Delay
			if wait == 0 {
				if failed++; failed >= tries {
					return Verdict{Action: Dead, Reason: errors.Join(fmt.Errorf("the task has failed %d times", failed), v.Reason)}
				}
				wait, pause = pause, min(2*pause, lastPause)
			}
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return v
			}
		}
	}
}
