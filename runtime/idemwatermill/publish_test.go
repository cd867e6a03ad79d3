package idemwatermill_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-redisstream/pkg/redisstream"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/idemgen/idemgen/internal/queuetest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemqueue"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/runtime/idemwatermill"
)

// twice makes two messages of a receipt, with UUIDs that differ each time.
func twice(receipt string) ([]*message.Message, error) {
	var messages []*message.Message
	for _, to := range []string{"customer", "ledger"} {
		messages = append(messages, message.NewMessage(watermill.NewUUID(), []byte(receipt+" for the "+to)))
	}
	return messages, nil
}

// A stumbling publisher fails at first.
type stumbling struct {
	message.Publisher
	fail sync.Once
}

func (s *stumbling) Publish(topic string, messages ...*message.Message) (err error) {
	s.fail.Do(func() { err = queuetest.ErrBroken })
	if err != nil {
		return err
	}
	return s.Publisher.Publish(topic, messages...)
}

func TestWhatIsPublishedIsTheSameEachTime(t *testing.T) {
	q := attach(t, queuetest.New(t))
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	require.NoError(t, err)
	charges, err := subscriber(q.Redis.Addr)
	require.NoError(t, err)
	publisher, err := redisstream.NewPublisher(redisstream.PublisherConfig{Client: connect(q.Redis.Addr)}, nil)
	require.NoError(t, err)
	router.AddHandler("charge", "charges", charges, "receipts", &stumbling{Publisher: publisher},
		idemwatermill.NewPublishingHandler(idemwatermill.JSON[queuetest.Order], q.Charge, twice))
	receipts, err := subscriber(q.Redis.Addr)
	require.NoError(t, err)
	published := map[string][]string{} // payloads to UUIDs
	router.AddConsumerHandler("receive", "receipts", receipts, func(msg *message.Message) error {
		q.mu.Lock()
		defer q.mu.Unlock()
		published[string(msg.Payload)] = append(published[string(msg.Payload)], msg.UUID)
		return nil
	})
	start(t, router)

	q.deliver(`{"id":1}`, `{"id":1}`)
	q.Eventually("the charges are handled", func() bool { return q.isDone("charges") })
	q.Eventually("the receipts are received", func() bool { return q.isDone("receipts") })
	r, err := q.Charge.Lookup(t.Context(), queuetest.Order{ID: 1})
	require.NoError(t, err)
	assert.Equal(t, map[string][]string{
		"receipt for the customer": {r.ID + "-0", r.ID + "-0"},
		"receipt for the ledger":   {r.ID + "-1", r.ID + "-1"},
	}, published)
	assert.Equal(t, 1, q.Runs(1))
}

// selling is a task whose outcome is run's.
func selling(run func() (any, error), opts ...idem.TaskOption) *idem.Task[int, any] {
	return idem.NewTask(idem.New(memstore.New()), idem.Spec[int, any]{
		Name: "shop.Sell",
		Key:  func(k *idem.KeyWriter, order int) { k.Part("order").Int(int64(order)) },
		Run:  func(context.Context, int) (any, error) { return run() },
	}, append([]idem.TaskOption{idem.WithWait(0), idem.WithOnDuplicate(idem.PolicyReturnCached)}, opts...)...)
}

func plain(result any) ([]*message.Message, error) {
	return []*message.Message{message.NewMessage("", fmt.Append(nil, result))}, nil
}

func TestWithoutARecordedResultNothingIsPublished(t *testing.T) {
	const first, duplicate = "the first", "a duplicate"
	answers := func(result any, err error) func() (any, error) { return func() (any, error) { return result, err } }
	for name, tc := range map[string]struct {
		task    *idem.Task[int, any]
		produce func(any) ([]*message.Message, error)
		opts    []idemqueue.Option
		dead    string // the reason; "" for acknowledged
	}{
		"the policy is skip": {
			task: selling(answers("receipt", nil), idem.WithOnDuplicate(idem.PolicySkip)), dead: "needs on-duplicate=return-cached",
		},
		"the policy is fail": {
			task: selling(answers("receipt", nil), idem.WithOnDuplicate(idem.PolicyFail)), dead: "there is nothing to publish: ",
		},
		"the result does not encode": {task: selling(answers(make(chan int), nil)), dead: "there is nothing to publish: idem: "},
		"the result makes no messages": {
			task: selling(answers("receipt", nil)), dead: "the result makes no messages: the bank does not answer",
			produce: func(any) ([]*message.Message, error) { return nil, queuetest.ErrBroken },
		},
		"it failed for good": {task: selling(answers("receipt", idem.Fail("no money", nil))), dead: "no money"},
		"it failed for good, which is an answer": {
			task: selling(answers("receipt", idem.Fail("no money", nil))),
			opts: []idemqueue.Option{idemqueue.WithFailed(idemqueue.Ack)},
		},
		"it was skipped": {task: selling(answers("receipt", idem.Skip("sold out", nil)))},
		"it was skipped, and the policy is skip": {
			task: selling(answers("receipt", idem.Skip("sold out", nil)), idem.WithOnDuplicate(idem.PolicySkip)),
		},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.produce == nil {
				tc.produce = plain
			}
			handle := idemwatermill.NewPublishingHandler(idemwatermill.JSON[int], tc.task, tc.produce, tc.opts...)
			for _, which := range []string{first, duplicate} {
				published, err := handle(message.NewMessage("1", []byte("1")))
				assert.Empty(t, published, which)
				if tc.dead == "" {
					assert.NoError(t, err, which)
					continue
				}
				assert.True(t, idemwatermill.IsDead(err), which)
				assert.ErrorContains(t, err, tc.dead, which)
			}
		})
	}
}

