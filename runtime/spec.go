package idem

import (
	"context"
	"time"
)

// A Spec says what one kind of task is: what makes two of them the same, and
// how one is executed. Generated code fills one in for each annotated struct;
// hand-written code may do the same.
type Spec[T, R any] struct {
	// Name is the task's name in keys, as "billing.ProcessPayment". Required.
	Name string
	// Version, if positive, is written after the name: a new version is a new
	// key space.
	Version int
	// Prefix is the first part of the key. Empty means the client's.
	Prefix string
	// Key writes the parts that make two tasks the same. Required.
	Key func(k *KeyWriter, task T)
	// Match, if set, writes the fields that must equal the first execution's.
	Match func(k *KeyWriter, task T)
	// AllowEmpty permits a key whose every part is a zero value.
	AllowEmpty bool
	// Run executes the task. Required.
	Run func(ctx context.Context, task T) (R, error)
	// Restore, if set, puts a replayed value back into a duplicate's task.
	Restore func(task T, value R)
}

// A Policy says what a duplicate gets once the first execution has finished.
type Policy string

// The policies of on-duplicate.
const (
	PolicySkip         Policy = "skip"          // nothing, and no error
	PolicyFail         Policy = "fail"          // a *DuplicateError
	PolicyReturnCached Policy = "return-cached" // the first one's result
)

// An ErrorPolicy says what an ordinary error of a task does to its claim.
type ErrorPolicy string

// The policies of on-error.
const (
	ErrorRelease ErrorPolicy = "release" // the claim is forgotten; a retry runs
	ErrorStore   ErrorPolicy = "store"   // the failure is the answer
)

// A CrashPolicy says what becomes of an execution whose owner vanished.
type CrashPolicy string

// The policies of on-crash.
const (
	CrashRetry CrashPolicy = "retry" // the next caller runs it again
	CrashFail  CrashPolicy = "fail"  // every caller gets ErrInterrupted
)

// A TaskOption overrides, for one wrapper, what the task's annotation says. An
// option out of its range is reported by every method of the wrapper.
type TaskOption func(*settings)

// settings are what TaskOptions set.
type settings struct {
	ttl, wait, lease time.Duration
	onDuplicate      Policy
	onError          ErrorPolicy
	onCrash          CrashPolicy
	codec            Codec
	onReplay         any // nil, or a func(context.Context, *Result[R])
}

// WithTTL sets how long a finished or interrupted execution is remembered: at
// least a second, by default 24 hours.
func WithTTL(d time.Duration) TaskOption { return func(s *settings) { s.ttl = d } }

// WithWait sets how long a duplicate waits for an execution in progress, by
// default 30 seconds. With 0 it does not wait but gets ErrInProgress at once.
func WithWait(d time.Duration) TaskOption { return func(s *settings) { s.wait = d } }

// WithLease sets how long a claim outlives its last heartbeat: at least 100
// milliseconds, by default 15 seconds, which is shorter than the default wait
// so that a waiter outlives a crashed owner.
func WithLease(d time.Duration) TaskOption { return func(s *settings) { s.lease = d } }

// WithOnDuplicate sets what a duplicate gets, by default [PolicySkip].
func WithOnDuplicate(p Policy) TaskOption { return func(s *settings) { s.onDuplicate = p } }

// WithOnError sets what an ordinary error does, by default [ErrorRelease].
func WithOnError(p ErrorPolicy) TaskOption { return func(s *settings) { s.onError = p } }

// WithOnCrash sets what becomes of an execution whose owner vanished, by
// default [CrashRetry].
func WithOnCrash(p CrashPolicy) TaskOption { return func(s *settings) { s.onCrash = p } }

// WithCodec sets how results are stored, by default as JSON.
func WithCodec(c Codec) TaskOption { return func(s *settings) { s.codec = c } }

// WithOnReplay sets what looks at every result that a duplicate is given under
// [PolicyReturnCached], and may change it, for instance to mark it as repeated. It
// is called on the duplicate's goroutine with a result of its own, before output
// fields are restored. What is stored, and the error of a stored failure, stay as
// they are. R must be the task's own type of result.
func WithOnReplay[R any](annotate func(ctx context.Context, res *Result[R])) TaskOption {
	return func(s *settings) {
		if s.onReplay = nil; annotate != nil {
			s.onReplay = annotate
		}
	}
}
