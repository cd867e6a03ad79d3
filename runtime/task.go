package idem

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// A Task executes tasks of one kind at most once per key. Generated wrappers
// consist of one each; hand-written code may use it as well. It is safe for
// concurrent use.
type Task[T, R any] struct {
	client   *Client
	spec     Spec[T, R]
	settings settings
	onReplay func(context.Context, *Result[R]) // nil: nobody looks
	head     string                            // prefix, name and version, as every key starts
	void     bool                              // R is struct{}: there is no value to store
	pointer  bool                              // T is a pointer, which must not be nil
	err      error                             // what is wrong with spec or options
}

// NewTask returns the task that spec describes. What is wrong with spec or
// options every method of the task reports.
func NewTask[T, R any](client *Client, spec Spec[T, R], opts ...TaskOption) *Task[T, R] {
	t := &Task[T, R]{
		client: client, spec: spec, settings: defaults(opts),
		void:    reflect.TypeFor[R]() == reflect.TypeFor[struct{}](),
		pointer: reflect.TypeFor[T]().Kind() == reflect.Pointer,
	}
	var problem error
	switch {
	case client == nil || client.store == nil:
		problem = errors.New("no client with a store: pass idem.New(store)")
	case client.secret != nil && len(client.secret) < minSecret:
		problem = errShortSecret
	case spec.Name == "":
		problem = errors.New("Spec.Name is empty")
	case strings.Contains(spec.Name, "@"):
		problem = errors.New("Spec.Name has an '@', which separates a name from its version")
	case spec.Key == nil:
		problem = errors.New("Spec.Key is nil")
	case spec.Run == nil:
		problem = errors.New("there is no handler: Spec.Run is nil")
	case spec.Version < 0:
		problem = fmt.Errorf("Spec.Version is %d: at least 0", spec.Version)
	default:
		problem = t.settings.check()
		if t.onReplay, _ = t.settings.onReplay.(func(context.Context, *Result[R])); t.onReplay == nil && t.settings.onReplay != nil {
			problem = fmt.Errorf("WithOnReplay has a %T, and the task's results need a func(context.Context, *idem.Result[%s])",
				t.settings.onReplay, reflect.TypeFor[R]())
		}
	}
	if problem != nil {
		t.err = fmt.Errorf("idem: task %s: %w", spec.Name, problem)
		return t
	}
	prefix := spec.Prefix
	if prefix == "" {
		prefix = client.prefix
	}
	t.head = Key{Prefix: prefix, Task: spec.Name, Version: spec.Version}.String()
	return t
}

func defaults(opts []TaskOption) settings {
	s := settings{
		ttl: 24 * time.Hour, wait: 30 * time.Second, lease: 15 * time.Second,
		onDuplicate: PolicySkip, onError: ErrorRelease, onCrash: CrashRetry, codec: JSON,
	}
	for _, opt := range opts {
		opt(&s)
	}
	// Stores count in milliseconds.
	s.ttl, s.lease = s.ttl.Truncate(time.Millisecond), s.lease.Truncate(time.Millisecond)
	return s
}

// maxTTL keeps every sum of durations within what stores can count.
const maxTTL = 100 * 365 * 24 * time.Hour

func (s *settings) check() error {
	switch {
	case s.ttl < time.Second || s.ttl > maxTTL:
		return fmt.Errorf("ttl %v: from 1s to 100 years", s.ttl)
	case s.wait < 0:
		return fmt.Errorf("wait %v: at least 0", s.wait)
	case s.lease < 100*time.Millisecond || s.lease > maxTTL:
		return fmt.Errorf("lease %v: from 100ms to 100 years", s.lease)
	case s.onDuplicate != PolicySkip && s.onDuplicate != PolicyFail && s.onDuplicate != PolicyReturnCached:
		return fmt.Errorf("on-duplicate %q: one of skip, fail, return-cached", s.onDuplicate)
	case s.onError != ErrorRelease && s.onError != ErrorStore:
		return fmt.Errorf("on-error %q: one of release, store", s.onError)
	case s.onCrash != CrashRetry && s.onCrash != CrashFail:
		return fmt.Errorf("on-crash %q: one of retry, fail", s.onCrash)
	case s.codec == nil:
		return errors.New("the codec is nil")
	}
	return checkCodec(s.codec.Name())
}

// checkCodec tells whether a codec's name can stand in a record's header.
func checkCodec(name string) error {
	if name == "" || len(name) > 64 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7F || r == '=' }) {
		return fmt.Errorf("codec name %q: one word of up to 64 letters, digits and \"+-._/\"", name)
	}
	return nil
}

// Key returns the key under which task is stored. Its errors are ErrEmptyKey,
// and those of values that cannot be part of a key.
func (t *Task[T, R]) Key(task T) (string, error) {
	if t.err != nil {
		return "", t.err
	}
	if t.pointer && reflect.ValueOf(task).IsNil() {
		return "", fmt.Errorf("idem: task %s: the task is a nil pointer", t.spec.Name)
	}
	k := newKeyWriter(t.head)
	defer k.free()
	t.spec.Key(k, task)
	if k.err != nil {
		return "", fmt.Errorf("idem: task %s: key part %w", t.spec.Name, k.err)
	}
	if !k.filled && !t.spec.AllowEmpty {
		return "", &taskError{kind: ErrEmptyKey, task: t.spec.Name}
	}
	if t.client.secret != nil {
		return hashed(k.buf, len(t.head), t.client.secret), nil
	}
	return k.key(), nil
}

