package idemhttp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"net/url"

	idem "github.com/idemgen/idemgen/runtime"
)

// An exchange is a request on its way through the middleware: the task.
type exchange struct {
	request     *http.Request
	next        http.Handler
	writer      *writer
	stay        func() bool // parts the handler from the client's connection; false if that is over
	ran         bool        // the handler was called
	scope, key  string
	body        []byte
	fingerprint []byte // what of the body must be the same again
}

// writeKey is the task's key.
func writeKey(k *idem.KeyWriter, x *exchange) {
	k.Part("scope").String(x.scope)
	k.Part("key").String(x.key)
}

// writeMatch is what makes two requests with one key the same.
func writeMatch(k *idem.KeyWriter, x *exchange) {
	k.Part("method").String(x.request.Method)
	k.Part("target").String(target(x.request))
	sum := sha256.Sum256(x.fingerprint)
	k.Part("body").Bytes(sum[:], true)
}

// target is path and query as the client sent them, whatever a router has made of the
// request's URL since: two routes below different prefixes are never one.
func target(r *http.Request) string {
	u := r.URL
	if sent, err := url.ParseRequestURI(r.RequestURI); err == nil {
		u = sent
	}
	return u.EscapedPath() + "?" + u.RawQuery
}

// examine looks at a request before anything is claimed: whether it passes through,
// and what is wrong with it.
func (m *Middleware) examine(w http.ResponseWriter, x *exchange) (through bool, _ *Problem) {
	r := x.request
	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodConnect:
		return true, nil
	}
	values := r.Header.Values(m.header)
	switch {
	case len(values) == 0 && !m.required(r):
		return true, nil
	case len(values) == 0:
		p := missingKey.saying("Send the header %s, with a value that is new for each request and the same for its retries.", m.header)
		return false, &p
	case len(values) > 1:
		p := malformedKey.saying("There is more than one %s.", m.header)
		return false, &p
	}
	var err error
	if x.key, err = parseKey(values[0], m.maxKey); err == nil && m.rule != nil {
		err = m.rule(x.key)
	}
	if err != nil {
		p := malformedKey.saying("%s: %v.", m.header, err)
		return false, &p
	}
	if x.scope = m.scope(r); x.scope == "" {
		return false, &unknownCaller
	}
	if m.within(x) {
		return true, nil
	}
	if err = m.read(w, x); err != nil {
		p := unreadable(err)
		return false, &p
	}
	return false, nil
}

// within tells whether the request's own execution has come here again: the middleware
// is mounted twice, and the outer one sees to everything.
func (m *Middleware) within(x *exchange) bool {
	running := idem.FromContext(x.request.Context()).Key
	if running == "" {
		return false
	}
	key, err := m.task.Key(x)
	return err == nil && key == running
}

// read reads the request's body.
func (m *Middleware) read(w http.ResponseWriter, x *exchange) (err error) {
	r := x.request
	if r.ContentLength > m.maxRequest {
		return &http.MaxBytesError{Limit: m.maxRequest}
	}
	if r.Body != nil {
		x.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, m.maxRequest))
	}
	if err != nil {
		return err
	}
	x.fingerprint, err = m.fingerprint(x.forHandler(r.Context()), x.body)
	return err
}

// forHandler returns the request with its body unread.
func (x *exchange) forHandler(ctx context.Context) *http.Request {
	r := x.request.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(x.body))
	r.ContentLength = int64(len(x.body)) // also of one that came in chunks
	return r
}
