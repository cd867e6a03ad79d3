package idemwatermill

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/ThreeDotsLabs/watermill/message"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemqueue"
)

// A Task is a wrapper, whether generated or an [idem.Task].
type Task[T, R any] interface {
	Run(ctx context.Context, task T) (idem.Result[R], error)
	Lookup(ctx context.Context, task T) (idem.Record[R], error)
}

// NewPublishingHandler returns the handler, for Router.AddHandler, that decodes a message
// into a task, runs it, and publishes the messages that produce makes of its result.
//
// What is published is made of the recorded result, by the first execution and by every
// duplicate alike. So a crash between the record and the publisher loses nothing: the
// message is delivered again, and its duplicate publishes. Consumers may get a message
// several times, and know it by its UUID, which is the same each time: whatever produce
// has set, it becomes the execution's ID and the message's place, "ID-0" for the first.
//
// The task needs on-duplicate=return-cached; with other policies no result is recorded.
// A message that succeeded without a recorded result is Dead, also the first one, and so
// is one of whose result produce can make no messages. Nothing is published for an
// execution that failed, or that was skipped by [idem.Skip].
//
// A first execution costs one round trip more than with [NewHandler]. A client with
// [idem.WithFailOpen] does not suit: what ran unprotected has no record, and is retried.
func NewPublishingHandler[T, R any](
	decode func(*message.Message) (T, error), task Task[T, R], produce func(R) ([]*message.Message, error),
	opts ...idemqueue.Option,
) message.HandlerFunc {
	return func(msg *message.Message) ([]*message.Message, error) {
		var a answer[R]
		run := func(ctx context.Context, t T) (res idem.Result[R], err error) {
			a.result, err = task.Run(ctx, t)
			a.lookup = func() (idem.Record[R], error) { return task.Lookup(ctx, t) }
			return a.result, err
		}
		v := idemqueue.NewHandler(decode, run, opts...)(msg.Context(), msg)
		var produced []*message.Message
		if v.Action == idemqueue.Ack {
			var err error
			if produced, err = a.publish(v.Reason, produce); err != nil {
				v = idemqueue.Judge(err, opts...)
				if errors.Is(err, errNothingToPublish) {
					v = idemqueue.Verdict{Action: idemqueue.Dead, Reason: err}
				}
			}
		}
		hold(msg.Context(), v)
		return produced, v.Err()
	}
}

// errNothingToPublish is what a person must see to.
var errNothingToPublish = errors.New("there is nothing to publish")

// An answer is what a call came to that is done with.
type answer[R any] struct {
	result idem.Result[R]
	lookup func() (idem.Record[R], error)
}

// publish returns the messages that a call's answer makes; err is the call's own.
func (a answer[R]) publish(err error, produce func(R) ([]*message.Message, error)) ([]*message.Message, error) {
	status := a.result.Status
	if a.result.Original != nil {
		status = a.result.Original.Status
	}
	switch {
	case errors.Is(err, idem.ErrFailed) || err == nil && status != idem.StatusSuccess:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errNothingToPublish, err)
	}
	id, value, err := a.recorded()
	if err != nil {
		return nil, err
	}
	messages, err := produce(value)
	if err != nil {
		return nil, fmt.Errorf("%w: the result makes no messages: %w", errNothingToPublish, err)
	}
	for i, m := range messages {
		m.UUID = id + "-" + strconv.Itoa(i)
	}
	return messages, nil
}

// recorded returns the ID of the execution that succeeded, and its result as every
// duplicate reads it.
func (a answer[R]) recorded() (id string, value R, err error) {
	missing := fmt.Errorf("%w: no result is recorded, the task needs on-duplicate=return-cached", errNothingToPublish)
	if a.result.Duplicate {
		if a.result.Status != idem.StatusSuccess { // another policy's
			return "", value, missing
		}
		return a.result.Original.ID, a.result.Value, nil
	}
	record, err := a.lookup()
	if err != nil {
		return "", value, err
	}
	if record.Result.Status != idem.StatusSuccess { // forgotten, and begun again
		return "", value, idem.ErrNotFound
	}
	value = record.Result.Value
	if isZero(value) && !isZero(a.result.Value) {
		return "", value, missing
	}
	return record.ID, value, nil
}

func isZero[R any](value R) bool { return reflect.ValueOf(&value).Elem().IsZero() }
