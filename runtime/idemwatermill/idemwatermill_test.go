package idemwatermill_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/idemgen/idemgen/internal/queuetest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemqueue"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/runtime/idemwatermill"
)

const soon = 20 * time.Millisecond

// A queue is a router on streams of Redis that charges the orders of a shop.
type queue struct {
	*queuetest.Shop
	t         *testing.T
	client    *redis.Client
	publisher message.Publisher

	mu    sync.Mutex
	tries map[string]int    // of each payload
	dead  map[string]string // the reasons of dead messages
}

func open(t *testing.T) *queue {
	t.Helper()
	q := attach(t, queuetest.New(t))
	router, err := charging(q.Redis.Addr, q.Charge, func(h message.NoPublishHandlerFunc) message.NoPublishHandlerFunc {
		return func(msg *message.Message) error {
			defer func() {
				q.mu.Lock()
				defer q.mu.Unlock()
				q.tries[string(msg.Payload)]++
			}()
			return h(msg)
		}
	})
	require.NoError(t, err)
	start(t, router)
	return q
}

// attach returns the queue on a shop's Redis, where nobody handles its messages yet
// but the dead ones.
func attach(t *testing.T, shop *queuetest.Shop) *queue {
	t.Helper()
	q := &queue{Shop: shop, t: t, client: shop.Client(), tries: map[string]int{}, dead: map[string]string{}}
	var err error
	q.publisher, err = redisstream.NewPublisher(redisstream.PublisherConfig{Client: q.Client()}, nil)
	require.NoError(t, err)
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	require.NoError(t, err)
	undertaker, err := subscriber(shop.Redis.Addr)
	require.NoError(t, err)
	router.AddConsumerHandler("bury", "charges.dead", undertaker, func(msg *message.Message) error {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.dead[string(msg.Payload)] = msg.Metadata.Get(middleware.ReasonForPoisonedKey)
		return nil
	})
	start(t, router)
	return q
}

// charging returns a router that charges orders, its handler wrapped by around.
func charging(
	addr string, charge *idem.Task[queuetest.Order, string],
	around func(message.NoPublishHandlerFunc) message.NoPublishHandlerFunc,
) (*message.Router, error) {
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	if err != nil {
		return nil, err
	}
	publisher, err := redisstream.NewPublisher(redisstream.PublisherConfig{Client: connect(addr)}, nil)
	if err != nil {
		return nil, err
	}
	poison, err := idemwatermill.PoisonQueue(publisher, "charges.dead")
	if err != nil {
		return nil, err
	}
	router.AddMiddleware(poison)
	subscriber, err := subscriber(addr)
	if err != nil {
		return nil, err
	}
	handle := idemwatermill.NewHandler(idemwatermill.JSON[queuetest.Order], charge.Run, idemqueue.WithDelay(soon))
	router.AddConsumerHandler("charge", "charges", subscriber, around(handle))
	return router, nil
}

// start runs a router until the test ends.
func start(t *testing.T, router *message.Router) {
	t.Helper()
	ended := make(chan error)
	go func() { ended <- router.Run(context.Background()) }()
	<-router.Running()
	t.Cleanup(func() {
		require.NoError(t, router.Close())
		require.NoError(t, <-ended)
	})
}

// subscriber returns one that soon takes over what a vanished one had, and owns its client.
func subscriber(addr string) (message.Subscriber, error) {
	return redisstream.NewSubscriber(redisstream.SubscriberConfig{
		Client: connect(addr), ConsumerGroup: "shop", NackResendSleep: soon, DisableIndefiniteInitialBlock: true,
		BlockTime: soon, MaxIdleTime: 2 * time.Second, ClaimInterval: 10 * soon,
	}, nil)
}

func connect(addr string) *redis.Client { return redis.NewClient(&redis.Options{Addr: addr}) }

func (q *queue) deliver(payloads ...string) {
	q.t.Helper()
	for _, payload := range payloads {
		require.NoError(q.t, q.publisher.Publish("charges", message.NewMessage(watermill.NewUUID(), []byte(payload))))
	}
}

// triesOf returns how often a payload was handled.
func (q *queue) triesOf(payload string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.tries[payload]
}

// acknowledged waits until no message is left to be handled.
func (q *queue) acknowledged() {
	q.t.Helper()
	q.Eventually("all is acknowledged", q.Settled)
}

