package idemgrpc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
)

// DefaultMaxKeyLength is how long a key may be, in characters, unless an option says
// otherwise.
const DefaultMaxKeyLength = 255

// An Option sets up [New].
type Option func(*Calls)

// WithTask sets ttl, lease, on-crash and codec, and how long a call waits for one in
// progress: by default not at all, so that it is answered Aborted. What becomes of
// duplicates and errors is the interceptor's own.
func WithTask(opts ...idem.TaskOption) Option {
	return func(c *Calls) { c.taskOptions = append(c.taskOptions, opts...) }
}

// WithName sets what stands for the API in stored keys, by default "grpc". Services
// that share a store and a prefix need names of their own.
func WithName(name string) Option { return func(c *Calls) { c.name = name } }

// WithRequired sets which methods' calls are refused without a key, by default those
// that [NeedsKey] names.
func WithRequired(required func(fullMethod string) bool) Option {
	return func(c *Calls) { c.required = required }
}

// WithKeyRule sets what a key must be beyond printable ASCII, as a UUID. The error's
// text is shown to the client.
func WithKeyRule(rule func(key string) error) Option { return func(c *Calls) { c.rule = rule } }

// WithMaxKeyLength sets how long a key may be, in characters.
func WithMaxKeyLength(n int) Option { return func(c *Calls) { c.maxKey = n } }

// WithFingerprint sets what of a request must be the same when its key comes again, by
// default all of it: for instance what remains without a field that says when it was
// sent. The method always counts. An error is answered InvalidArgument.
func WithFingerprint(of func(ctx context.Context, request proto.Message) ([]byte, error)) Option {
	return func(c *Calls) { c.fingerprint = of }
}

// WithFinished sets of which codes a response is recorded, and replayed from then on,
// by default [Finished]. OK always is.
func WithFinished(finished func(codes.Code) bool) Option {
	return func(c *Calls) { c.finished = finished }
}

// Finished names the codes that are recorded by default: OK, InvalidArgument, NotFound,
// AlreadyExists, FailedPrecondition and OutOfRange. The others say that nothing was
// done, that it is not known what was, or that the same call may succeed later.
func Finished(code codes.Code) bool {
	switch code {
	case codes.OK, codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.FailedPrecondition, codes.OutOfRange:
		return true
	}
	return false
}

// WithReplayedHeaders adds to the metadata that is recorded and replayed, of headers and
// of trailers. By default none is.
func WithReplayedHeaders(names ...string) Option {
	return func(c *Calls) { c.replayed = append(slices.Clone(c.replayed), names...) }
}

// WithRetryAfter sets what a client that shall come again is told to wait, by default a
// second: in the status's RetryInfo, and to gRPC's own retries as their pushback.
func WithRetryAfter(d time.Duration) Option { return func(c *Calls) { c.retryAfter = d } }

// WithCancelOnDisconnect cancels a handler's context when its client goes away, as gRPC
// does by itself.
func WithCancelOnDisconnect() Option { return func(c *Calls) { c.cancels = true } }

func defaults() *Calls {
	return &Calls{
		name: "grpc", maxKey: DefaultMaxKeyLength, required: NeedsKey, finished: Finished, retryAfter: time.Second,
		fingerprint: func(_ context.Context, request proto.Message) ([]byte, error) {
			return proto.MarshalOptions{Deterministic: true}.Marshal(request)
		},
		taskOptions: []idem.TaskOption{idem.WithWait(0)},
	}
}

func (c *Calls) check() error {
	for i, name := range c.replayed {
		c.replayed[i] = strings.ToLower(name)
		if strings.HasPrefix(c.replayed[i], "grpc-") || c.replayed[i] == ReplayedName {
			return fmt.Errorf("WithReplayedHeaders: %q cannot be replayed", name)
		}
	}
	switch {
	case c.scope == nil:
		return errors.New("there is no scope: pass a function that tells whose call it is, or Unscoped")
	case c.maxKey < 1:
		return errors.New("WithMaxKeyLength: at least 1")
	case c.retryAfter < 0:
		return fmt.Errorf("WithRetryAfter: %v is negative", c.retryAfter)
	case c.required == nil, c.fingerprint == nil, c.finished == nil:
		return errors.New("the function of an option is nil")
	}
	_, err := c.task.Key(&call{scope: "-", key: "-"})
	return err
}
