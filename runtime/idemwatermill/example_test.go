package idemwatermill_test

import (
	"context"
	"fmt"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"

	"github.com/idemgen/idemgen/runtime/idemwatermill"
)

// A Charge is the task. In a program of yours it is annotated, and its wrapper
// generated:
//
//	//idem:task key=Order wait=0
type Charge struct {
	Order int
}

func newCharge(client *idem.Client) *idem.Task[Charge, string] {
	return idem.NewTask(client, idem.Spec[Charge, string]{
		Name: "billing.Charge",
		Key:  func(k *idem.KeyWriter, c Charge) { k.Part("Order").Int(int64(c.Order)) },
		Run: func(_ context.Context, c Charge) (string, error) {
			fmt.Println("charged order", c.Order)
			return "receipt", nil
		},
	}, idem.WithWait(0))
}

func Example() {
	// Both ends of a queue in this process; redisstream, Kafka or AMQP in a program of yours.
	pubsub := gochannel.NewGoChannel(gochannel.Config{}, watermill.NopLogger{})
	router, err := message.NewRouter(message.RouterConfig{}, watermill.NopLogger{})
	if err != nil {
		fmt.Println(err)
		return
	}

	charge := newCharge(idem.New(memstore.New())) // redisstore, in a program of yours
	poison, err := idemwatermill.PoisonQueue(pubsub, "charges.dead")
	if err != nil {
		fmt.Println(err)
		return
	}
	router.AddMiddleware(poison)
	handle := idemwatermill.NewHandler(idemwatermill.JSON[Charge], charge.Run)
	router.AddConsumerHandler("charge", "charges", pubsub, handle)

	// What the router does with a message that it gets twice, and with a faulty one:
	for _, payload := range []string{`{"Order":123}`, `{"Order":123}`, `no JSON`} {
		err := handle(message.NewMessage(watermill.NewUUID(), []byte(payload)))
		fmt.Println("dead:", idemwatermill.IsDead(err), "error:", err)
	}
	// Output:
	// charged order 123
	// dead: false error: <nil>
	// dead: false error: <nil>
	// dead: true error: the message does not decode: invalid character 'o' in literal null (expecting 'u')
}

func ExampleNewPublishingHandler() {
	client := idem.New(memstore.New()) // redisstore, in a program of yours
	// As with //idem:task key=Order wait=0 on-duplicate=return-cached.
	charge := idem.NewTask(client, idem.Spec[Charge, string]{
		Name: "billing.Charge",
		Key:  func(k *idem.KeyWriter, c Charge) { k.Part("Order").Int(int64(c.Order)) },
		Run: func(_ context.Context, c Charge) (string, error) {
			fmt.Println("charged order", c.Order)
			return fmt.Sprintf("receipt for order %d", c.Order), nil
		},
	}, idem.WithWait(0), idem.WithOnDuplicate(idem.PolicyReturnCached))

	produce := func(receipt string) ([]*message.Message, error) {
		return []*message.Message{message.NewMessage(watermill.NewUUID(), []byte(receipt))}, nil
	}
	handle := idemwatermill.NewPublishingHandler(idemwatermill.JSON[Charge], charge, produce)
	// router.AddHandler("charge", "charges", subscriber, "receipts", publisher, handle)

	// What the router publishes for a message that it gets twice:
	uuids := map[string]bool{}
	for range 2 {
		published, err := handle(message.NewMessage(watermill.NewUUID(), []byte(`{"Order":123}`)))
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, msg := range published {
			fmt.Println("published:", string(msg.Payload))
			uuids[msg.UUID] = true
		}
	}
	fmt.Println("UUIDs:", len(uuids))
	// Output:
	// charged order 123
	// published: receipt for order 123
	// published: receipt for order 123
	// UUIDs: 1
}