func (q *queue) Settled() bool { return q.isDone("charges") && q.isDone("charges.dead") }

func (q *queue) isDone(topic string) bool {
	groups, err := q.client.XInfoGroups(q.t.Context(), topic).Result()
	return err == nil && len(groups) == 1 && groups[0].Pending == 0 && groups[0].Lag == 0
}

func TestWhatIsDeliveredTwiceRunsOnce(t *testing.T) {
	q := open(t)
	q.deliver(`{"id":1}`, `{"id":1}`, `{"id":1}`)
	q.acknowledged()
	assert.Equal(t, 1, q.Runs(1))
	assert.Equal(t, 3, q.triesOf(`{"id":1}`))
}

func TestAHandlerThatFailsOrPanicsIsRetried(t *testing.T) {
	q := open(t)
	q.Behave(1, func(run int) error {
		switch run {
		case 1:
			return queuetest.ErrBroken
		case 2:
			panic("a bug")
		}
		return nil
	})
	q.deliver(`{"id":1}`)
	q.Eventually("it runs", func() bool { return q.Recorded(1) })
	q.acknowledged()
	assert.Equal(t, 3, q.Runs(1))
}

func TestOneInProgressIsRetriedLaterAndThenAcknowledged(t *testing.T) {
	q := open(t)
	finish := q.Occupy(1)
	q.deliver(`{"id":1}`)
	q.Eventually("it is tried several times", func() bool { return q.triesOf(`{"id":1}`) >= 3 })
	finish()
	q.acknowledged()
	assert.Zero(t, q.Runs(1))
	assert.Empty(t, q.dead)
}

func TestWhatNoRetryMendsIsPublishedAsDead(t *testing.T) {
	q := open(t)
	q.Interrupt(1)
	q.Behave(2, func(int) error { return idem.Fail("no money", nil) })
	q.deliver(`{"id":1}`, `{"id":2}`, `no JSON`, `{"id":3}`)
	q.acknowledged()
	require.Len(t, q.dead, 3)
	for payload, reason := range map[string]string{
		`{"id":1}`: "the execution was interrupted",
		`{"id":2}`: "no money",
		`no JSON`:  "the message does not decode",
	} {
		assert.Contains(t, q.dead[payload], reason)
		assert.Equal(t, 1, q.triesOf(payload))
	}
	assert.Zero(t, q.Runs(1))
	assert.Equal(t, 1, q.Runs(3), "what comes after them is handled")

	// A person has looked, and lets it run.
	require.NoError(t, q.Charge.Forget(t.Context(), queuetest.Order{ID: 1}))
	q.deliver(`{"id":1}`)
	q.Eventually("it runs", func() bool { return q.Runs(1) == 1 })
}

func TestAMessageIsHeldForADelayButNotPastItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handle := idemwatermill.NewHandler(idemwatermill.JSON[int], func(context.Context, int) (idem.Result[int], error) {
			return idem.Result[int]{}, idem.ErrInProgress
		}, idemqueue.WithDelay(time.Minute))
		msg := message.NewMessage("1", []byte("1"))
		began := time.Now()
		require.ErrorIs(t, handle(msg), idem.ErrInProgress)
		assert.Equal(t, time.Minute, time.Since(began))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		msg.SetContext(ctx)
		began = time.Now()
		require.ErrorIs(t, handle(msg), idem.ErrInProgress)
		assert.Equal(t, time.Second, time.Since(began))
	})
}

func TestATaskHasItsMessagesContext(t *testing.T) {
	type key struct{}
	var got any
	handle := idemwatermill.NewHandler(idemwatermill.JSON[int], func(ctx context.Context, _ int) (idem.Result[int], error) {
		got = ctx.Value(key{})
		return idem.Result[int]{}, nil
	})
	msg := message.NewMessage("1", []byte("1"))
	msg.SetContext(context.WithValue(t.Context(), key{}, "the message's"))
	require.NoError(t, handle(msg))
	assert.Equal(t, "the message's", got)
}

func TestOnlyDeadMessagesAreDead(t *testing.T) {
	assert.True(t, idemwatermill.IsDead(fmt.Errorf("router: %w", idemqueue.Judge(idem.ErrInterrupted).Err())))
	assert.False(t, idemwatermill.IsDead(idemqueue.Judge(idem.ErrInProgress).Err()))
	assert.False(t, idemwatermill.IsDead(errors.New("another's")))
}
