package idemgrpc_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/idemgen/idemgen/runtime/redisstore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/idemgen/idemgen/runtime/idemgrpc"
)

const unary = "/grpc.testing.TestService/UnaryCall"

// A service is a server of gRPC's TestService, on a port of the loopback. Its method
// UnaryCall does what handle says.
type service struct {
	testpb.UnimplementedTestServiceServer

	handle func(ctx context.Context, request *testpb.SimpleRequest) (*testpb.SimpleResponse, error)
	runs   atomic.Int32
	keys   sync.Map // that the handler has seen
	calls  *idemgrpc.Calls
	addr   string
}

func (s *service) UnaryCall(ctx context.Context, request *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	s.runs.Add(1)
	for _, key := range metadata.ValueFromIncomingContext(ctx, idemgrpc.KeyName) {
		s.keys.Store(key, true)
	}
	if s.handle != nil {
		return s.handle(ctx, request)
	}
	return echo(ctx, request)
}

func echo(_ context.Context, request *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	return &testpb.SimpleResponse{Username: "u", Payload: request.GetPayload()}, nil
}

// account is the scope: who calls says so by metadata.
func account(ctx context.Context) string {
	return strings.Join(metadata.ValueFromIncomingContext(ctx, "account"), "")
}

// optional says that a call may come without a key.
var optional = idemgrpc.WithRequired(func(string) bool { return false })

// serve runs a server until the test ends.
func serve(t *testing.T, store idem.Store, opts ...idemgrpc.Option) *service {
	t.Helper()
	client := idem.New(store)
	s := &service{calls: idemgrpc.New(client, account, opts...)}
	server := grpc.NewServer(grpc.ChainUnaryInterceptor(recovers, s.calls.Intercept))
	testpb.RegisterTestServiceServer(server, s)
	healthpb.RegisterHealthServer(server, health.NewServer())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.addr = l.Addr().String()
	ended := make(chan error)
	go func() { ended <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Stop()
		require.NoError(t, <-ended)
		require.NoError(t, client.Close(context.Background()))
	})
	return s
}

