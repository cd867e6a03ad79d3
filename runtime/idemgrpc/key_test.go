package idemgrpc_test

import (
	"context"
	"sync"
	"testing"

	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/idemgen/idemgen/runtime/idemgrpc"
)

func count(m *sync.Map) (n int) {
	m.Range(func(any, any) bool { n++; return true })
	return n
}

func TestGRPCsOwnRetriesKeepTheKey(t *testing.T) {
	s := serve(t, memstore.New())
	s.handle = func(ctx context.Context, request *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
		if s.runs.Load() < 3 {
			return nil, status.Error(codes.Unavailable, "not yet")
		}
		return echo(ctx, request)
	}
	conn := dial(t, s, grpc.WithChainUnaryInterceptor(idemgrpc.NewClientInterceptor()), grpc.WithDefaultServiceConfig(`{
		"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.01s", "maxBackoff": "0.01s",
			"backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE", "ABORTED"]}}]}`))
	_, err := testpb.NewTestServiceClient(conn).UnaryCall(as(t.Context(), "ada"), &testpb.SimpleRequest{})
	require.NoError(t, err)
	assert.EqualValues(t, 3, s.runs.Load())
	assert.Equal(t, 1, count(&s.keys))
}

func TestEveryCallHasAKeyOfItsOwnUnlessItsCallerGivesOne(t *testing.T) {
	s := serve(t, memstore.New())
	client := testpb.NewTestServiceClient(dial(t, s, grpc.WithChainUnaryInterceptor(idemgrpc.NewClientInterceptor())))
	ctx := as(t.Context(), "ada", "other", "metadata")
	for range 3 {
		_, err := client.UnaryCall(ctx, &testpb.SimpleRequest{})
		require.NoError(t, err)
	}
	assert.Equal(t, 3, count(&s.keys))
	mine := idemgrpc.WithKey(ctx, "mine")
	for range 3 {
		var header metadata.MD
		_, err := client.UnaryCall(mine, &testpb.SimpleRequest{}, grpc.Header(&header))
		require.NoError(t, err)
	}
	assert.Equal(t, 4, count(&s.keys))
	assert.EqualValues(t, 4, s.runs.Load())
	md, _ := metadata.FromOutgoingContext(idemgrpc.WithKey(mine, "another"))
	assert.Equal(t, []string{"another"}, md.Get(idemgrpc.KeyName))
	assert.Equal(t, []string{"metadata"}, md.Get("other"))
}

func TestTheClientAddsAKeyToMarkedMethodsOnly(t *testing.T) {
	for name, tc := range map[string]struct {
		intercept grpc.UnaryClientInterceptor
		method    string
		keys      int
	}{
		"one that needs it":     {idemgrpc.NewClientInterceptor(), unary, 1},
		"one of gRPC's own":     {idemgrpc.NewClientInterceptor(), "/grpc.health.v1.Health/Check", 0},
		"one that is named":     {idemgrpc.NewClientInterceptor(idemgrpc.Methods(unary)), unary, 1},
		"one that is not named": {idemgrpc.NewClientInterceptor(idemgrpc.Methods("/a.A/One")), unary, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var keys []string
			err := tc.intercept(t.Context(), tc.method, nil, nil, nil,
				func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
					md, _ := metadata.FromOutgoingContext(ctx)
					keys = md.Get(idemgrpc.KeyName)
					return nil
				})
			require.NoError(t, err)
			assert.Len(t, keys, tc.keys)
		})
	}
}

func TestAMethodNeedsAKeyUnlessItsProtoSaysThatItIsIdempotent(t *testing.T) {
	method := func(name string, level *descriptorpb.MethodOptions_IdempotencyLevel) *descriptorpb.MethodDescriptorProto {
		m := &descriptorpb.MethodDescriptorProto{Name: &name, InputType: new(".grpc.testing.Empty"), OutputType: new(".grpc.testing.Empty")}
		if level != nil {
			m.Options = &descriptorpb.MethodOptions{IdempotencyLevel: level}
		}
		return m
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: new("shop_test.proto"), Package: new("shop.test"), Syntax: new("proto3"),
		Dependency: []string{testpb.File_grpc_testing_empty_proto.Path()},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: new("Orders"), Method: []*descriptorpb.MethodDescriptorProto{
			method("Create", nil),
			method("Set", descriptorpb.MethodOptions_IDEMPOTENT.Enum()),
			method("Get", descriptorpb.MethodOptions_NO_SIDE_EFFECTS.Enum()),
		}}},
	}, protoregistry.GlobalFiles)
	require.NoError(t, err)
	require.NoError(t, protoregistry.GlobalFiles.RegisterFile(file))
	for method, want := range map[string]bool{
		"/shop.test.Orders/Create":     true,
		"/shop.test.Orders/Set":        false,
		"/shop.test.Orders/Get":        false,
		"/unknown.Service/Method":      true,
		"/grpc.health.v1.Health/Check": false,
	} {
		assert.Equal(t, want, idemgrpc.NeedsKey(method), method)
	}
}

func TestMethodsNamesMethodsAndServices(t *testing.T) {
	named := idemgrpc.Methods("/a.A/One", "/b.B/*")
	for method, want := range map[string]bool{"/a.A/One": true, "/a.A/Two": false, "/b.B/One": true, "/bb.B/One": false, "": false} {
		assert.Equal(t, want, named(method), method)
	}
}
