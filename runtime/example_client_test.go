package idem_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/idemgen/idemgen/examples/order"
	billing "github.com/idemgen/idemgen/examples/payment"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// makeOrder is the handler of the examples.
func makeOrder(_ context.Context, o order.CreateOrder) (string, error) {
	return "order of " + o.Customer, nil
}

// One client serves a whole process.
func ExampleNew() {
	client := idem.New(memstore.New()) // in a program: redisstore.Open(ctx, "")
	create := order.NewIdempotentCreateOrder(client, makeOrder)
	res, err := create.Run(context.Background(), order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
	fmt.Println(res.Value, err)
	// Output: order of ada <nil>
}

// At the end of a process, after what calls wrappers has stopped.
func ExampleClient_Close() {
	ctx := context.Background()
	client := idem.New(memstore.New())
	create := order.NewIdempotentCreateOrder(client, makeOrder)
	fmt.Println(client.Close(ctx))
	_, err := create.Run(ctx, order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
	fmt.Println(idem.Code(err))
	// Output:
	// <nil>
	// CLIENT_CLOSED
}

func ExampleWithPrefix() {
	client := idem.New(memstore.New(), idem.WithPrefix("staging"))
	fmt.Println(order.NewIdempotentCreateOrder(client, makeOrder).Key(order.CreateOrder{IdempotencyKey: "5f0c"}))
	// Output: staging:order.CreateOrder:5f0c <nil>
}

// Neither Redis nor logs show the order's number.
func ExampleWithHashedKeys() {
	secret := []byte("32 random bytes, the same for all") // in a program: from where your secrets are
	client := idem.New(memstore.New(), idem.WithHashedKeys(secret))
	fmt.Println(billing.NewIdempotentProcessPayment(client).Key(billing.ProcessPayment{OrderID: 123}))
	// Output: idempotency:payment.ProcessPayment:%hmac676b17d0c1753a544d7d76e2d3f3f0ed6c0495312f1a67fd37735a27e912ecbf <nil>
}

// A duplicate learns in which trace the first execution was. Package idemotel does
// this for OpenTelemetry.
func ExampleWithTracer() {
	client := idem.New(memstore.New(),
		idem.WithTracer(func(ctx context.Context, _ idem.Event) (run context.Context, trace string) {
			return ctx, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
		}),
		idem.WithObserver(func(_ context.Context, e idem.Event) {
			if e.Kind == idem.EventDuplicate {
				fmt.Println(e.Kind, "of", e.Trace)
			}
		}))
	create := order.NewIdempotentCreateOrder(client, makeOrder)
	for range 2 {
		_, _ = create.Run(context.Background(), order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
	}
	// Output: duplicate of 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
}

// A store that is down.
type downStore struct{ idem.Store }

func (downStore) Claim(context.Context, string, idem.Claim) (idem.Reply, error) {
	return idem.Reply{}, errors.New("connection refused")
}

func (downStore) Lookup(context.Context, string) (idem.Reply, error) {
	return idem.Reply{}, errors.New("connection refused")
}

func ExampleWithFailOpen() {
	quiet := idem.WithLogger(slog.New(slog.DiscardHandler))
	request := order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"}
	for _, client := range []*idem.Client{
		idem.New(downStore{}, quiet),
		idem.New(downStore{}, quiet, idem.WithFailOpen()),
	} {
		res, err := order.NewIdempotentCreateOrder(client, makeOrder).Run(context.Background(), request)
		fmt.Printf("%q %q\n", res.Value, idem.Code(err))
	}
	// Output:
	// "" "STORE_UNAVAILABLE"
	// "order of ada" ""
}

func ExampleWithObserver() {
	client := idem.New(memstore.New(), idem.WithObserver(func(_ context.Context, e idem.Event) {
		fmt.Println(e.Kind, e.Task, e.Attempt)
	}))
	create := order.NewIdempotentCreateOrder(client, makeOrder)
	for range 2 {
		_, _ = create.Run(context.Background(), order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
	}
	// Output:
	// claimed order.CreateOrder 1
	// recorded order.CreateOrder 1
	// duplicate order.CreateOrder 1
}

func ExampleWithLogger() {
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "time" || a.Key == "duration" || a.Key == "id" {
				return slog.Attr{} // other ones each time
			}
			return a
		},
	}))
	client := idem.New(memstore.New(), idem.WithLogger(log))
	_, _ = order.NewIdempotentCreateOrder(client, makeOrder).Run(
		context.Background(), order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
	// Output:
	// level=DEBUG msg="idem: claimed" task=order.CreateOrder key=idempotency:order.CreateOrder:5f0c attempt=1
	// level=DEBUG msg="idem: recorded" task=order.CreateOrder key=idempotency:order.CreateOrder:5f0c attempt=1 status=success
}

func ExampleWithMaxRecordSize() {
	client := idem.New(memstore.New(), idem.WithMaxRecordSize(1000), idem.WithLogger(slog.New(slog.DiscardHandler)))
	list := idem.NewTask(client, idem.Spec[string, string]{
		Name: "shop.List",
		Key:  func(k *idem.KeyWriter, shop string) { k.Part("Shop").String(shop) },
		Run:  func(context.Context, string) (string, error) { return strings.Repeat("tea ", 1000), nil },
	}, idem.WithOnDuplicate(idem.PolicyReturnCached))
	for range 2 {
		res, err := list.Run(context.Background(), "tea & jam")
		fmt.Println(len(res.Value), idem.Code(err))
	}
	// Output:
	// 4000 NOT_RECORDED
	// 0 NO_RESULT
}

func ExampleEvent() {
	counts := map[idem.EventKind]int{}
	client := idem.New(memstore.New(), idem.WithObserver(func(_ context.Context, e idem.Event) { counts[e.Kind]++ }))
	pay := billing.NewIdempotentProcessPayment(client)
	for orderID := range 3 {
		_, _ = pay.Run(context.Background(), billing.ProcessPayment{OrderID: orderID, Bank: bank{}}) // 0 is no key
	}
	fmt.Println(counts[idem.EventClaimed], counts[idem.EventRecorded])
	// Output: 2 2
}
