package idem_test

import (
	"context"
	"errors"
	"fmt"

	billing "github.com/idemgen/idemgen/examples/payment"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// A wrapper as idemgen generates it, for //idem:task key=OrderID ttl=24h on-duplicate=skip.
func Example() {
	client := idem.New(memstore.New())
	pay := billing.NewIdempotentProcessPayment(client)
	for range 2 {
		res, err := pay.Run(context.Background(), billing.ProcessPayment{OrderID: 123, Amount: 9999, Bank: bank{}})
		fmt.Println(res.Status, res.Value.ID, res.Duplicate, err)
	}
	// Output:
	// success receipt-9999 false <nil>
	// skipped  true <nil>
}

// bank charges whatever it is asked for.
type bank struct{}

func (bank) Charge(_ context.Context, _ string, cents int64) (billing.Receipt, error) {
	return billing.Receipt{ID: fmt.Sprintf("receipt-%d", cents), Cents: cents}, nil
}

func (bank) Find(context.Context, string) (billing.Receipt, error) {
	return billing.Receipt{}, billing.ErrNoCharge
}

// What a generated wrapper does can be written by hand, only less safely.
func ExampleNewTask() {
	type order struct{ Shop, Number string }
	ship := idem.NewTask(idem.New(memstore.New()), idem.Spec[order, string]{
		Name: "shop.ShipOrder",
		Key: func(k *idem.KeyWriter, o order) {
			k.Part("Shop").String(o.Shop)
			k.Part("Number").String(o.Number)
		},
		Run: func(_ context.Context, o order) (string, error) { return "parcel of " + o.Number, nil },
	}, idem.WithOnDuplicate(idem.PolicyReturnCached))

	ctx := context.Background()
	for range 2 {
		res, err := ship.Run(ctx, order{"tea & jam", "A:7"})
		fmt.Println(res.Value, res.Duplicate, err)
	}
	fmt.Println(ship.Key(order{"tea & jam", "A:7"}))
	// Output:
	// parcel of A:7 false <nil>
	// parcel of A:7 true <nil>
	// idempotency:shop.ShipOrder:tea%20&%20jam:A%3A7 <nil>
}

func ExampleFromContext() {
	ctx := context.Background()
	charge := idem.NewTask(idem.New(memstore.New()), idem.Spec[int, string]{
		Name: "shop.Charge",
		Key:  func(k *idem.KeyWriter, orderID int) { k.Part("OrderID").Int(int64(orderID)) },
		Run: func(ctx context.Context, _ int) (string, error) {
			x := idem.FromContext(ctx)
			fmt.Println("attempt", x.Attempt, "of", x.Key)
			if x.Attempt == 1 {
				return "", errors.New("the bank does not answer")
			}
			return "charged", nil // having asked whether attempt 1 has
		},
	})
	for range 2 {
		res, err := charge.Run(ctx, 7)
		fmt.Printf("%q %v\n", res.Value, err)
	}
	fmt.Println("outside of a task:", idem.FromContext(ctx).Attempt)
	// Output:
	// attempt 1 of idempotency:shop.Charge:7
	// "" the bank does not answer
	// attempt 2 of idempotency:shop.Charge:7
	// "charged" <nil>
	// outside of a task: 0
}

func ExampleFail() {
	charge := idem.NewTask(idem.New(memstore.New()), idem.Spec[int, string]{
		Name: "shop.Charge",
		Key:  func(k *idem.KeyWriter, orderID int) { k.Part("OrderID").Int(int64(orderID)) },
		Run: func(context.Context, int) (string, error) {
			fmt.Println("the card is tried")
			return "", idem.Fail("the card has expired", map[string]any{"code": "CARD_EXPIRED"})
		},
	}, idem.WithOnDuplicate(idem.PolicyReturnCached))
	for range 2 {
		res, err := charge.Run(context.Background(), 7)
		fmt.Println(res.Status, res.Reason, idem.Code(err), res.Duplicate)
	}
	// Output:
	// the card is tried
	// failed the card has expired CARD_EXPIRED false
	// failed the card has expired CARD_EXPIRED true
}

func ExampleFailedError() {
	charge := idem.NewTask(idem.New(memstore.New()), idem.Spec[int, string]{
		Name: "shop.Charge",
		Key:  func(k *idem.KeyWriter, orderID int) { k.Part("OrderID").Int(int64(orderID)) },
		Run: func(context.Context, int) (string, error) {
			return "", idem.Fail("the card has expired", map[string]any{"month": 5})
		},
	})
	_, err := charge.Run(context.Background(), 7)
	if failed, ok := errors.AsType[*idem.FailedError](err); ok {
		fmt.Println(failed.Key, failed.Reason, failed.Metadata)
	}
	// Output: idempotency:shop.Charge:7 the card has expired map[month:5]
}

func ExampleSkip() {
	remind := idem.NewTask(idem.New(memstore.New()), idem.Spec[int, string]{
		Name: "shop.Remind",
		Key:  func(k *idem.KeyWriter, orderID int) { k.Part("OrderID").Int(int64(orderID)) },
		Run:  func(context.Context, int) (string, error) { return "", idem.Skip("it is paid", nil) },
	})
	res, err := remind.Run(context.Background(), 7)
	fmt.Println(res.Status, res.Reason, err)
	// Output: skipped it is paid <nil>
}

func ExampleDuplicateError() {
	vote := idem.NewTask(idem.New(memstore.New()), idem.Spec[string, int]{
		Name: "poll.Vote",
		Key:  func(k *idem.KeyWriter, user string) { k.Part("User").String(user) },
		Run:  func(context.Context, string) (int, error) { return 1, nil },
	}, idem.WithOnDuplicate(idem.PolicyFail))
	_, _ = vote.Run(context.Background(), "ada")
	_, err := vote.Run(context.Background(), "ada")
	if duplicate, ok := errors.AsType[*idem.DuplicateError](err); ok {
		fmt.Println(duplicate.Key, duplicate.Original.Status, duplicate.Original.Attempt)
	}
	// Output: idempotency:poll.Vote:ada success 1
}

func ExampleCode() {
	for _, err := range []error{
		fmt.Errorf("the order was not charged: %w", idem.ErrUnavailable),
		idem.Fail("the card has expired", map[string]any{"code": "CARD_EXPIRED"}),
		errors.New("somebody else's"),
	} {
		fmt.Printf("%q\n", idem.Code(err))
	}
	// Output:
	// "STORE_UNAVAILABLE"
	// "CARD_EXPIRED"
	// ""
}

// In JavaScript, with node:crypto:
//
//	createHash('sha256').update(JSON.stringify(['ada', 7, true])).digest('hex').slice(0, 32)
func ExampleHashKey() {
	fmt.Println(idem.HashKey("ada", 7, true))
	// Output: 298d3446f1d2a5e2374a9381b64beb45
}

func ExampleHashKeyErr() {
	_, err := idem.HashKeyErr("ada", struct{}{})
	fmt.Println(err)
	// Output: idem: HashKey: value 2: a struct {} cannot be hashed: pass its fields, or a text of it
}

func ExampleTypeName() {
	type money struct{}
	fmt.Println(idem.TypeName[map[string]int]())
	fmt.Println(idem.TypeName[[]money]())
	// Output:
	// map[string]int
	// []github.com/idemgen/idemgen/runtime_test.money
}

func ExampleTask_Key() {
	pay := billing.NewIdempotentProcessPayment(idem.New(memstore.New(), idem.WithPrefix("shop")))
	fmt.Println(pay.Key(billing.ProcessPayment{OrderID: 123}))
	_, err := pay.Key(billing.ProcessPayment{})
	fmt.Println(idem.Code(err))
	// Output:
	// shop:payment.ProcessPayment:123 <nil>
	// EMPTY_KEY
}

func ExampleTask_Lookup() {
	ctx := context.Background()
	pay := billing.NewIdempotentProcessPayment(idem.New(memstore.New()))
	task := billing.ProcessPayment{OrderID: 123, Amount: 9999, Bank: bank{}}
	_, err := pay.Lookup(ctx, task)
	fmt.Println(idem.Code(err))
	_, _ = pay.Run(ctx, task)
	record, err := pay.Lookup(ctx, task)
	fmt.Println(record.State, record.Attempt, record.Result.Status, err)
	// Output:
	// NOT_FOUND
	// done 1 success <nil>
}

func ExampleTask_Forget() {
	ctx := context.Background()
	pay := billing.NewIdempotentProcessPayment(idem.New(memstore.New()))
	task := billing.ProcessPayment{OrderID: 123, Amount: 9999, Bank: bank{}}
	_, _ = pay.Run(ctx, task)
	fmt.Println(pay.Forget(ctx, task))
	res, err := pay.Run(ctx, task)
	fmt.Println(res.Status, res.Duplicate, err)
	// Output:
	// <nil>
	// success false <nil>
}

// An operator knows that the charge went through.
func ExampleTask_Resolve() {
	ctx := context.Background()
	pay := billing.NewIdempotentProcessPayment(idem.New(memstore.New()), idem.WithOnDuplicate(idem.PolicyReturnCached))
	task := billing.ProcessPayment{OrderID: 123, Amount: 9999, Bank: bank{}}
	fmt.Println(pay.Resolve(ctx, task, billing.Receipt{ID: "by hand"}))
	res, err := pay.Run(ctx, task)
	fmt.Println(res.Value.ID, res.Duplicate, err)
	// Output:
	// <nil>
	// by hand true <nil>
}

// Duplicates do not see the difference in value, but can be told of it.
func ExampleResult_WithoutValue() {
	res := idem.Result[string]{Value: "secret", Status: idem.StatusSuccess, Duplicate: true}
	fmt.Printf("%+v\n", res.WithoutValue().Value)
	// Output: {}
}
