package idem

import (
	"encoding/json"
	"reflect"
	"time"
)

// A Status says how an execution ended.
type Status string

// The statuses.
const (
	StatusSuccess Status = "success"
	StatusSkipped Status = "skipped"
	StatusFailed  Status = "failed"
)

// text returns the status as a value of type string. Of the known ones it costs no
// allocation.
func (s Status) text() any {
	switch s {
	case StatusSuccess:
		return "success"
	case StatusSkipped:
		return "skipped"
	case StatusFailed:
		return "failed"
	}
	return string(s)
}

// A State says where a key's execution stands.
type State string

// The states. Interrupted is not stored: it is a running execution whose owner
// let its lease run out.
const (
	StateRunning     State = "running"
	StateReleased    State = "released"
	StateInterrupted State = "interrupted"
	StateDone        State = "done"
)

// What results say in their Reason.
const (
	reasonDuplicate = "Duplicate execution prevented"
	reasonRefused   = "Duplicate execution not allowed"
	reasonTimeout   = "Timeout waiting for concurrent execution"
)

// A Result is what a wrapper's call returns.
type Result[R any] struct {
	Value  R      // the task's, or the first execution's
	Status Status // of this call
	Reason string // why it was skipped or has failed
	// Metadata is what the task gave to Skip or Fail; a duplicate reads it from
	// JSON. A skipped duplicate's says {"idempotent": true, "originalStatus": …}.
	Metadata  map[string]any
	Duplicate bool      // the task was not run for this call
	Original  *Original // the first execution, where Duplicate
}

// WithoutValue returns the result with its value left out.
func (r Result[R]) WithoutValue() Result[struct{}] {
	return Result[struct{}]{
		Status: r.Status, Reason: r.Reason, Metadata: r.Metadata, Duplicate: r.Duplicate, Original: r.Original,
	}
}

// An Original describes the execution whose answer a duplicate met.
type Original struct {
	ID         string
	Status     Status
	Attempt    int
	FinishedAt time.Time // by the clock of whoever ran it
}

// A Record is what Lookup tells of a key.
type Record[R any] struct {
	Key, ID    string
	State      State
	Attempt    int       // 0 for an answer by hand that nobody had run
	StartedAt  time.Time // by the clock of whoever ran it
	FinishedAt time.Time // zero unless done
	ExpiresAt  time.Time // by the caller's clock, from the store's remaining time
	Result     Result[R] // empty unless done; no Value where none is stored
}

// WithoutValue returns the record with its result's value left out.
func (r Record[R]) WithoutValue() Record[struct{}] {
	return Record[struct{}]{
		Key: r.Key, ID: r.ID, State: r.State, Attempt: r.Attempt,
		StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, ExpiresAt: r.ExpiresAt,
		Result: r.Result.WithoutValue(),
	}
}

// note is what is stored of an outcome beside its value. Who reads it ignores
// members that it does not know.
type note struct {
	Reason   string         `json:"reason,omitempty"`
	Metadata map[string]any `json:"metadata,omitempty"`
	Trace    string         `json:"trace,omitempty"`
}

func (r StoredRecord) note() (note, error) {
	var n note
	if len(r.Note) == 0 {
		return n, nil
	}
	return n, json.Unmarshal(r.Note, &n)
}

func (r StoredRecord) startedAt() time.Time { return time.UnixMicro(r.Started) }

func (r StoredRecord) original() *Original {
	return &Original{ID: r.ID, Status: r.Status, Attempt: r.Attempt, FinishedAt: r.startedAt().Add(r.Took)}
}

// TypeName returns a type's name with its whole import path, for the names of
// generic tasks: types of one name in two packages are two tasks.
func TypeName[T any]() string { return typeName(reflect.TypeFor[T]()) }

func typeName(t reflect.Type) string {
	if t.Name() != "" {
		if t.PkgPath() == "" {
			return t.Name()
		}
		return t.PkgPath() + "." + t.Name()
	}
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + typeName(t.Elem())
	case reflect.Slice:
		return "[]" + typeName(t.Elem())
	case reflect.Map:
		return "map[" + typeName(t.Key()) + "]" + typeName(t.Elem())
	}
	return t.String()
}
