package idem

import (
	"errors"
	"fmt"
	"strings"
)

// The errors of this package. What methods return wraps one of them and says
// more; compare with errors.Is, or by [Code].
var (
	// ErrTimeout: the execution in progress did not end within the wait.
	ErrTimeout = newSentinel("IDEMPOTENCY_TIMEOUT", "Timeout waiting for concurrent execution")
	// ErrInProgress: somebody holds a live lease, and the caller does not wait.
	ErrInProgress = newSentinel("IN_PROGRESS", "execution in progress")
	// ErrDuplicate is what every *DuplicateError is.
	ErrDuplicate = newSentinel("DUPLICATE_EXECUTION", "Duplicate execution not allowed")
	// ErrFailed is what every *FailedError is.
	ErrFailed = newSentinel("EXECUTION_FAILED", "execution failed")
	// ErrMismatch: the task's match fields differ from the first execution's.
	ErrMismatch = newSentinel("FINGERPRINT_MISMATCH", "the key was used with other values of the match fields")
	// ErrEmptyKey: every part of the key is a zero value. Nothing ran.
	ErrEmptyKey = newSentinel("EMPTY_KEY", "every part of the key is a zero value")
	// ErrInterrupted: the owner vanished in the middle, and on-crash is fail.
	ErrInterrupted = newSentinel("INTERRUPTED", "the execution was interrupted")
	// ErrLeaseLost: the owner could not keep its claim, and somebody else may
	// have run the task. Also the cause with which its context is cancelled.
	ErrLeaseLost = newSentinel("LEASE_LOST", "the lease was lost")
	// ErrUnavailable: the store did not answer. Nothing ran.
	ErrUnavailable = newSentinel("STORE_UNAVAILABLE", "the store is unavailable")
	// ErrNotRecorded: the task has run, but its result could not be stored.
	ErrNotRecorded = newSentinel("NOT_RECORDED", "the task has run, but its result was not recorded")
	// ErrCorrupt: the key holds something that cannot be read. Nothing ran.
	ErrCorrupt = newSentinel("CORRUPT_RECORD", "the stored record cannot be read")
	// ErrNoResult: the first execution finished, but its value is not stored.
	ErrNoResult = newSentinel("NO_RESULT", "the first execution's value is not stored")
	// ErrNotFound: nothing is stored under the key.
	ErrNotFound = newSentinel("NOT_FOUND", "no execution is stored")
	// ErrClosed: the client was closed. Nothing ran.
	ErrClosed = newSentinel("CLIENT_CLOSED", "the client is closed")
)

// Code returns the code of an error of this package, or "" for any other.
func Code(err error) string {
	if c, ok := errors.AsType[coded](err); ok {
		return c.idemCode()
	}
	return ""
}

// coded has an unexported method so that no foreign error can pass for ours.
type coded interface {
	error
	idemCode() string
}

type sentinel struct{ code, text string }

func newSentinel(code, text string) error { return &sentinel{code, text} }

func (s *sentinel) Error() string    { return "idem: " + s.text }
func (s *sentinel) idemCode() string { return s.code }

// taskError is a sentinel with where and why.
type taskError struct {
	kind   error // a sentinel
	task   string
	key    string // may be empty
	detail string // may be empty
	cause  error  // may be nil
}

func (e *taskError) Error() string {
	var b strings.Builder
	b.WriteString(e.kind.Error())
	if e.detail != "" {
		b.WriteString(": " + e.detail)
	}
	if e.task != "" {
		b.WriteString(": task " + e.task)
	}
	if e.key != "" {
		b.WriteString(", key " + e.key)
	}
	if e.cause != nil {
		b.WriteString(": " + e.cause.Error())
	}
	return b.String()
}

func (e *taskError) Is(target error) bool { return target == e.kind }
func (e *taskError) Unwrap() error        { return e.cause }
func (e *taskError) idemCode() string     { return Code(e.kind) }

// A DuplicateError is what a duplicate gets where the policy is fail.
type DuplicateError struct {
	Key      string
	Original Original // the first execution
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("idem: %s: key %s finished with status %q", reasonRefused, e.Key, e.Original.Status)
}

// Is reports whether target is ErrDuplicate.
func (e *DuplicateError) Is(target error) bool { return target == ErrDuplicate }

func (e *DuplicateError) idemCode() string { return Code(ErrDuplicate) }

// A FailedError is an execution's failure for good, as its task declared it with
// [Fail] or as on-error=store kept it: the same for the first caller and for
// every duplicate that gets the first one's result. The first caller's wraps the
// task's own error.
type FailedError struct {
	Key      string
	Reason   string
	Metadata map[string]any

	declared bool  // by Fail, in the task that runs now
	cause    error // the task's own error, where it is at hand
}

func (e *FailedError) Error() string {
	if e.Key == "" {
		return e.Reason
	}
	return fmt.Sprintf("idem: execution failed: %s: key %s", e.Reason, e.Key)
}

// Is reports whether target is ErrFailed.
func (e *FailedError) Is(target error) bool { return target == ErrFailed }

// Unwrap returns the task's own error, or nil where only its text is known.
func (e *FailedError) Unwrap() error { return e.cause }

// idemCode is the metadata's "code", if it has one.
func (e *FailedError) idemCode() string {
	if code, ok := e.Metadata["code"].(string); ok && code != "" {
		return code
	}
	return Code(ErrFailed)
}

// Fail returns the error by which a task says that it has failed for good: the
// failure is stored as the task's answer and is not retried. metadata may be
// nil; a string under "code" becomes the error's [Code].
func Fail(reason string, metadata map[string]any) error {
	return &FailedError{Reason: reason, Metadata: metadata, declared: true}
}

// declaredFailure finds the failure that a task declared in what it returned. One
// of another task's execution, which it met on its way, is not its own.
func declaredFailure(err error) *FailedError {
	if fail, ok := err.(*FailedError); ok { //nolint:errorlint // walks the tree itself
		if fail.declared {
			return fail
		}
		return nil
	}
	switch wraps := err.(type) { //nolint:errorlint // walks the tree itself
	case interface{ Unwrap() error }:
		if next := wraps.Unwrap(); next != nil {
			return declaredFailure(next)
		}
	case interface{ Unwrap() []error }:
		for _, next := range wraps.Unwrap() {
			if fail := declaredFailure(next); fail != nil {
				return fail
			}
		}
	}
	return nil
}

// Skip returns the error by which a task says that there was nothing to do. It
// is stored as the task's answer; the wrapper returns no error, but a result
// with StatusSkipped, the reason and the metadata, which may be nil.
func Skip(reason string, metadata map[string]any) error {
	return &skipError{reason, metadata}
}

type skipError struct {
	reason   string
	metadata map[string]any
}

func (e *skipError) Error() string { return "skipped: " + e.reason }
