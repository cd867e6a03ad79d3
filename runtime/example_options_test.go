package idem_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/idemgen/idemgen/examples/order"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

func ExampleWithTTL() {
	ctx := context.Background()
	client := idem.New(memstore.New())
	request := order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"}
	create := order.NewIdempotentCreateOrder(client, makeOrder, idem.WithTTL(48*time.Hour))
	_, _ = create.Run(ctx, request)
	record, err := create.Lookup(ctx, request)
	fmt.Println(time.Until(record.ExpiresAt).Round(time.Hour), err)
	// Output: 48h0m0s <nil>
}

// A call that meets itself.
func ExampleWithWait() {
	var create *order.IdempotentCreateOrder[string]
	create = order.NewIdempotentCreateOrder(idem.New(memstore.New()), func(ctx context.Context, o order.CreateOrder) (string, error) {
		_, err := create.Run(ctx, o)
		fmt.Println(idem.Code(err))
		return "done", nil
	}, idem.WithWait(0))
	res, err := create.Run(context.Background(), order.CreateOrder{IdempotencyKey: "5f0c"})
	fmt.Println(res.Value, err)
	// Output:
	// IN_PROGRESS
	// done <nil>
}

// A pause of the process that is shorter than the lease costs nothing. That the owner
// has died goes unnoticed for as long.
func ExampleWithLease() {
	create := order.NewIdempotentCreateOrder(idem.New(memstore.New()), makeOrder, idem.WithLease(time.Minute), idem.WithWait(2*time.Minute))
	res, err := create.Run(context.Background(), order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
	fmt.Println(res.Value, err)
	// Output: order of ada <nil>
}

func ExampleWithOnDuplicate() {
	ctx := context.Background()
	request := order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"}
	for _, policy := range []idem.Policy{idem.PolicySkip, idem.PolicyFail, idem.PolicyReturnCached} {
		create := order.NewIdempotentCreateOrder(idem.New(memstore.New()), makeOrder, idem.WithOnDuplicate(policy))
		_, _ = create.Run(ctx, request)
		res, err := create.Run(ctx, request)
		fmt.Printf("%s: %s %q %q\n", policy, res.Status, res.Value, idem.Code(err))
	}
	// Output:
	// skip: skipped "" ""
	// fail: failed "" "DUPLICATE_EXECUTION"
	// return-cached: success "order of ada" ""
}

func ExampleWithOnError() {
	ctx := context.Background()
	for _, policy := range []idem.ErrorPolicy{idem.ErrorRelease, idem.ErrorStore} {
		calls := 0
		create := order.NewIdempotentCreateOrder(idem.New(memstore.New()), func(context.Context, order.CreateOrder) (string, error) {
			calls++
			return "", errors.New("out of tea")
		}, idem.WithOnError(policy), idem.WithOnDuplicate(idem.PolicyReturnCached))
		for range 2 {
			_, err := create.Run(ctx, order.CreateOrder{IdempotencyKey: "5f0c"})
			fmt.Println(err)
		}
		fmt.Println(policy, "calls:", calls)
	}
	// Output:
	// out of tea
	// out of tea
	// release calls: 2
	// idem: execution failed: out of tea: key idempotency:order.CreateOrder:5f0c
	// idem: execution failed: out of tea: key idempotency:order.CreateOrder:5f0c
	// store calls: 1
}

func ExampleWithOnCrash() {
	ctx := context.Background()
	for _, policy := range []idem.CrashPolicy{idem.CrashRetry, idem.CrashFail} {
		store := memstore.New()
		// What an owner leaves that dies.
		dead := idem.Claim{ID: "dead", Now: time.Now(), Lease: time.Millisecond, Retention: time.Hour}
		_, _ = store.Claim(ctx, "idempotency:order.CreateOrder:5f0c", dead)
		time.Sleep(2 * time.Millisecond)

		create := order.NewIdempotentCreateOrder(idem.New(store), func(ctx context.Context, _ order.CreateOrder) (int, error) {
			return idem.FromContext(ctx).Attempt, nil
		}, idem.WithOnCrash(policy))
		res, err := create.Run(ctx, order.CreateOrder{IdempotencyKey: "5f0c"})
		fmt.Printf("%s: attempt %d %q\n", policy, res.Value, idem.Code(err))
	}
	// Output:
	// retry: attempt 2 ""
	// fail: attempt 0 "INTERRUPTED"
}

// gobCodec stores results as Go's own encoding.
type gobCodec struct{}

func (gobCodec) Name() string { return "gob" }

func (gobCodec) Marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

func (gobCodec) Unmarshal(data []byte, v any) error {
	return gob.NewDecoder(bytes.NewReader(data)).Decode(v)
}

func ExampleWithCodec() {
	ctx := context.Background()
	create := order.NewIdempotentCreateOrder(idem.New(memstore.New()), makeOrder,
		idem.WithCodec(gobCodec{}), idem.WithOnDuplicate(idem.PolicyReturnCached))
	for range 2 {
		res, err := create.Run(ctx, order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
		fmt.Println(res.Value, res.Duplicate, err)
	}
	// Output:
	// order of ada false <nil>
	// order of ada true <nil>
}

func ExampleWithOnReplay() {
	create := order.NewIdempotentCreateOrder(idem.New(memstore.New()), makeOrder,
		idem.WithOnDuplicate(idem.PolicyReturnCached),
		idem.WithOnReplay(func(_ context.Context, res *idem.Result[string]) {
			res.Metadata = map[string]any{"replayed": true, "attempt": res.Original.Attempt}
		}))
	for range 2 {
		res, err := create.Run(context.Background(), order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"})
		fmt.Println(res.Value, res.Metadata, err)
	}
	// Output:
	// order of ada map[] <nil>
	// order of ada map[attempt:1 replayed:true] <nil>
}

// Two clients of one store stand for two processes.
func ExampleErrMismatch() {
	quiet := idem.WithLogger(slog.New(slog.DiscardHandler))
	store := memstore.New()
	request := order.CreateOrder{IdempotencyKey: "5f0c", Customer: "ada"} // match=all
	_, _ = order.NewIdempotentCreateOrder(idem.New(store, quiet), makeOrder).Run(context.Background(), request)
	request.Customer = "bob"
	_, err := order.NewIdempotentCreateOrder(idem.New(store, quiet), makeOrder).Run(context.Background(), request)
	fmt.Println(errors.Is(err, idem.ErrMismatch))
	// Output: true
}
