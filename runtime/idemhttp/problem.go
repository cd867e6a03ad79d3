package idemhttp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"strconv"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// A Problem is why a request was not handed to the handler, or its response not
// to the client, in the terms of RFC 9457. It tells nothing of the server's insides.
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// OriginalStatus and OriginalLocation are the first response's status and Location,
	// where these are known but its body was not kept.
	OriginalStatus   int    `json:"originalStatus,omitempty"`
	OriginalLocation string `json:"originalLocation,omitempty"`

	// RetryAfter is when to come again, or zero where that is of no use. It is sent
	// as a header.
	RetryAfter time.Duration `json:"-"`
	// Err is what is behind it, for logs: it may name keys and servers. It may be nil.
	Err error `json:"-"`
}

// ProblemType is what a problem's type starts with, unless [WithProblemType] says
// otherwise; what follows is the kind, as "#in-progress".
const ProblemType = "https://github.com/idemgen/idemgen/blob/main/docs/http.md"

// The kinds of problems. docs/http.md has a heading for each. Those with a RetryAfter
// get the one that is set up.
var (
	missingKey    = Problem{Type: "missing-key", Status: 400, Title: "Idempotency-Key is missing"}
	malformedKey  = Problem{Type: "malformed-key", Status: 400, Title: "Idempotency-Key is malformed"}
	unknownCaller = Problem{
		Type: "unknown-caller", Status: 403, Title: "The caller is not known",
		Detail: "An Idempotency-Key belongs to a caller, and this request does not say whose it is.",
	}
	unreadableBody = Problem{Type: "unreadable-body", Status: 400, Title: "The request's body cannot be read"}
	bodyTooLarge   = Problem{Type: "body-too-large", Status: 413, Title: "The request's body is too large"}
	inProgress     = Problem{
		Type: "in-progress", Status: 409, Title: "A request with this Idempotency-Key is in progress",
		Detail:     "Its response is not there yet. Send the request again later, with the same key.",
		RetryAfter: time.Second,
	}
	keyReused = Problem{
		Type: "key-reused", Status: 422, Title: "Idempotency-Key was used for another request",
		Detail: "A key stands for one request: its method, target and body. Send another request with a key of its own.",
	}
	notKept = Problem{
		Type: "response-not-kept", Status: 409, Title: "The response was not kept",
		Detail: "The request was handled when it came first, and is not handled again. Its response cannot be replayed.",
	}
	interrupted = Problem{
		Type: "interrupted", Status: 500, Title: "The request was interrupted",
		Detail: "It is not known how far the first request with this key has come. Sending it again does not help until somebody has looked.",
	}
	leaseLost = Problem{
		Type: "overtaken", Status: 503, Title: "The request was overtaken",
		Detail:     "Another request with this key may have been handled instead. Send the request again, with the same key, to get its response.",
		RetryAfter: time.Second,
	}
	unavailable = Problem{
		Type: "unavailable", Status: 503, Title: "Idempotency cannot be ensured at the moment",
		Detail:     "The request was not handled. Send it again later, with the same key.",
		RetryAfter: time.Second,
	}
	failure = Problem{
		Type: "failure", Status: 500, Title: "Idempotency cannot be ensured",
		Detail: "The request was not handled.",
	}
)

// saying returns the problem with details.
func (p Problem) saying(format string, args ...any) Problem {
	p.Detail = fmt.Sprintf(format, args...)
	return p
}

// problemOf tells what an error of the runtime is to the client.
func problemOf(err error) Problem {
	p := failure
	switch {
	case errors.Is(err, idem.ErrLeaseLost):
		p = leaseLost
	case errors.Is(err, idem.ErrInProgress), errors.Is(err, idem.ErrTimeout):
		p = inProgress
	case errors.Is(err, idem.ErrMismatch):
		p = keyReused
	case errors.Is(err, idem.ErrNoResult):
		p = notKept
	case errors.Is(err, idem.ErrInterrupted):
		p = interrupted
	case errors.Is(err, idem.ErrUnavailable), errors.Is(err, idem.ErrClosed), errors.Is(err, errGone),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p = unavailable
	}
	p.Err = err
	return p
}

// unreadable tells what an error of the request's body is to the client.
func unreadable(err error) Problem {
	p := unreadableBody
	large, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge:
		p = bodyTooLarge.saying("At most %d bytes are allowed.", large.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.Status = http.StatusRequestTimeout
	}
	p.Err = err
	return p
}

// refuse answers with a problem.
func (m *Middleware) refuse(w http.ResponseWriter, r *http.Request, p Problem) {
	p.Type = m.problemType + "#" + p.Type
	if p.RetryAfter > 0 {
		p.RetryAfter = m.retryAfter
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	if m.problems != nil {
		m.problems(w, r, p)
		return
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Language", "en")
	h.Set("X-Content-Type-Options", "nosniff")
	body, _ := json.Marshal(p) // texts and numbers always encode
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}
