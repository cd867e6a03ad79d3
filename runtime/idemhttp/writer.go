package idemhttp

import (
	"bufio"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A writer is what the handler writes its response to. It holds the response back
// until it is recorded, or until it cannot be held back any longer: then it is live,
// and passes on what it is given.
type writer struct {
	client http.ResponseWriter
	limit  int         // of the body to be recorded
	before http.Header // the client's header as the handler found it
	header http.Header // the handler's own

	mu       sync.Mutex
	status   int         // 0 before WriteHeader
	sent     http.Header // the handler's as of WriteHeader
	declared int64       // its Content-Length, or -1
	length   int64       // of the body so far
	body     []byte      // as much of it as may be recorded; nil once it is too large
	large    bool        // the body is over the limit
	live     bool        // status and header were sent
	lost     error       // what the client's connection said when it failed
	hijacked bool
	over     bool // the handler has returned
	through  bool // the handler has panicked: what comes now is who recovers from it
}

func newWriter(client http.ResponseWriter, limit int) *writer {
	header := client.Header()
	return &writer{client: client, limit: limit, before: header.Clone(), header: header.Clone(), declared: -1}
}

var errOver = errors.New("idemhttp: the handler has returned, and its response is recorded")

// Header implements [http.ResponseWriter].
func (w *writer) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter].
func (w *writer) WriteHeader(status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case status < 100 || status > 999:
		panic("idemhttp: invalid WriteHeader code " + strconv.Itoa(status)) // as net/http does
	case w.through:
		w.client.WriteHeader(status)
	case w.over:
		// Typical of a framework that renders errors outside of the middleware.
		slog.Error("idemhttp: a response was written after its handler had returned, and is lost", "status", status)
	case w.hijacked || w.status != 0:
	case status < 200 && status != http.StatusSwitchingProtocols:
		set(w.client.Header(), w.header)
		w.client.WriteHeader(status)
	default:
		w.begin(status)
		if status == http.StatusSwitchingProtocols {
			w.large = true // whatever comes of it
			w.goLive()
		}
	}
}

func (w *writer) begin(status int) {
	w.status = status
	w.sent = w.header.Clone()
	if n, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		w.declared = n
	}
}

// Write implements [http.ResponseWriter].
func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.through:
		return w.client.Write(p)
	case w.over:
		return 0, errOver
	case w.hijacked:
		return 0, http.ErrHijacked
	case w.status == 0:
		w.begin(http.StatusOK)
	}
	switch {
	case !bodyAllowed(w.status):
		return 0, http.ErrBodyNotAllowed
	case w.declared >= 0 && w.length+int64(len(p)) > w.declared:
		return 0, http.ErrContentLength
	}
	w.length += int64(len(p))
	if !w.large && len(w.body)+len(p) > w.limit {
		w.large = true
		if !w.live {
			w.guessType(p)
			w.goLive()
		}
		w.body = nil
	}
	if w.large {
		if w.lost != nil {
			return 0, w.lost
		}
		return w.client.Write(p)
	}
	w.body = append(w.body, p...)
	if w.live {
		w.pass(p)
	}
	return len(p), nil
}

// pass sends a part of a body that is recorded as well. Who does not get it can come
// again, so the handler need not know.
func (w *writer) pass(p []byte) {
	if w.lost == nil && len(p) > 0 {
		_, w.lost = w.client.Write(p)
	}
}

// goLive sends what was held back.
func (w *writer) goLive() {
	w.live = true
	w.guessType(nil)
	set(w.client.Header(), w.sent)
	w.client.WriteHeader(w.status)
	w.pass(w.body)
}

// guessType sets the Content-Type that net/http would guess, so that a replay has the
// same. more is what follows the body so far.
func (w *writer) guessType(more []byte) {
	_, typed := w.sent["Content-Type"]
	data := w.body
	if len(data) < sniffed {
		data = slices.Concat(data, more[:min(len(more), sniffed)])
	}
	if !typed && len(data) > 0 && bodyAllowed(w.status) && w.sent.Get("Content-Encoding") == "" {
		w.sent.Set("Content-Type", http.DetectContentType(data))
	}
}

const sniffed = 512 // bytes that http.DetectContentType looks at

// Flush implements [http.Flusher].
func (w *writer) Flush() { _ = w.FlushError() }

// FlushError is what [http.ResponseController] calls.
func (w *writer) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.through:
		return http.NewResponseController(w.client).Flush()
	case w.over:
		return errOver
	case w.hijacked:
		return http.ErrHijacked
	case w.status == 0:
		w.begin(http.StatusOK)
	}
	if !w.live {
		w.goLive()
	}
	if w.lost == nil {
		err := http.NewResponseController(w.client).Flush()
		if errors.Is(err, http.ErrNotSupported) {
			return err
		}
		w.lost = err
	}
	if w.large {
		return w.lost
	}
	return nil
}

// Hijack implements [http.Hijacker].
func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return nil, nil, errOver
	}
	if w.status != 0 && !w.live {
		w.goLive()
	}
	conn, buffered, err := http.NewResponseController(w.client).Hijack()
	w.hijacked = w.hijacked || err == nil
	return conn, buffered, err
}

// Unwrap lets [http.ResponseController] set deadlines.
func (w *writer) Unwrap() http.ResponseWriter { return w.client }

// finish takes the response from a handler that has returned. whole tells whether
// its body is as long as its header says.
func (w *writer) finish() (r Response, whole bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.hijacked {
		return Response{Status: w.status, Header: w.sent, Omitted: true}, true
	}
	if w.status == 0 {
		w.begin(http.StatusOK)
	}
	if !w.live {
		w.guessType(nil)
	}
	r = Response{Status: w.status, Header: w.sent.Clone(), Body: w.body, Omitted: w.large}
	return r, w.declared <= w.length || !bodyAllowed(w.status)
}

// deliver sends what is still held back of a finished response.
func (w *writer) deliver() {
	if w.hijacked {
		return
	}
	_, trailers := w.sent["Trailer"]
	for name, values := range w.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			w.sent[name], trailers = values, true
		}
	}
	if !w.live {
		_, encoded := w.sent["Transfer-Encoding"]
		if w.declared < 0 && !trailers && !encoded && bodyAllowed(w.status) {
			w.sent.Set("Content-Length", strconv.FormatInt(w.length, 10))
		}
		w.goLive()
	}
	if trailers { // which net/http takes from the header when all is over
		maps.Copy(w.client.Header(), w.header)
	}
}

// withdraw takes back what the handler has done to the header, for another response
// in place of its own. It tells whether that is still possible.
func (w *writer) withdraw() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.live || w.hijacked {
		return false
	}
	set(w.client.Header(), w.before)
	return true
}

// abandon drops what was held back of a handler that has panicked. Frameworks that
// recover panics into responses may write to this writer still.
func (w *writer) abandon() {
	if w.withdraw() {
		w.header = w.client.Header()
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.through = true
}

// set makes one header equal to another.
func set(header, to http.Header) {
	clear(header)
	for name, values := range to {
		header[name] = slices.Clone(values)
	}
}
