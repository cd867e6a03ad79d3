package idemwatermill_test

import (
	"context"
	"fmt"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"

	"github.com/idemgen/idemgen/runtime/idemwatermill"
)

func ExampleNewHandler() {
	handle := idemwatermill.NewHandler(idemwatermill.JSON[Charge], newCharge(idem.New(memstore.New())).Run)
	for range 2 { // a message that is delivered twice
		fmt.Println(handle(message.NewMessage("m1", []byte(`{"Order":123}`))))
	}
	// Output:
	// charged order 123
	// <nil>
	// <nil>
}

func ExampleJSON() {
	charge, err := idemwatermill.JSON[Charge](message.NewMessage("m1", []byte(`{"Order":123}`)))
	fmt.Println(charge.Order, err)
	// Output: 123 <nil>
}

// A handler's middleware tells what somebody must look at from what comes again.
func ExampleIsDead() {
	handle := idemwatermill.NewHandler(idemwatermill.JSON[Charge], newCharge(idem.New(memstore.New())).Run)
	err := handle(message.NewMessage("m1", []byte(`no JSON`)))
	fmt.Println(idemwatermill.IsDead(err), idemwatermill.IsDead(context.Canceled))
	// Output: true false
}

// A faulty message goes to the topic of dead ones, and the queue goes on.
func ExamplePoisonQueue() {
	pubsub := gochannel.NewGoChannel(gochannel.Config{OutputChannelBuffer: 1}, watermill.NopLogger{})
	dead, err := pubsub.Subscribe(context.Background(), "charges.dead")
	if err != nil {
		fmt.Println(err)
		return
	}
	poison, err := idemwatermill.PoisonQueue(pubsub, "charges.dead")
	if err != nil {
		fmt.Println(err)
		return
	}
	handle := idemwatermill.NewHandler(idemwatermill.JSON[Charge], newCharge(idem.New(memstore.New())).Run)

	// What a router does that has it as middleware, by router.AddMiddleware(poison).
	_, err = poison(func(msg *message.Message) ([]*message.Message, error) {
		return nil, handle(msg)
	})(message.NewMessage("m1", []byte(`no JSON`)))
	fmt.Println("error:", err)
	msg := <-dead
	fmt.Println(msg.UUID, "is dead:", msg.Metadata[middleware.ReasonForPoisonedKey])
	// Output:
	// error: <nil>
	// m1 is dead: the message does not decode: invalid character 'o' in literal null (expecting 'u')
}