// recovers makes errors of panics.
func recovers(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (_ any, err error) {
	defer func() {
		if recover() != nil {
			err = status.Error(codes.Internal, "panic")
		}
	}()
	return next(ctx, request)
}

func dial(t *testing.T, s *service, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(s.addr, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// A reply is what a call came to.
type reply struct {
	message         *testpb.SimpleResponse
	err             error
	header, trailer metadata.MD
}

func (r reply) code() codes.Code { return status.Code(r.err) }

// reason returns why a call was refused.
func (r reply) reason() string {
	for _, d := range status.Convert(r.err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.Domain == idemgrpc.Domain {
			return info.Reason
		}
	}
	return ""
}

// retryDelay returns when to come again, or zero.
func (r reply) retryDelay() time.Duration {
	for _, d := range status.Convert(r.err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			return info.RetryDelay.AsDuration()
		}
	}
	return 0
}

// as returns a context in which account calls; metadata follows in pairs.
func as(ctx context.Context, account string, pairs ...string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, append(pairs, "account", account)...)
}

// call calls UnaryCall with a key, if there is one.
func call(ctx context.Context, t *testing.T, s *service, key, body string) reply {
	t.Helper()
	return <-begin(ctx, t, s, key, body)
}

// begin does so in the background.
func begin(ctx context.Context, t *testing.T, s *service, key, body string) <-chan reply {
	t.Helper()
	if key != "" {
		ctx = idemgrpc.WithKey(ctx, key)
	}
	client := testpb.NewTestServiceClient(dial(t, s))
	done := make(chan reply, 1)
	go func() {
		var r reply
		r.message, r.err = client.UnaryCall(ctx, &testpb.SimpleRequest{Payload: &testpb.Payload{Body: []byte(body)}},
			grpc.Header(&r.header), grpc.Trailer(&r.trailer))
		done <- r
	}()
	return done
}

// newRedisStore returns a store on a Redis of the test's own.
func newRedisStore(t *testing.T) idem.Store {
	t.Helper()
	return redisstore.New(redistest.Start(t).Client())
}

func TestACallThatComesAgainGetsTheFirstResponseFromAnyServer(t *testing.T) {
	store := newRedisStore(t)
	first, second := serve(t, store, idemgrpc.WithReplayedHeaders("Request-Cost")), serve(t, store)
	first.handle = func(ctx context.Context, request *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
		assert.Equal(t, "idempotency:grpc:ada:k1", idem.FromContext(ctx).Key)
		require.NoError(t, grpc.SetHeader(ctx, metadata.Pairs("request-cost", "7", "request-id", "1")))
		require.NoError(t, grpc.SetTrailer(ctx, metadata.Pairs("request-cost", "8")))
		return echo(ctx, request)
	}
	ctx := as(t.Context(), "ada")
	once := call(ctx, t, first, "k1", "hello")
	require.NoError(t, once.err)
	assert.False(t, idemgrpc.Replayed(once.header))
	assert.Equal(t, []string{"1"}, once.header.Get("request-id"))

	for _, s := range []*service{first, second} {
		again := call(ctx, t, s, "k1", "hello")
		require.NoError(t, again.err)
		assert.True(t, proto.Equal(once.message, again.message), "%v", again.message)
		assert.True(t, idemgrpc.Replayed(again.header))
		assert.Equal(t, []string{"7"}, again.header.Get("request-cost"))
		assert.Equal(t, []string{"8"}, again.trailer.Get("request-cost"))
		assert.Empty(t, again.header.Get("request-id"), "it is on no list")
	}
	assert.EqualValues(t, 1, first.runs.Load())
	assert.EqualValues(t, 0, second.runs.Load())
}

func TestACallerNeverGetsAnothersResponse(t *testing.T) {
	s := serve(t, memstore.New())
	require.NoError(t, call(as(t.Context(), "ada"), t, s, "k1", "hello").err)
	bob := call(as(t.Context(), "bob"), t, s, "k1", "hello")
	require.NoError(t, bob.err)
	assert.False(t, idemgrpc.Replayed(bob.header))
	assert.EqualValues(t, 2, s.runs.Load())

	nobody := call(t.Context(), t, s, "k1", "hello")
	assert.Equal(t, codes.PermissionDenied, nobody.code())
	assert.Equal(t, "UNKNOWN_CALLER", nobody.reason())
}

func TestAFaultyKeyIsAnInvalidArgument(t *testing.T) {
	s := serve(t, memstore.New(), idemgrpc.WithMaxKeyLength(10),
		idemgrpc.WithKeyRule(func(key string) error {
			if strings.HasPrefix(key, "x") {
				return errors.New("it starts with an x")
			}
			return nil
		}))
	for name, tc := range map[string]struct {
		pairs        []string
		reason, text string
	}{
		"missing":   {nil, "MISSING_KEY", "idempotency: the metadata idempotency-key is missing: send a value that is new for each call and the same for its retries"},
		"twice":     {[]string{idemgrpc.KeyName, "a", idemgrpc.KeyName, "b"}, "MALFORMED_KEY", "idempotency: the metadata idempotency-key is malformed: there is more than one"},
		"empty":     {[]string{idemgrpc.KeyName, ""}, "MALFORMED_KEY", "idempotency: the metadata idempotency-key is malformed: it is empty"},
		"too long":  {[]string{idemgrpc.KeyName, "12345678901"}, "MALFORMED_KEY", "idempotency: the metadata idempotency-key is malformed: it has 11 characters, and at most 10 are allowed"},
		"by a rule": {[]string{idemgrpc.KeyName, "x1"}, "MALFORMED_KEY", "idempotency: the metadata idempotency-key is malformed: it starts with an x"},
	} {
		t.Run(name, func(t *testing.T) {
			r := call(as(t.Context(), "ada", tc.pairs...), t, s, "", "hello")
			assert.Equal(t, codes.InvalidArgument, r.code())
			assert.Equal(t, tc.reason, r.reason())
			assert.Equal(t, tc.text, status.Convert(r.err).Message())
			assert.Zero(t, r.retryDelay())
		})
	}
	assert.Zero(t, s.runs.Load())
}

func TestWhatNeedsNoKeyPassesWithoutOne(t *testing.T) {
	s := serve(t, memstore.New(), optional)
	for range 2 {
		require.NoError(t, call(as(t.Context(), "ada"), t, s, "", "hello").err)
	}
	assert.EqualValues(t, 2, s.runs.Load())
	_, err := healthpb.NewHealthClient(dial(t, s)).Check(idemgrpc.WithKey(t.Context(), "k1"), &healthpb.HealthCheckRequest{})
	require.NoError(t, err, "gRPC's own services pass, whatever they are sent")
}

func TestAKeyStandsForOneCall(t *testing.T) {
	s := serve(t, memstore.New())
	ctx := as(t.Context(), "ada")
	require.NoError(t, call(ctx, t, s, "k1", "hello").err)
	other := call(ctx, t, s, "k1", "good bye")
	assert.Equal(t, codes.FailedPrecondition, other.code())
	assert.Equal(t, "KEY_REUSED", other.reason())
	_, err := testpb.NewTestServiceClient(dial(t, s)).EmptyCall(idemgrpc.WithKey(ctx, "k1"), &testpb.Empty{})
	assert.Equal(t, codes.FailedPrecondition, status.Code(err), "another method")
	assert.EqualValues(t, 1, s.runs.Load())
}

func TestAFingerprintMayLeaveSomethingOut(t *testing.T) {
	s := serve(t, memstore.New(), idemgrpc.WithFingerprint(func(_ context.Context, m proto.Message) ([]byte, error) {
		body := m.(*testpb.SimpleRequest).GetPayload().GetBody()
		if len(body) == 0 {
			return nil, errors.New("it is empty")
		}
		return body[:1], nil
	}))
	ctx := as(t.Context(), "ada")
	require.NoError(t, call(ctx, t, s, "k1", "hello").err)
	require.NoError(t, call(ctx, t, s, "k1", "hi").err)
	assert.Equal(t, "KEY_REUSED", call(ctx, t, s, "k1", "good bye").reason())
	r := call(ctx, t, s, "k2", "")
	assert.Equal(t, codes.InvalidArgument, r.code())
	assert.Equal(t, "UNREADABLE_REQUEST", r.reason())
}

// blocking makes the handler wait until it is let go.
func (s *service) blocking() (started chan struct{}, finish func()) {
	started = make(chan struct{}, 10)
	done := make(chan struct{})
	s.handle = func(ctx context.Context, request *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
		started <- struct{}{}
		select {
		case <-done:
			return echo(ctx, request)
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
	return started, sync.OnceFunc(func() { close(done) })
}

func TestOneInProgressIsAbortedAndToldWhenToComeAgain(t *testing.T) {
	store := newRedisStore(t)
	first, second := serve(t, store), serve(t, store, idemgrpc.WithRetryAfter(1500*time.Millisecond))
	started, finish := first.blocking()
	ctx := as(t.Context(), "ada")
	done := begin(ctx, t, first, "k1", "hello")
	<-started
	for _, s := range []*service{first, second} {
		r := call(ctx, t, s, "k1", "hello")
		assert.Equal(t, codes.Aborted, r.code())
		assert.Equal(t, "IN_PROGRESS", r.reason())
		assert.Positive(t, r.retryDelay())
	}
	r := call(ctx, t, second, "k1", "hello")
	assert.Equal(t, 1500*time.Millisecond, r.retryDelay())
	assert.Equal(t, []string{"1500"}, r.trailer.Get("grpc-retry-pushback-ms"))
	assert.Equal(t, "KEY_REUSED", call(ctx, t, second, "k1", "good bye").reason(), "at once")
	finish()
	require.NoError(t, (<-done).err)
	assert.True(t, idemgrpc.Replayed(call(ctx, t, second, "k1", "hello").header))
}

func TestACallMayWaitForOneInProgress(t *testing.T) {
	store := newRedisStore(t)
	first, second := serve(t, store), serve(t, store, idemgrpc.WithTask(idem.WithWait(time.Minute)))
	started, finish := first.blocking()
	ctx := as(t.Context(), "ada")
	done := begin(ctx, t, first, "k1", "hello")
	<-started
	waited := begin(ctx, t, second, "k1", "hello")
	require.Eventually(t, func() bool { // the waiting mark is set
		reply, err := store.Lookup(t.Context(), "idempotency:grpc:ada:k1")
		return err == nil && strings.HasPrefix(string(reply.Record), "i1 running+")
	}, 30*time.Second, time.Millisecond)
	finish()
	require.NoError(t, (<-done).err)
	r := <-waited
	require.NoError(t, r.err)
	assert.True(t, idemgrpc.Replayed(r.header))
	assert.EqualValues(t, 0, second.runs.Load())
}

func TestWhatIsFinishedIsStoredByItsCode(t *testing.T) {
	finished := map[codes.Code]bool{
		codes.InvalidArgument: true, codes.NotFound: true, codes.AlreadyExists: true, codes.FailedPrecondition: true, codes.OutOfRange: true,
	}
	s := serve(t, memstore.New())
	ctx := as(t.Context(), "ada")
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		t.Run(code.String(), func(t *testing.T) {
			failed, err := status.New(code, "as it is").WithDetails(&errdetails.ErrorInfo{Reason: "MINE"})
			require.NoError(t, err)
			s.handle = func(context.Context, *testpb.SimpleRequest) (*testpb.SimpleResponse, error) { return nil, failed.Err() }
			s.runs.Store(0)
			for try := range 2 {
				r := call(ctx, t, s, code.String(), "hello")
				assert.Equal(t, code, r.code())
				assert.True(t, proto.Equal(failed.Proto(), status.Convert(r.err).Proto()), "with its details")
				assert.Equal(t, finished[code] && try == 1, idemgrpc.Replayed(r.header))
			}
			want := int32(2)
			if finished[code] {
				want = 1
			}
			assert.Equal(t, want, s.runs.Load())
		})
	}
}

func TestWhatIsFinishedCanBeSaid(t *testing.T) {
	s := serve(t, memstore.New(), idemgrpc.WithFinished(func(codes.Code) bool { return true }))
	s.handle = func(context.Context, *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
		return nil, errors.New("broken")
	}
	ctx := as(t.Context(), "ada")
	for range 2 {
		r := call(ctx, t, s, "k1", "hello")
		assert.Equal(t, codes.Unknown, r.code())
		assert.Equal(t, "broken", status.Convert(r.err).Message())
	}
	assert.EqualValues(t, 1, s.runs.Load())
}

func TestAPanicLetsARetryRunAsTheNextAttempt(t *testing.T) {
	s := serve(t, memstore.New())
	s.handle = func(ctx context.Context, request *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
		if idem.FromContext(ctx).Attempt == 1 {
			panic("a bug")
		}
		return echo(ctx, request)
	}
	ctx := as(t.Context(), "ada")
	assert.Equal(t, codes.Internal, call(ctx, t, s, "k1", "hello").code())
	require.NoError(t, call(ctx, t, s, "k1", "hello").err)
}

func TestAClientThatGoesAwayGetsTheResponseByItsRetry(t *testing.T) {
	s := serve(t, newRedisStore(t), idemgrpc.WithTask(idem.WithWait(time.Minute)))
	started, finish := s.blocking()
	ctx, cancel := context.WithCancel(as(t.Context(), "ada"))
	done := begin(ctx, t, s, "k1", "hello")
	<-started
	cancel()
	assert.Equal(t, codes.Canceled, (<-done).code())
	time.AfterFunc(50*time.Millisecond, finish)
	r := call(as(t.Context(), "ada"), t, s, "k1", "hello")
	require.NoError(t, r.err)
	assert.True(t, idemgrpc.Replayed(r.header))
	assert.EqualValues(t, 1, s.runs.Load())
}

func TestAHandlerEndsWithItsClientWhereThatIsAskedFor(t *testing.T) {
	s := serve(t, memstore.New(), idemgrpc.WithCancelOnDisconnect(), idemgrpc.WithTask(idem.WithWait(time.Minute)))
	started, _ := s.blocking()
	ctx, cancel := context.WithCancel(as(t.Context(), "ada"))
	done := begin(ctx, t, s, "k1", "hello")
	<-started
	cancel()
	assert.Equal(t, codes.Canceled, (<-done).code())
	s.runs.Store(0)
	s.handle = nil
	r := call(as(t.Context(), "ada"), t, s, "k1", "hello")
	require.NoError(t, r.err)
	assert.False(t, idemgrpc.Replayed(r.header), "it was released, and runs again")
}

// intercepted calls the interceptor as a server does, for tests in a bubble, which has
// no network.
func intercepted(ctx context.Context, calls *idemgrpc.Calls, handle grpc.UnaryHandler) reply {
	ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("account", "ada", idemgrpc.KeyName, "k1"))
	_, err := calls.Intercept(ctx, &testpb.SimpleRequest{}, &grpc.UnaryServerInfo{FullMethod: unary}, handle)
	return reply{err: err}
}

func TestAHandlerEndsAtTheCallsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := idemgrpc.New(idem.New(memstore.New()), account)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r := intercepted(ctx, calls, func(ctx context.Context, _ any) (any, error) {
			<-ctx.Done()
			return nil, status.FromContextError(ctx.Err()).Err()
		})
		assert.Equal(t, codes.DeadlineExceeded, r.code())
	})
}

