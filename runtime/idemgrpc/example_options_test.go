package idemgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/idemgen/idemgen/runtime/idemgrpc"
)

// A response is kept for two days, and a call waits up to ten seconds for one in
// progress with the same key.
func ExampleWithTask() {
	calls := idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped, idemgrpc.WithTask(
		idem.WithTTL(48*time.Hour), idem.WithWait(10*time.Second),
	))
	b := openBank(calls, nil)
	defer b.close()
	b.charge("order-123")
	record, err := calls.Lookup(context.Background(), "*", "order-123")
	fmt.Println(time.Until(record.ExpiresAt).Round(time.Hour), err)
	// Output:
	// receipt-1
	// 48h0m0s <nil>
}

// Services that share a Redis have names, and so keys, of their own.
func ExampleWithName() {
	calls := idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped, idemgrpc.WithName("charges"))
	b := openBank(calls, nil)
	defer b.close()
	b.charge("order-123")
	record, err := calls.Lookup(context.Background(), "*", "order-123")
	fmt.Println(record.Key, err)
	// Output:
	// receipt-1
	// idempotency:charges:*:order-123 <nil>
}

// Only one method needs a key. Calls of others may have one.
func ExampleWithRequired() {
	b := openBank(idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped,
		idemgrpc.WithRequired(idemgrpc.Methods("/shop.Orders/Create"))), nil)
	defer b.close()
	for _, key := range []string{"", "order-123", "order-123"} {
		b.charge(key)
	}
	// Output:
	// receipt-1
	// receipt-2
	// receipt-2 replayed
}

func ExampleWithKeyRule() {
	b := openBank(idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped,
		idemgrpc.WithKeyRule(func(key string) error {
			if !strings.HasPrefix(key, "order-") {
				return errors.New("it must name an order")
			}
			return nil
		})), nil)
	defer b.close()
	b.charge("123")
	b.charge("order-123")
	// Output:
	// InvalidArgument idempotency: the metadata idempotency-key is malformed: it must name an order
	// receipt-1
}

func ExampleWithMaxKeyLength() {
	b := openBank(idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped, idemgrpc.WithMaxKeyLength(36)), nil)
	defer b.close()
	b.charge(strings.Repeat("1", 40))
	// Output: InvalidArgument idempotency: the metadata idempotency-key is malformed: it has 40 characters, and at most 36 are allowed
}

// When a call was sent does not make its retry another one.
func ExampleWithFingerprint() {
	b := openBank(idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped,
		idemgrpc.WithFingerprint(func(_ context.Context, request proto.Message) ([]byte, error) {
			request = proto.Clone(request)
			if charge, ok := request.(*testpb.SimpleRequest); ok {
				charge.Payload = nil // has the time
			}
			return proto.MarshalOptions{Deterministic: true}.Marshal(request)
		})), nil)
	defer b.close()
	ctx := idemgrpc.WithKey(context.Background(), "order-123")
	for _, sent := range []string{"9:00", "9:01"} {
		reply, err := b.UnaryCall(ctx, &testpb.SimpleRequest{Payload: &testpb.Payload{Body: []byte(sent)}})
		fmt.Println(status.Code(err), reply.GetUsername())
	}
	// Output:
	// OK receipt-1
	// OK receipt-1
}

// A charge that was refused may be tried again under its key, once there is money.
func ExampleWithFinished() {
	money := false
	b := openBank(idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped,
		idemgrpc.WithFinished(func(code codes.Code) bool {
			return idemgrpc.Finished(code) && code != codes.FailedPrecondition
		})), func(context.Context) error {
		if !money {
			return status.Error(codes.FailedPrecondition, "the account is empty")
		}
		return nil
	})
	defer b.close()
	b.charge("order-123")
	money = true
	b.charge("order-123")
	// Output:
	// FailedPrecondition the account is empty
	// receipt-1
}

// A retry gets the number of the statement, too.
func ExampleWithReplayedHeaders() {
	b := openBank(idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped, idemgrpc.WithReplayedHeaders("statement")),
		func(ctx context.Context) error {
			return grpc.SetHeader(ctx, metadata.Pairs("statement", "2026-05", "served-by", "host-3"))
		})
	defer b.close()
	ctx := idemgrpc.WithKey(context.Background(), "order-123")
	for range 2 {
		var header metadata.MD
		_, err := b.UnaryCall(ctx, &testpb.SimpleRequest{}, grpc.Header(&header))
		fmt.Println(header["statement"], header["served-by"], status.Code(err))
	}
	// Output:
	// [2026-05] [host-3] OK
	// [2026-05] [] OK
}

// A call that comes while the first one is in progress: here the handler sends it.
func ExampleWithRetryAfter() {
	var b *teller
	b = openBank(idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped, idemgrpc.WithRetryAfter(5*time.Second)),
		func(context.Context) error {
			_, err := b.UnaryCall(idemgrpc.WithKey(context.Background(), "order-123"), &testpb.SimpleRequest{})
			for _, detail := range status.Convert(err).Details() {
				if retry, ok := detail.(*errdetails.RetryInfo); ok {
					fmt.Println(status.Code(err), "again after", retry.GetRetryDelay().AsDuration())
				}
			}
			return nil
		})
	defer b.close()
	b.charge("order-123")
	// Output:
	// Aborted again after 5s
	// receipt-1
}

// A search that nobody reads may stop. Its code says that it is not finished, so the
// next one starts afresh.
func ExampleWithCancelOnDisconnect() {
	ctx, disconnect := context.WithCancel(idemgrpc.WithKey(context.Background(), "order-123"))
	stopped := make(chan error)
	b := openBank(idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped, idemgrpc.WithCancelOnDisconnect()),
		func(ctx context.Context) error {
			disconnect() // the client goes
			<-ctx.Done()
			stopped <- ctx.Err()
			return ctx.Err()
		})
	defer b.close()
	_, err := b.UnaryCall(ctx, &testpb.SimpleRequest{})
	fmt.Println("client:", status.Code(err))
	fmt.Println("handler:", <-stopped)
	// Output:
	// client: Canceled
	// handler: context canceled
}
