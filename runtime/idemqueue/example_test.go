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

// A message as a queue delivers it; receipt is how the queue knows it.
type message struct{ body, receipt string }

// A sqs stands for a client of SQS. Like it, it delivers a message now and then twice.
type sqs struct{ messages []message }

func (q *sqs) Receive(context.Context) (message, error) {
	if len(q.messages) == 0 {
		return message{}, errors.New("there are no more")
	}
	m := q.messages[0]
	q.messages = q.messages[1:]
	return m, nil
}

// Ack would be DeleteMessage.
func (q *sqs) Ack(_ context.Context, m message) error {
	fmt.Println(m.receipt, "deleted")
	return nil
}

// Retry would be ChangeMessageVisibility.
func (q *sqs) Retry(_ context.Context, m message, delay time.Duration) error {
	fmt.Println(m.receipt, "visible again in", delay)
	q.messages = append(q.messages, m)
	return nil
}

// Dead would be SendMessage to the dead-letter queue, then DeleteMessage.
func (q *sqs) Dead(_ context.Context, m message, reason error) error {
	fmt.Println(m.receipt, "set aside:", reason)
	return nil
}

// A Charge is a task. In a program of yours it is annotated, and its wrapper
// generated:
//
//	//idem:task key=Order wait=0
type Charge struct {
	Order int
	Cents int
}

func newCharge(client *idem.Client) *idem.Task[Charge, string] {
	tries := 0
	return idem.NewTask(client, idem.Spec[Charge, string]{
		Name: "billing.Charge",
		Key:  func(k *idem.KeyWriter, c Charge) { k.Part("Order").Int(int64(c.Order)) },
		Run: func(_ context.Context, c Charge) (string, error) {
			if tries++; tries == 1 {
				return "", errors.New("the bank does not answer")
			}
			if c.Cents < 0 {
				return "", idem.Fail("a negative amount", nil)
			}
			fmt.Println("charged order", c.Order)
			return "receipt", nil
		},
	}, idem.WithWait(0))
}

func Example() {
	ctx := context.Background()
	queue := &sqs{messages: []message{
		{`{"Order":1,"Cents":999}`, "m1"}, // fails at first
		{`{"Order":2,"Cents":500}`, "m2"},
		{`{"Order":2,"Cents":500}`, "m2 again"},
		{`{"Order":3,"Cents":-1}`, "m3"},
		{`no JSON`, "m4"},
	}}

	charge := newCharge(idem.New(memstore.New()))
	decode := func(m message) (c Charge, err error) {
		err = json.Unmarshal([]byte(m.body), &c)
		return c, err
	}
	err := idemqueue.Consume(ctx, queue, idemqueue.NewHandler(decode, charge.Run))
	fmt.Println(err)
	// Output:
	// m1 visible again in 0s
	// charged order 2
	// m2 deleted
	// m2 again deleted
	// m3 set aside: idem: execution failed: a negative amount: key idempotency:billing.Charge:3
	// m4 set aside: the message does not decode: invalid character 'o' in literal null (expecting 'u')
	// charged order 1
	// m1 deleted
	// idemqueue: receive a message: there are no more
}