func TestRefusalsOfTheRuntimeHaveTheirCodes(t *testing.T) {
	s := serve(t, brokenStore{memstore.New()})
	r := call(as(t.Context(), "ada"), t, s, "k1", "hello")
	assert.Equal(t, codes.Unavailable, r.code())
	assert.Equal(t, "UNAVAILABLE", r.reason())
	assert.Positive(t, r.retryDelay())
	assert.NotContains(t, r.err.Error(), "10.0.0.1", "nothing of the server's insides")
	assert.Zero(t, s.runs.Load())
}

// A brokenStore does not answer.
type brokenStore struct{ idem.Store }

func (brokenStore) Claim(context.Context, string, idem.Claim) (idem.Reply, error) {
	return idem.Reply{}, errors.New("dial 10.0.0.1: no route")
}

func TestAResponseThatIsTooLargeIsNotKeptButNotRunAgainEither(t *testing.T) {
	s := serve(t, memstore.New())
	s.handle = func(context.Context, *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
		return &testpb.SimpleResponse{Username: strings.Repeat("x", 2<<20)}, nil
	}
	ctx := as(t.Context(), "ada")
	require.NoError(t, call(ctx, t, s, "k1", "hello").err)
	r := call(ctx, t, s, "k1", "hello")
	assert.Equal(t, codes.AlreadyExists, r.code())
	assert.Equal(t, "RESPONSE_NOT_KEPT", r.reason())
	assert.EqualValues(t, 1, s.runs.Load())
}

