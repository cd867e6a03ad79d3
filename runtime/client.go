package idem

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// A Client executes tasks at most once per key, with a store as its memory. One
// client serves a whole process; it needs no closing, but [Client.Close] lets a
// process end without leaving claims behind.
type Client struct {
	store    Store
	prefix   string
	failOpen bool
	observer Observer
	tracer   Tracer
	logger   *slog.Logger // nil: slog.Default() at the time of logging
	maxSize  int
	secret   []byte // of hashed keys; nil: keys are readable

	flights flights
	heart   heart

	open  context.Context //nolint:containedctx // the client's own life, ended by Close
	close context.CancelFunc

	mu   sync.Mutex
	idle chan struct{} // made by Close, closed when work is empty
	work *work         // executions and background releases under way, as a ring
}

// work is something that Close waits for.
type work struct {
	key        string
	prev, next *work
}

// An Option configures a client.
type Option func(*Client)

// WithPrefix sets the first part of every key, by default "idempotency". A
// task's own prefix goes before it.
func WithPrefix(prefix string) Option { return func(c *Client) { c.prefix = prefix } }

// WithFailOpen lets tasks run unprotected while the store does not answer,
// rather than fail with ErrUnavailable. Two of them may then run at once. What no
// retry will mend, such as a missing right, stays an error.
func WithFailOpen() Option { return func(c *Client) { c.failOpen = true } }

// WithObserver adds somebody who is told of every event, for metrics and traces. A
// panic of an observer is caught and printed on standard error.
func WithObserver(o Observer) Option {
	return func(c *Client) {
		first := c.observer
		switch {
		case o == nil:
		case first == nil:
			c.observer = o
		default:
			c.observer = func(ctx context.Context, e Event) {
				first(ctx, e)
				o(ctx, e)
			}
		}
	}
}

// WithTracer sets who puts executions into traces. Package idemotel has one for
// OpenTelemetry.
func WithTracer(t Tracer) Option { return func(c *Client) { c.tracer = t } }

// WithLogger sets where claims and results (debug), lost leases and unrecorded
// results (warn) are logged, by default slog.Default().
func WithLogger(l *slog.Logger) Option { return func(c *Client) { c.logger = l } }

// WithMaxRecordSize sets the largest record, in bytes, that is stored, by
// default 1 MiB. A result that does not fit is recorded without its value.
func WithMaxRecordSize(bytes int) Option { return func(c *Client) { c.maxSize = bytes } }

// New returns a client of store.
func New(store Store, opts ...Option) *Client {
	c := &Client{
		store:   store,
		prefix:  "idempotency",
		maxSize: 1 << 20,
	}
	c.open, c.close = context.WithCancel(context.Background())
	for _, opt := range opts {
		opt(c)
	}
	c.flights.byKey = map[string]*flight{}
	c.heart.store = store
	return c
}

// Close stops claiming: from now on every call that would have to ask the store
// for a claim gets ErrClosed, and so do those that wait. Then it waits for the
// running tasks to finish and to record, until ctx ends; its error says which
// keys were left. The store stays open.
func (c *Client) Close(ctx context.Context) error {
	c.mu.Lock()
	if c.idle == nil {
		c.idle = make(chan struct{})
		c.close()
		if c.work == nil {
			close(c.idle)
		}
	}
	idle := c.idle
	c.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	c.mu.Lock()
	var keys []string
	for w := c.work; w != nil; {
		keys = append(keys, w.key)
		if w = w.next; w == c.work {
			break
		}
	}
	c.mu.Unlock()
	if len(keys) == 0 {
		return nil
	}
	slices.Sort(keys)
	more := ""
	if n := len(keys); n > 10 {
		keys, more = keys[:10], fmt.Sprintf(" and %d more", n-10)
	}
	return fmt.Errorf("idem: Close: still running: %s%s: %w", strings.Join(keys, ", "), more, ctx.Err())
}

// begin registers work that Close waits for; it refuses once the client is
// closed.
func (c *Client) begin(w *work) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.idle != nil {
		return false
	}
	c.add(w)
	return true
}

// background runs f as work of its own, also while the client closes: only work
// that Close waits for already calls it.
func (c *Client) background(key string, f func()) {
	w := &work{key: key}
	c.mu.Lock()
	c.add(w)
	c.mu.Unlock()
	go func() {
		defer c.end(w)
		f()
	}()
}

func (c *Client) add(w *work) {
	if c.work == nil {
		w.prev, w.next = w, w
		c.work = w
		return
	}
	w.prev, w.next = c.work.prev, c.work
	w.prev.next, w.next.prev = w, w
}

func (c *Client) end(w *work) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.prev.next, w.next.prev = w.next, w.prev
	switch {
	case w.next == w:
		c.work = nil
	case c.work == w:
		c.work = w.next
	}
	if c.idle != nil && c.work == nil {
		close(c.idle)
	}
}
