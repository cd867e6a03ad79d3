package idemhttp

import (
	"context"
	"errors"
	"net/http"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// A Middleware makes handlers run once for each Idempotency-Key. Make one with [New];
// it is safe for concurrent use.
type Middleware struct {
	task   *idem.Task[*exchange, Response]
	byHand *idem.Task[*exchange, Response] // the same without a request to compare

	scope       func(r *http.Request) string
	name        string
	header      string
	rule        func(key string) error
	required    func(r *http.Request) bool
	fingerprint func(r *http.Request, body []byte) ([]byte, error)
	finished    func(Response) bool
	maxKey      int
	maxRequest  int64
	maxResponse int
	replayed    []string
	retryAfter  time.Duration
	problemType string
	problems    func(w http.ResponseWriter, r *http.Request, p Problem)
	cancels     bool
	taskOptions []idem.TaskOption
}

// New returns middleware that keeps its records in client's store. scope tells whose a
// request is: an account's ID, from what authenticated the request; never a token,
// which may be renewed between two tries. Each caller has keys of its own, so that
// none is answered with another's response. A request for which scope returns "" is
// refused. An API with a single caller says so by [Unscoped].
//
// New panics if there is no client or scope, or if an option is out of its range.
func New(client *idem.Client, scope func(r *http.Request) string, opts ...Option) *Middleware {
	m := defaults()
	m.scope = scope
	for _, opt := range opts {
		opt(m)
	}
	options := append([]idem.TaskOption{idem.WithCodec(Codec)}, m.taskOptions...)
	options = append(options, idem.WithOnDuplicate(idem.PolicyReturnCached), idem.WithOnError(idem.ErrorRelease))
	spec := idem.Spec[*exchange, Response]{Name: m.name, Key: writeKey, Run: m.run}
	m.byHand = idem.NewTask(client, spec, options...)
	spec.Match = writeMatch
	m.task = idem.NewTask(client, spec, options...)
	if err := m.check(); err != nil {
		panic("idemhttp: New: " + err.Error())
	}
	return m
}

// Unscoped is the scope of an API that has one caller only: everybody shares one space
// of keys, and who knows a key gets its response. It is "*", which Lookup, Forget and
// Resolve want as the scope then.
func Unscoped(*http.Request) string { return "*" }

// Wrap returns a handler that calls next at most once for each key.
func (m *Middleware) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{request: r, next: next}
		switch through, problem := m.examine(w, x); {
		case problem != nil:
			m.refuse(w, r, *problem)
		case through:
			next.ServeHTTP(w, r)
		default:
			m.serve(w, x)
		}
	})
}

// serve runs the handler, replays its response, or says why neither.
func (m *Middleware) serve(w http.ResponseWriter, x *exchange) {
	x.writer = newWriter(w, m.maxResponse)
	ctx, done := m.context(x)
	defer done()
	res, err := m.task.Run(ctx, x)
	switch {
	case x.ran && errors.Is(err, idem.ErrLeaseLost):
		if !x.writer.withdraw() {
			panic(http.ErrAbortHandler) // what the client has seen does not stand
		}
		m.refuse(w, x.request, problemOf(err))
	case x.ran:
		x.writer.deliver()
	case err != nil:
		m.refuse(w, x.request, problemOf(err))
	case res.Value.Omitted:
		p := notKept
		p.OriginalStatus, p.OriginalLocation = res.Value.Status, res.Value.Header.Get("Location")
		m.refuse(w, x.request, p)
	default:
		replay(w, res.Value)
	}
}

// context returns the context of a request's execution. Until the handler starts it
// ends with the client's connection; afterwards it does not, unless that was asked
// for, and then ends at the request's deadline only.
func (m *Middleware) context(x *exchange) (context.Context, context.CancelFunc) {
	client := x.request.Context()
	if m.cancels {
		x.stay = func() bool { return true }
		return client, func() {}
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(client))
	done := func() { cancel(nil) }
	x.stay = context.AfterFunc(client, func() { cancel(context.Cause(client)) })
	if deadline, ok := client.Deadline(); ok {
		ctx, stop := context.WithDeadline(ctx, deadline)
		return ctx, func() { stop(); done() }
	}
	return ctx, done
}

var (
	errGone       = errors.New("idemhttp: the client went away before the handler started")
	errUnfinished = errors.New("idemhttp: the response says that the request is not finished")
)

// run is the task: it calls the handler.
func (m *Middleware) run(ctx context.Context, x *exchange) (Response, error) {
	if !x.stay() {
		return Response{}, errGone
	}
	x.ran = true
	returned := false
	defer func() {
		if !returned {
			x.writer.abandon()
		}
	}()
	x.next.ServeHTTP(x.writer, x.forHandler(ctx))
	returned = true
	r, whole := x.writer.finish()
	if hijacked := r.Status == 0; !whole || !hijacked && !m.finished(r) {
		return r, errUnfinished
	}
	header := http.Header{}
	for _, name := range m.replayed {
		if values, ok := r.Header[name]; ok {
			header[name] = values
		}
	}
	r.Header = header
	return r, nil
}

// Lookup tells what is recorded for a caller's key: also of a request that is in
// progress or was interrupted. Its errors are those of [idem.Task.Lookup].
func (m *Middleware) Lookup(ctx context.Context, scope, key string) (idem.Record[Response], error) {
	return m.byHand.Lookup(ctx, &exchange{scope: scope, key: key})
}

// Forget lets a caller's key be used again, for the same request or another one. Its
// errors are those of [idem.Task.Forget].
func (m *Middleware) Forget(ctx context.Context, scope, key string) error {
	return m.byHand.Forget(ctx, &exchange{scope: scope, key: key})
}

// Resolve records a response by hand, for a request that was interrupted: somebody
// knows how it ended. Its errors are those of [idem.Task.Resolve].
func (m *Middleware) Resolve(ctx context.Context, scope, key string, r Response) error {
	if r.Status < 200 || r.Status > 999 {
		return errors.New("idemhttp: Resolve: the response has no final status")
	}
	return m.byHand.Resolve(ctx, &exchange{scope: scope, key: key}, r)
}
