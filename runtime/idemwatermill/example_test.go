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
