package idemhttp

import (
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// The limits, unless options say otherwise.
const (
	DefaultMaxKeyLength    = 255
	DefaultMaxRequestBody  = 1 << 20
	DefaultMaxResponseBody = 512 << 10 // within what a client of package idem stores
)

// An Option sets up a [Middleware].
type Option func(*Middleware)

// WithTask sets ttl, lease, on-crash and codec, and how long a request waits for one
// in progress: by default not at all, so that it is answered 409. What becomes of
// duplicates and errors is the middleware's own.
func WithTask(opts ...idem.TaskOption) Option {
	return func(m *Middleware) { m.taskOptions = append(m.taskOptions, opts...) }
}

// WithName sets what stands for the API in stored keys, by default "http". Services
// that share a store and a prefix need names of their own.
func WithName(name string) Option { return func(m *Middleware) { m.name = name } }

// WithHeader sets the header that has the key, by default Idempotency-Key.
func WithHeader(name string) Option { return func(m *Middleware) { m.header = name } }

// WithRequired sets which requests are refused without a key. By default those of
// methods that are not idempotent by themselves: all but PUT and DELETE. Safe ones
// never need a key.
func WithRequired(required func(r *http.Request) bool) Option {
	return func(m *Middleware) { m.required = required }
}

// WithKeyRule sets what a key must be beyond the header's syntax, as a UUID. The
// error's text is shown to the client.
func WithKeyRule(rule func(key string) error) Option { return func(m *Middleware) { m.rule = rule } }

// WithMaxKeyLength sets how long a key may be, in characters.
func WithMaxKeyLength(n int) Option { return func(m *Middleware) { m.maxKey = n } }

// WithMaxRequestBody sets how large the body of a request with a key may be, in
// bytes. It is read into memory before the handler runs.
func WithMaxRequestBody(bytes int64) Option { return func(m *Middleware) { m.maxRequest = bytes } }

// WithMaxResponseBody sets how large a response's body may be, in bytes, so that it
// is held back and recorded. The client's [idem.WithMaxRecordSize] must allow it.
func WithMaxResponseBody(bytes int) Option { return func(m *Middleware) { m.maxResponse = bytes } }

// WithFingerprint sets what of a request's body must be the same when its key comes
// again, by default all of it: for instance what remains without a field that says
// when it was sent. Method and target always count. An error is answered 400.
func WithFingerprint(of func(r *http.Request, body []byte) ([]byte, error)) Option {
	return func(m *Middleware) { m.fingerprint = of }
}

// WithFinished sets which responses are recorded, and replayed from then on. By
// default those below 500, without 401, 403, 408, 425 and 429: these say that
// nothing was done, and that the same request may succeed later. It gets the
// response with its whole header, which the handler can use to say more.
func WithFinished(finished func(Response) bool) Option {
	return func(m *Middleware) { m.finished = finished }
}

// WithReplayedHeaders adds to the headers that are recorded and replayed. By default
// they are those that say what the body is (Content-Type, Content-Encoding,
// Content-Language, Content-Disposition), where its resource is (Location,
// Content-Location, Link), who may keep it (Cache-Control, Vary), and what a browser
// may do with it (Content-Security-Policy, Cross-Origin-Resource-Policy,
// Referrer-Policy, X-Content-Type-Options, X-Frame-Options). Think twice about
// Set-Cookie and ETag: a replay may come long after.
func WithReplayedHeaders(names ...string) Option {
	return func(m *Middleware) { m.replayed = append(slices.Clone(m.replayed), names...) }
}

// WithRetryAfter sets what a client that shall come again is told to wait, by default
// a second. It is sent in whole seconds.
func WithRetryAfter(d time.Duration) Option { return func(m *Middleware) { m.retryAfter = d } }

// WithProblemType sets what problems' types start with, by default [ProblemType]: the
// address of a page of yours, whose anchors are the kinds.
func WithProblemType(uri string) Option { return func(m *Middleware) { m.problemType = uri } }

// WithProblems sets how problems are written, for APIs with a form of their own for
// errors. Headers that matter are set already; status and body are not written.
func WithProblems(write func(w http.ResponseWriter, r *http.Request, p Problem)) Option {
	return func(m *Middleware) { m.problems = write }
}

// WithCancelOnDisconnect cancels a handler's context when its client goes away, as
// net/http does by itself. What the handler then answers is what counts.
func WithCancelOnDisconnect() Option { return func(m *Middleware) { m.cancels = true } }

func defaults() *Middleware {
	return &Middleware{
		name: "http", header: "Idempotency-Key",
		maxKey: DefaultMaxKeyLength, maxRequest: DefaultMaxRequestBody, maxResponse: DefaultMaxResponseBody,
		required:    func(r *http.Request) bool { return r.Method != http.MethodPut && r.Method != http.MethodDelete },
		fingerprint: func(_ *http.Request, body []byte) ([]byte, error) { return body, nil },
		finished:    finished,
		retryAfter:  time.Second,
		problemType: ProblemType,
		taskOptions: []idem.TaskOption{idem.WithWait(0)},
		replayed: []string{
			"Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Location",
			"Content-Security-Policy", "Content-Type", "Cross-Origin-Resource-Policy", "Link", "Location",
			"Referrer-Policy", "Vary", "X-Content-Type-Options", "X-Frame-Options",
		},
	}
}

func finished(r Response) bool {
	switch r.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooEarly,
		http.StatusTooManyRequests:
		return false
	}
	return r.Status < 500
}

// notReplayable are fields that belong to a connection or are set anew.
var notReplayable = []string{
	"Connection", "Content-Length", "Date", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding",
	"Upgrade", replayedHeader,
}

// check brings names into their canonical form and says what is wrong.
func (m *Middleware) check() error {
	m.header = textproto.CanonicalMIMEHeaderKey(m.header)
	for i, name := range m.replayed {
		m.replayed[i] = textproto.CanonicalMIMEHeaderKey(name)
		if !isToken(name) || slices.Contains(notReplayable, m.replayed[i]) {
			return fmt.Errorf("WithReplayedHeaders: %q cannot be replayed", name)
		}
	}
	switch {
	case !isToken(m.header):
		return fmt.Errorf("WithHeader: %q is no name of a header", m.header)
	case m.scope == nil:
		return fmt.Errorf("there is no scope: pass a function that tells whose request it is, or Unscoped")
	case m.maxKey < 1, m.maxRequest < 0, m.maxResponse < 0:
		return fmt.Errorf("a limit is negative, or that of keys zero")
	case m.retryAfter < 0:
		return fmt.Errorf("WithRetryAfter: %v is negative", m.retryAfter)
	case m.required == nil, m.fingerprint == nil, m.finished == nil:
		return fmt.Errorf("the function of an option is nil")
	}
	_, err := m.task.Key(&exchange{scope: "-", key: "-"})
	return err
}

// isToken tells whether s is a token of RFC 9110, as names of headers are.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && !slices.Contains([]byte("!#$%&'*+-.^_`|~"), c) {
			return false
		}
	}
	return s != ""
}
