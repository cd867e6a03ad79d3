// Package idemwatermill makes a wrapper the handler of a Watermill router: however
// often a message is delivered, its work is done once.
//
//	poison, err := idemwatermill.PoisonQueue(publisher, "charges.dead")
//	router.AddMiddleware(poison)
//	router.AddConsumerHandler("charge", "charges", subscriber,
//		idemwatermill.NewHandler(idemwatermill.JSON[Charge], charge.Run))
//
// What a call comes to (see [idemqueue.Judge]) reads so to Watermill:
//
//	Ack                  the message is acknowledged
//	Retry                the handler returns an error, and the message is not
//	                     acknowledged, unless middleware sees to the error
//	Retry after a delay  the same, once the delay is over: the handler holds the
//	                     message for so long, since Watermill cannot postpone one
//	Dead                 PoisonQueue publishes it to the topic of dead messages
//
// A handler that publishes messages of its own is made by [NewPublishingHandler].
//
// Without [PoisonQueue] a Dead message is delivered again and again. Add it after
// middleware.Retry, which would else try Dead messages, too.
package idemwatermill

import (
	"context"
	"encoding/json"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemqueue"
)

// NewHandler returns the handler that decodes a message into a task and calls run, a
// wrapper's Run, with the message's context. A message that does not decode is Dead.
func NewHandler[T, R any](
	decode func(*message.Message) (T, error), run func(context.Context, T) (idem.Result[R], error), opts ...idemqueue.Option,
) message.NoPublishHandlerFunc {
	handle := idemqueue.NewHandler(decode, run, opts...)
	return func(msg *message.Message) error {
		v := handle(msg.Context(), msg)
		hold(msg.Context(), v)
		return v.Err()
	}
}

// hold holds a message for its verdict's delay.
func hold(ctx context.Context, v idemqueue.Verdict) {
	if v.Delay == 0 {
		return
	}
	timer := time.NewTimer(v.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// JSON decodes a payload that is a T as JSON.
func JSON[T any](msg *message.Message) (T, error) {
	var t T
	err := json.Unmarshal(msg.Payload, &t)
	return t, err
}

// PoisonQueue returns the middleware that publishes Dead messages to a topic, with the
// reason in their metadata, and acknowledges them. Other errors pass.
func PoisonQueue(publisher message.Publisher, topic string) (message.HandlerMiddleware, error) {
	return middleware.PoisonQueueWithFilter(publisher, topic, IsDead)
}

// IsDead tells whether a handler's error says that no retry will mend it.
func IsDead(err error) bool {
	v, ok := idemqueue.FromError(err)
	return ok && v.Action == idemqueue.Dead
}
