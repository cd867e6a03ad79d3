package idemgrpc_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/idemgen/idemgen/runtime/idemgrpc"
)

// A bank is a service. Its methods do not say that they are idempotent, so their calls
// need a key.
type bank struct {
	testpb.UnimplementedTestServiceServer
}

func (bank) UnaryCall(context.Context, *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	fmt.Println("charged")
	return &testpb.SimpleResponse{Username: "receipt-1"}, nil
}

func Example() {
	store := memstore.New() // redisstore, in a program of yours
	scope := func(ctx context.Context) string {
		return metadata.ValueFromIncomingContext(ctx, "account")[0] // as your authentication knows it
	}
	calls := idemgrpc.New(idem.New(store), scope)
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(calls.Intercept))
	testpb.RegisterTestServiceServer(server, bank{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()

	conn, err := grpc.NewClient(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithChainUnaryInterceptor(idemgrpc.NewClientInterceptor()),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = conn.Close() }()
	client := testpb.NewTestServiceClient(conn)

	ctx := metadata.AppendToOutgoingContext(context.Background(), "account", "ada")
	ctx = idemgrpc.WithKey(ctx, "order-123") // one key for all tries of one operation
	for _, units := range []int32{5, 5, 6} {
		var header metadata.MD
		reply, err := client.UnaryCall(ctx, &testpb.SimpleRequest{ResponseSize: units}, grpc.Header(&header))
		fmt.Println(reply.GetUsername(), "replayed:", idemgrpc.Replayed(header), status.Code(err))
	}
	// Output:
	// charged
	// receipt-1 replayed: false OK
	// receipt-1 replayed: true OK
	//  replayed: false FailedPrecondition
}

// Two customers send the same key. Neither gets the other's response.
func ExampleNew() {
	b := openBank(idemgrpc.New(idem.New(memstore.New()), func(ctx context.Context) string {
		return metadata.ValueFromIncomingContext(ctx, "account")[0] // as your authentication knows it
	}), nil)
	defer b.close()
	for _, account := range []string{"ada", "bob", "ada"} {
		ctx := metadata.AppendToOutgoingContext(context.Background(), "account", account)
		reply, err := b.UnaryCall(idemgrpc.WithKey(ctx, "order-123"), &testpb.SimpleRequest{})
		fmt.Println(account, reply.GetUsername(), status.Code(err))
	}
	// Output:
	// ada receipt-1 OK
	// bob receipt-2 OK
	// ada receipt-1 OK
}

func ExampleUnscoped() {
	b := openBank(idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped), nil)
	defer b.close()
	b.charge("order-123")
	b.charge("order-123")
	// Output:
	// receipt-1
	// receipt-1 replayed
}

// Which calls get a key of their own is the client's to say, too.
func ExampleNewClientInterceptor() {
	b := openBank(idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped), nil)
	defer b.close()
	for _, interceptor := range []grpc.UnaryClientInterceptor{
		idemgrpc.NewClientInterceptor(),
		idemgrpc.NewClientInterceptor(idemgrpc.Methods("/shop.Orders/Create")),
	} {
		conn, err := grpc.NewClient(b.addr,
			grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithChainUnaryInterceptor(interceptor))
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = testpb.NewTestServiceClient(conn).UnaryCall(context.Background(), &testpb.SimpleRequest{})
		fmt.Println(status.Code(err))
		_ = conn.Close()
	}
	// Output:
	// OK
	// InvalidArgument
}

func ExampleMethods() {
	required := idemgrpc.Methods("/shop.Orders/Create", "/shop.Payments/*")
	fmt.Println(required("/shop.Orders/Create"), required("/shop.Orders/List"), required("/shop.Payments/Charge"))
	// Output: true false true
}

// The interop service says nothing of its methods; health is gRPC's own.
func ExampleNeedsKey() {
	fmt.Println(idemgrpc.NeedsKey("/grpc.testing.TestService/UnaryCall"), idemgrpc.NeedsKey("/grpc.health.v1.Health/Check"))
	// Output: true false
}

