package idemotel

import (
	"context"
	"errors"
	"reflect"

	idem "github.com/idemgen/idemgen/runtime"
	"go.opentelemetry.io/otel/attribute"
)

// The attributes. error.type is that of OpenTelemetry's general conventions.
const (
	attrTask      = attribute.Key("idem.task")
	attrKey       = attribute.Key("idem.key")
	attrOutcome   = attribute.Key("idem.outcome")
	attrStatus    = attribute.Key("idem.status")
	attrID        = attribute.Key("idem.execution.id")
	attrAttempt   = attribute.Key("idem.execution.attempt")
	attrErrorType = attribute.Key("error.type")
)

// ended tells whether e is the end of an execution.
func ended(e idem.Event) bool {
	switch e.Kind {
	case idem.EventRecorded, idem.EventReleased, idem.EventNotRecorded, idem.EventUnprotected:
		return true
	}
	return false
}

// outcome says, for the end of an execution or of a wait, what it came to.
func outcome(e idem.Event) string {
	switch {
	case e.Kind == idem.EventWaited && e.Err != nil:
		return "gave_up"
	case e.Kind == idem.EventWaited && e.Status == "":
		return "claimed"
	case e.Kind == idem.EventWaited:
		return "answered"
	case e.Kind == idem.EventUnprotected:
		return "unprotected"
	case errors.Is(e.Err, idem.ErrLeaseLost):
		return "lease_lost"
	case e.Kind == idem.EventNotRecorded:
		return "not_recorded"
	case e.Kind == idem.EventReleased && e.Err != nil:
		return "not_released"
	case e.Kind == idem.EventReleased:
		return "released"
	}
	return "recorded"
}

// failure is the error of what e ends, or nil: the task's own one, unless that only
// says that there was nothing to do, or else what became of its answer.
func failure(e idem.Event) error {
	if e.Returned != nil && e.Status != idem.StatusSkipped {
		return e.Returned
	}
	return e.Err
}

// errorType is a name for an error that has few values: the code of an error of
// idem's, or else its type.
func errorType(err error) string {
	switch {
	case errors.Is(err, idem.ErrFailed): // its code is the task's own, whatever that is
		return idem.Code(idem.ErrFailed)
	case idem.Code(err) != "":
		return idem.Code(err)
	case errors.Is(err, context.Canceled):
		return "context.Canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "context.DeadlineExceeded"
	}
	return reflect.TypeOf(err).String()
}

// describe returns an error's text without the key that errors of idem's end in.
func describe(err error) string {
	if failed, ok := errors.AsType[*idem.FailedError](err); ok {
		return failed.Reason
	}
	if code := idem.Code(err); code != "" {
		return code
	}
	return err.Error()
}
