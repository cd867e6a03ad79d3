package idemgrpc_test

import (
	"context"
	"fmt"
	"net"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"google.golang.org/grpc"
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
