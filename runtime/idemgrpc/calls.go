package idemgrpc

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// Calls makes the calls of a server run once for each idempotency key. Make one with
// [New]; it is safe for concurrent use.
type Calls struct {
	task   *idem.Task[*call, Response]
	byHand *idem.Task[*call, Response] // the same without a request to compare

	scope       func(ctx context.Context) string
	name        string
	rule        func(key string) error
	required    func(fullMethod string) bool
	fingerprint func(ctx context.Context, request proto.Message) ([]byte, error)
	finished    func(codes.Code) bool
	maxKey      int
	replayed    []string
	retryAfter  time.Duration
	cancels     bool
	taskOptions []idem.TaskOption
}

// New returns the server's interceptor, which keeps its records in client's store. scope
// tells whose a call is: an account's ID, from what authenticated the call; never a
// token, which may be renewed between two tries. Each caller has keys of its own, so
// that none is answered with another's response. A call for which scope returns "" is
// refused. An API with a single caller says so by [Unscoped].
//
// New panics if there is no client or scope, or if an option is out of its range.
func New(client *idem.Client, scope func(ctx context.Context) string, opts ...Option) *Calls {
	c := defaults()
	c.scope = scope
	for _, opt := range opts {
		opt(c)
	}
	options := slices.Concat(c.taskOptions, []idem.TaskOption{idem.WithOnDuplicate(idem.PolicyReturnCached), idem.WithOnError(idem.ErrorRelease)})
	spec := idem.Spec[*call, Response]{Name: c.name, Key: writeKey, Run: c.run}
	c.byHand = idem.NewTask(client, spec, options...)
	spec.Match = writeMatch
	c.task = idem.NewTask(client, spec, options...)
	if err := c.check(); err != nil {
		panic("idemgrpc: New: " + err.Error())
	}
	return c
}

// Unscoped is the scope of an API that has one caller only: everybody shares one space
// of keys, and who knows a key gets its response. It is "*", which Lookup, Forget and
// Resolve want as the scope then.
func Unscoped(context.Context) string { return "*" }

// A call is a call on its way through the interceptor: the task.
type call struct {
	method      string
	scope, key  string
	fingerprint []byte // what of the request must be the same again
	request     any
	handler     grpc.UnaryHandler

	stay     func() bool // parts the handler from the client's connection; false if that is over
	ran      bool        // the handler was called
	response any         // what it returned
	err      error       // likewise
}

// writeKey is the task's key.
func writeKey(k *idem.KeyWriter, x *call) {
	k.Part("scope").String(x.scope)
	k.Part("key").String(x.key)
}

// writeMatch is what makes two calls with one key the same.
func writeMatch(k *idem.KeyWriter, x *call) {
	k.Part("method").String(x.method)
	sum := sha256.Sum256(x.fingerprint)
	k.Part("message").Bytes(sum[:], true)
}

// Intercept is a grpc.UnaryServerInterceptor.
func (c *Calls) Intercept(ctx context.Context, request any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	x := &call{method: info.FullMethod, request: request, handler: handler}
	switch through, refusal := c.examine(ctx, x); {
	case refusal != nil:
		return nil, c.refuse(ctx, *refusal)
	case through:
		return handler(ctx, request)
	}
	return c.serve(ctx, x)
}

// examine looks at a call before anything is claimed: whether it passes through, and
// what is wrong with it.
func (c *Calls) examine(ctx context.Context, x *call) (through bool, _ *refusal) {
	if passes(x.method) {
		return true, nil
	}
	keys := metadata.ValueFromIncomingContext(ctx, KeyName)
	switch {
	case len(keys) == 0 && !c.required(x.method):
		return true, nil
	case len(keys) == 0:
		return false, &missingKey
	case len(keys) > 1:
		r := malformedKey.saying("there is more than one")
		return false, &r
	}
	if err := c.checkKey(keys[0]); err != nil {
		r := malformedKey.saying(err.Error())
		return false, &r
	}
	x.key = keys[0]
	if x.scope = c.scope(ctx); x.scope == "" {
		return false, &unknownCaller
	}
	message, ok := x.request.(proto.Message)
	if !ok {
		return false, &failure // of a codec that is not protobuf
	}
	var err error
	if x.fingerprint, err = c.fingerprint(ctx, message); err != nil {
		r := unreadable.saying(err.Error())
		return false, &r
	}
	return false, nil
}

// serve runs the handler, replays its response, or says why neither.
func (c *Calls) serve(ctx context.Context, x *call) (any, error) {
	own, done := c.context(ctx, x)
	defer done()
	res, err := c.task.Run(own, x)
	switch {
	case x.ran && errors.Is(err, idem.ErrLeaseLost):
		return nil, c.refuse(ctx, refusalOf(err))
	case x.ran:
		return x.response, x.err
	case err != nil:
		return nil, c.refuse(ctx, refusalOf(err))
	}
	return c.replay(ctx, res.Value)
}

// context returns the context of a call's execution. Until the handler starts it ends
// with the client's; afterwards it does not, unless that was asked for, and then ends
// at the call's deadline only.
func (c *Calls) context(ctx context.Context, x *call) (context.Context, context.CancelFunc) {
	if c.cancels {
		x.stay = func() bool { return true }
		return ctx, func() {}
	}
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	x.stay = context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	done := func() { cancel(nil) }
	if deadline, ok := ctx.Deadline(); ok {
		timed, stop := context.WithDeadline(own, deadline)
		return timed, func() { stop(); done() }
	}
	return own, done
}

var (
	errGone       = errors.New("idemgrpc: the client went away before the handler started")
	errUnfinished = errors.New("idemgrpc: the code says that the call is not finished")
)

// run is the task: it calls the handler.
func (c *Calls) run(ctx context.Context, x *call) (Response, error) {
	if !x.stay() {
		return Response{}, errGone
	}
	x.ran = true
	kept := &keeper{names: c.replayed}
	x.response, x.err = x.handler(kept.in(ctx), x.request)
	r := newResponse(x.response, x.err)
	if r.Code != codes.OK && !c.finished(r.Code) {
		return r, errUnfinished
	}
	r.Header, r.Trailer = kept.header, kept.trailer
	return r, nil
}

// Lookup tells what is recorded for a caller's key: also of a call that is in progress
// or was interrupted. Its errors are those of [idem.Task.Lookup].
func (c *Calls) Lookup(ctx context.Context, scope, key string) (idem.Record[Response], error) {
	return c.byHand.Lookup(ctx, &call{scope: scope, key: key})
}

// Forget lets a caller's key be used again, for the same call or another one. Its
// errors are those of [idem.Task.Forget].
func (c *Calls) Forget(ctx context.Context, scope, key string) error {
	return c.byHand.Forget(ctx, &call{scope: scope, key: key})
}

// Resolve records a response by hand, as [NewResponse] makes it, for a call that was
// interrupted: somebody knows how it ended. Its errors are those of
// [idem.Task.Resolve].
func (c *Calls) Resolve(ctx context.Context, scope, key string, r Response) error {
	return c.byHand.Resolve(ctx, &call{scope: scope, key: key}, r)
}