func (t *Task[T, R]) fingerprint(task T) (string, error) {
	if t.spec.Match == nil {
		return "", nil
	}
	k := newKeyWriter("")
	defer k.free()
	t.spec.Match(k, task)
	if k.err != nil {
		return "", fmt.Errorf("idem: task %s: match field %w", t.spec.Name, k.err)
	}
	if t.client.secret != nil {
		return hashedPrint(k.buf, t.client.secret), nil
	}
	return k.fingerprint(), nil
}

// call starts a caller's way through the protocol.
func (t *Task[T, R]) call(ctx context.Context, task T) (*call, error) {
	if ctx == nil {
		return nil, fmt.Errorf("idem: task %s: the context is nil", t.spec.Name)
	}
	key, err := t.Key(task)
	if err != nil {
		return nil, err
	}
	print, err := t.fingerprint(task)
	if err != nil {
		return nil, err
	}
	return &call{
		work: work{key: key}, client: t.client, settings: &t.settings, task: t.spec.Name, print: print, start: time.Now(),
	}, nil
}

// Run executes task unless its key was executed before. The result says which
// of the two happened; which errors there are is in the package's overview.
func (t *Task[T, R]) Run(ctx context.Context, task T) (res Result[R], err error) {
	c, err := t.call(ctx, task)
	if err == nil && !t.client.begin(&c.work) {
		err = c.fail(ErrClosed, "", nil)
	}
	if err != nil {
		res.refuse(err)
		return res, err
	}
	defer t.client.end(&c.work)
	h, err := t.approach(ctx, c, task, &res)
	if h != nil {
		err = t.execute(ctx, c, h, task, &res)
	}
	return res, err
}

// approach obtains a claim, or else the call's result. It is never part of Run,
// whose stack would have to bear it while the task runs.
//
//go:noinline
func (t *Task[T, R]) approach(ctx context.Context, c *call, task T, res *Result[R]) (*held, error) {
	o, err := c.obtain(ctx)
	switch {
	case errors.Is(err, ErrUnavailable) && !isPermanent(err) && t.client.failOpen:
		*res, err = t.unprotected(ctx, c, task, err)
	case err != nil:
		t.client.emit(ctx, Event{Kind: EventRefused, Task: c.task, Key: c.key, Duration: time.Since(c.start), Err: err})
		res.refuse(err)
	case o.answer != nil:
		*res, err = t.replay(ctx, c, o.answer, task)
	}
	return o.held, err
}

// refuse makes the result that stands beside an error for which nothing ran.
func (r *Result[R]) refuse(err error) {
	r.Status, r.Reason = StatusFailed, err.Error()
	if errors.Is(err, ErrTimeout) {
		r.Reason = reasonTimeout
	}
}

// replay gives a duplicate what its policy says of the first execution.
func (t *Task[T, R]) replay(ctx context.Context, c *call, answer *StoredRecord, task T) (Result[R], error) {
	res := Result[R]{Duplicate: true, Original: answer.original()}
	var err error
	switch t.settings.onDuplicate {
	case PolicySkip:
		res.Status, res.Reason = StatusSkipped, reasonDuplicate
		res.Metadata = map[string]any{"idempotent": true, "originalStatus": answer.Status.text()}
	case PolicyFail:
		res.Status, res.Reason = StatusFailed, reasonRefused
		err = &DuplicateError{Key: c.key, Original: *res.Original}
	case PolicyReturnCached:
		var n note
		res.Value, n, err = t.decode(c, answer)
		res.Status, res.Reason, res.Metadata = answer.Status, n.Reason, n.Metadata
		if _, failed := errors.AsType[*FailedError](err); t.onReplay != nil && (err == nil || failed) {
			t.onReplay(ctx, &res)
		}
		if err == nil && t.spec.Restore != nil {
			t.spec.Restore(task, res.Value)
		}
	}
	t.client.emit(ctx, Event{
		Kind: EventDuplicate, Task: c.task, Key: c.key, ID: answer.ID, Attempt: answer.Attempt,
		Status: answer.Status, Duration: time.Since(c.start), Err: err, Trace: c.client.traceOf(answer),
	})
	return res, err
}

// decode reads an answer; its error is the answer's own failure, or says why there
// is none to be had.
func (t *Task[T, R]) decode(c *call, answer *StoredRecord) (value R, n note, err error) {
	n, err = answer.note()
	switch {
	case err != nil:
		err = c.fail(ErrCorrupt, "its reason and metadata are no JSON", err)
	case answer.Status == StatusFailed:
		err = &FailedError{Key: c.key, Reason: n.Reason, Metadata: n.Metadata}
	case t.void:
	case !answer.HasValue:
		err = c.fail(ErrNoResult, fmt.Sprintf("it finished with status %q", answer.Status), nil)
	default:
		value, err = t.value(c, answer)
	}
	return value, n, err
}

func (t *Task[T, R]) value(c *call, answer *StoredRecord) (R, error) {
	var none, value R
	if name := t.settings.codec.Name(); answer.Codec != name {
		return none, c.fail(ErrCorrupt, fmt.Sprintf("its value was written by codec %q and is read by %q", answer.Codec, name), nil)
	}
	data := answer.Value
	if !isJSON(t.settings.codec) {
		data = bytes.Clone(data)
	}
	if err := unmarshal(t.settings.codec, data, &value); err != nil {
		return none, c.fail(ErrCorrupt, fmt.Sprintf("its value does not decode as %s", reflect.TypeFor[R]()), err)
	}
	return value, nil
}