func ExampleFinished() {
	for _, code := range []codes.Code{codes.OK, codes.NotFound, codes.Unavailable, codes.DeadlineExceeded} {
		fmt.Println(code, idemgrpc.Finished(code))
	}
	// Output:
	// OK true
	// NotFound true
	// Unavailable false
	// DeadlineExceeded false
}

// A program that tries again by itself takes a key before the first try.
func ExampleNewKey() {
	b := openBank(idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped), nil)
	defer b.close()
	ctx := idemgrpc.WithKey(context.Background(), idemgrpc.NewKey())
	for range 2 {
		reply, err := b.UnaryCall(ctx, &testpb.SimpleRequest{})
		fmt.Println(reply.GetUsername(), status.Code(err))
	}
	// Output:
	// receipt-1 OK
	// receipt-1 OK
}

// Where the operation has a number of its own, that is its key, also after a restart.
func ExampleWithKey() {
	ctx := idemgrpc.WithKey(context.Background(), "order-123")
	sent, _ := metadata.FromOutgoingContext(ctx)
	fmt.Println(sent[idemgrpc.KeyName])
	// Output: [order-123]
}

func ExampleReplayed() {
	b := openBank(idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped), nil)
	defer b.close()
	ctx := idemgrpc.WithKey(context.Background(), "order-123")
	for range 2 {
		var header metadata.MD
		_, err := b.UnaryCall(ctx, &testpb.SimpleRequest{}, grpc.Header(&header))
		fmt.Println(idemgrpc.Replayed(header), status.Code(err))
	}
	// Output:
	// false OK
	// true OK
}

// An operator knows that the order was charged, though the server died before it could
// say so.
func ExampleNewResponse() {
	calls := idemgrpc.New(idem.New(memstore.New()), idemgrpc.Unscoped)
	b := openBank(calls, nil)
	defer b.close()
	known := idemgrpc.NewResponse(&testpb.SimpleResponse{Username: "receipt-by-hand"}, nil)
	fmt.Println(calls.Resolve(context.Background(), "*", "order-123", known))
	b.charge("order-123")
	// Output:
	// <nil>
	// receipt-by-hand replayed
}

// A teller is a client of a bank that numbers its receipts.
type teller struct {
	testpb.TestServiceClient

	addr  string
	close func()
}

// openBank runs a bank behind the interceptor, on a port of the loopback. A charge
// comes to what first says, which may be nil, or else to a receipt.
func openBank(calls *idemgrpc.Calls, first func(context.Context) error) *teller {
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(calls.Intercept))
	testpb.RegisterTestServiceServer(server, &countingBank{first: first})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(listener) }()
	addr := listener.Addr().String()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	return &teller{testpb.NewTestServiceClient(conn), addr, func() { _ = conn.Close(); server.Stop() }}
}

// charge sends a charge under a key, or without one, and prints what it comes to.
func (t *teller) charge(key string) {
	ctx := context.Background()
	if key != "" {
		ctx = idemgrpc.WithKey(ctx, key)
	}
	var header metadata.MD
	reply, err := t.UnaryCall(ctx, &testpb.SimpleRequest{}, grpc.Header(&header))
	switch {
	case err != nil:
		fmt.Println(status.Code(err), status.Convert(err).Message())
	case idemgrpc.Replayed(header):
		fmt.Println(reply.GetUsername(), "replayed")
	default:
		fmt.Println(reply.GetUsername())
	}
}

type countingBank struct {
	testpb.UnimplementedTestServiceServer

	first   func(context.Context) error
	charges atomic.Int32
}

func (b *countingBank) UnaryCall(ctx context.Context, _ *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	if b.first != nil {
		if err := b.first(ctx); err != nil {
			return nil, err
		}
	}
	return &testpb.SimpleResponse{Username: fmt.Sprintf("receipt-%d", b.charges.Add(1))}, nil
}
