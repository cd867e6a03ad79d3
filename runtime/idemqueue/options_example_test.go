package idemqueue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemqueue"
	"github.com/idemgen/idemgen/runtime/memstore"
)

func ExampleNewHandler() {
	handle := idemqueue.NewHandler(decodeRefund, newRefund(idem.New(memstore.New())).Run)
	for _, body := range []string{`{"Order":1}`, `{"Order":1}`, `no JSON`} {
		v := handle(context.Background(), message{body: body})
		fmt.Println(v.Action, v.Reason)
	}
	// Output:
	// refunded order 1
	// ack <nil>
	// ack <nil>
	// dead the message does not decode: invalid character 'o' in literal null (expecting 'u')
}

// The process is told to end while it handles a message. That one is finished, and no
// other is taken.
func ExampleConsume() {
	ctx, stop := context.WithCancelCause(context.Background()) // in a program: signal.NotifyContext
	handle := idemqueue.NewHandler(decodeRefund, newRefund(idem.New(memstore.New())).Run)
	queue := &sqs{messages: []message{{`{"Order":1}`, "m1"}, {`{"Order":2}`, "m2"}}}
	err := idemqueue.Consume(ctx, queue, func(ctx context.Context, m message) idemqueue.Verdict {
		v := handle(ctx, m)
		stop(errors.New("told to end"))
		return v
	})
	fmt.Println(err)
	// Output:
	// refunded order 1
	// m1 deleted
	// told to end
}

// What a queue that is called by hand does with an error of a wrapper.
func ExampleJudge() {
	for _, err := range []error{
		nil,
		idem.ErrInProgress,
		idem.ErrInterrupted,
		idem.Fail("the card has expired", nil),
		errors.New("the bank does not answer"),
	} {
		v := idemqueue.Judge(err)
		fmt.Printf("%s %v %q\n", v.Action, v.Delay, idem.Code(err))
	}
	// Output:
	// ack 0s ""
	// retry 5s "IN_PROGRESS"
	// dead 0s "INTERRUPTED"
	// dead 0s "EXECUTION_FAILED"
	// retry 0s ""
}

// Charges take about a minute, so to look again before is of no use.
func ExampleWithDelay() {
	v := idemqueue.Judge(idem.ErrInProgress, idemqueue.WithDelay(time.Minute))
	fmt.Println(v.Action, v.Delay)
	// Output: retry 1m0s
}

// That a card has expired is an answer, and nothing for a person to look at.
func ExampleWithFailed() {
	v := idemqueue.Judge(idem.Fail("the card has expired", nil), idemqueue.WithFailed(idemqueue.Ack))
	fmt.Println(v.Action, v.Reason)
	// Output: ack the card has expired
}

// A library's hook is given its handler's error, and learns what the wrapper meant.
func ExampleFromError() {
	err := fmt.Errorf("charge: %w", idemqueue.Judge(idem.ErrInProgress).Err())
	v, ok := idemqueue.FromError(err)
	fmt.Println(v.Action, v.Delay, ok)
	_, ok = idemqueue.FromError(errors.New("the library's own"))
	fmt.Println(ok)
	// Output:
	// retry 5s true
	// false
}

// A message whose task goes on failing is set aside, and the queue goes on.
func ExampleInPlace_dead() {
	handle := idemqueue.InPlace(func(context.Context, message) idemqueue.Verdict {
		fmt.Println("the bank is asked")
		return idemqueue.Judge(errors.New("it does not answer"))
	}, 2)
	v := handle(context.Background(), message{}) // pauses for a second between the tries
	fmt.Println(v.Action)
	// Output:
	// the bank is asked
	// the bank is asked
	// dead
}

type refund struct{ Order int }

func decodeRefund(m message) (r refund, err error) {
	err = json.Unmarshal([]byte(m.body), &r)
	return r, err
}

func newRefund(client *idem.Client) *idem.Task[refund, string] {
	return idem.NewTask(client, idem.Spec[refund, string]{
		Name: "billing.Refund",
		Key:  func(k *idem.KeyWriter, r refund) { k.Part("Order").Int(int64(r.Order)) },
		Run: func(_ context.Context, r refund) (string, error) {
			fmt.Println("refunded order", r.Order)
			return "receipt", nil
		},
	}, idem.WithWait(0))
}