func TestAnInterruptedCallIsResolvedOrForgottenByHand(t *testing.T) {
	store := memstore.New()
	s := serve(t, store, idemgrpc.WithTask(idem.WithOnCrash(idem.CrashFail)))
	ctx := as(t.Context(), "ada")
	interrupt := func(key string) {
		_, err := store.Claim(t.Context(), "idempotency:grpc:ada:"+key, idem.Claim{
			ID: "a-process-that-is-gone", Now: time.Now(), Lease: time.Millisecond, Retention: time.Hour,
		})
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			r, err := s.calls.Lookup(ctx, "ada", key)
			return err == nil && r.State == idem.StateInterrupted
		}, 30*time.Second, time.Millisecond)
	}
	interrupt("k1")
	r := call(ctx, t, s, "k1", "hello")
	assert.Equal(t, codes.Internal, r.code())
	assert.Equal(t, "INTERRUPTED", r.reason())
	assert.Zero(t, r.retryDelay())

	byHand := &testpb.SimpleResponse{Username: "by hand"}
	require.NoError(t, s.calls.Resolve(ctx, "ada", "k1", idemgrpc.NewResponse(byHand, nil)))
	r = call(ctx, t, s, "k1", "hello")
	require.NoError(t, r.err)
	assert.Equal(t, "by hand", r.message.Username)

	interrupt("k2")
	require.NoError(t, s.calls.Forget(ctx, "ada", "k2"))
	require.NoError(t, call(ctx, t, s, "k2", "hello").err)
	assert.EqualValues(t, 1, s.runs.Load())
}

func TestAResponseWhoseLeaseWasLostIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := idemgrpc.New(idem.New(deafStore{memstore.New()}), account)
		r := intercepted(t.Context(), calls, func(ctx context.Context, _ any) (any, error) {
			<-ctx.Done()
			assert.ErrorIs(t, context.Cause(ctx), idem.ErrLeaseLost)
			return nil, status.Error(codes.Unknown, "the handler's own")
		})
		assert.Equal(t, codes.Unavailable, r.code())
		assert.Equal(t, "OVERTAKEN", r.reason())
	})
}

// A deafStore hears no heartbeat.
type deafStore struct{ idem.Store }

func (deafStore) Heartbeat(_ context.Context, held []idem.Lease, report func(int, error)) {
	for i := range held {
		report(i, errors.New("nobody answers"))
	}
}

func TestNewPanicsWhereSomethingIsMissing(t *testing.T) {
	client := idem.New(memstore.New())
	for want, build := range map[string]func(){
		"idemgrpc: New: there is no scope: pass a function that tells whose call it is, or Unscoped": func() { idemgrpc.New(client, nil) },
		`idemgrpc: New: WithReplayedHeaders: "grpc-status" cannot be replayed`:                       func() { idemgrpc.New(client, idemgrpc.Unscoped, idemgrpc.WithReplayedHeaders("grpc-status")) },
		"idemgrpc: New: WithMaxKeyLength: at least 1":                                                func() { idemgrpc.New(client, idemgrpc.Unscoped, idemgrpc.WithMaxKeyLength(0)) },
		"idemgrpc: New: WithRetryAfter: -1ns is negative":                                            func() { idemgrpc.New(client, idemgrpc.Unscoped, idemgrpc.WithRetryAfter(-1)) },
		"idemgrpc: New: the function of an option is nil":                                            func() { idemgrpc.New(client, idemgrpc.Unscoped, idemgrpc.WithFinished(nil)) },
		"idemgrpc: New: idem: task grpc: no client with a store: pass idem.New(store)":               func() { idemgrpc.New(nil, idemgrpc.Unscoped) },
	} {
		assert.PanicsWithValue(t, want, build)
	}
}