func TestAPublishingHandlerRetriesLikeAnyOther(t *testing.T) {
	runs := 0
	task := selling(func() (any, error) {
		if runs++; runs == 1 {
			return nil, queuetest.ErrBroken
		}
		return nil, nil // whose zero value is a result, too
	})
	handle := idemwatermill.NewPublishingHandler(idemwatermill.JSON[int], task, plain)
	published, err := handle(message.NewMessage("1", []byte("1")))
	assert.Empty(t, published)
	require.ErrorIs(t, err, queuetest.ErrBroken)
	assert.False(t, idemwatermill.IsDead(err))
	published, err = handle(message.NewMessage("1", []byte("1")))
	require.NoError(t, err)
	assert.Len(t, published, 1)

	_, err = handle(message.NewMessage("1", []byte("no JSON")))
	assert.True(t, idemwatermill.IsDead(err))
}

func TestTheFirstExecutionPublishesWhatDuplicatesRead(t *testing.T) {
	type receipt struct{ Cents int }
	task := selling(func() (any, error) { return receipt{999}, nil })
	handle := idemwatermill.NewPublishingHandler(idemwatermill.JSON[int], task, plain)
	for range 2 {
		published, err := handle(message.NewMessage("1", []byte("1")))
		require.NoError(t, err)
		require.Len(t, published, 1)
		assert.Equal(t, "map[Cents:999]", string(published[0].Payload), "as JSON has it")
	}
}

// A forgetful task cannot be looked up.
type forgetful struct {
	*idem.Task[int, any]
	err error
}

func (f forgetful) Lookup(context.Context, int) (idem.Record[any], error) {
	return idem.Record[any]{}, f.err
}

// An attentive task notes which contexts it is given.
type attentive struct {
	*idem.Task[int, any]
	seen []context.Context
}

func (a *attentive) Run(ctx context.Context, task int) (idem.Result[any], error) {
	a.seen = append(a.seen, ctx)
	return a.Task.Run(ctx, task)
}

func (a *attentive) Lookup(ctx context.Context, task int) (idem.Record[any], error) {
	a.seen = append(a.seen, ctx)
	return a.Task.Lookup(ctx, task)
}

func TestAPublishedTaskHasItsMessagesContext(t *testing.T) {
	task := &attentive{Task: selling(func() (any, error) { return "receipt", nil })}
	msg := message.NewMessage("1", []byte("1"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	msg.SetContext(ctx)
	_, err := idemwatermill.NewPublishingHandler(idemwatermill.JSON[int], task, plain)(msg)
	require.NoError(t, err)
	assert.Equal(t, []context.Context{ctx, ctx}, task.seen)
}

func TestWhatCannotBeLookedUpIsPublishedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		task := selling(func() (any, error) { return "receipt", nil })
		handle := idemwatermill.NewPublishingHandler(idemwatermill.JSON[int], forgetful{task, idem.ErrUnavailable}, plain,
			idemqueue.WithDelay(time.Minute))
		began := time.Now()
		published, err := handle(message.NewMessage("1", []byte("1")))
		assert.Empty(t, published)
		require.ErrorIs(t, err, idem.ErrUnavailable)
		assert.False(t, idemwatermill.IsDead(err))
		assert.Equal(t, time.Minute, time.Since(began))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		msg := message.NewMessage("2", []byte("2"))
		msg.SetContext(ctx)
		began = time.Now()
		_, err = handle(msg)
		require.ErrorIs(t, err, idem.ErrUnavailable)
		assert.Equal(t, time.Second, time.Since(began), "not past the message's context")

		published, err = handle(message.NewMessage("1", []byte("1")))
		require.NoError(t, err)
		require.Len(t, published, 1)
		assert.Equal(t, "receipt", string(published[0].Payload))
	})
}

func TestWhatWasForgottenMeanwhileIsRetried(t *testing.T) {
	for name, err := range map[string]error{"and is gone": idem.ErrNotFound, "and somebody runs it": nil} {
		t.Run(name, func(t *testing.T) {
			task := selling(func() (any, error) { return "receipt", nil })
			handle := idemwatermill.NewPublishingHandler(idemwatermill.JSON[int], forgetful{task, err}, plain)
			published, err := handle(message.NewMessage("1", []byte("1")))
			assert.Empty(t, published)
			v, ok := idemqueue.FromError(err)
			assert.True(t, ok)
			assert.Equal(t, idemqueue.Verdict{Action: idemqueue.Retry, Reason: idem.ErrNotFound}, v)
		})
	}
}
