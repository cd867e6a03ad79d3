package idemgrpc

import (
	"context"
	"errors"
	"strconv"

	idem "github.com/idemgen/idemgen/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Domain is that of the ErrorInfo by which a refusal's status says its reason.
const Domain = "github.com/idemgen/idemgen"

// A refusal is why a call was not handed to the handler, or its response not to the
// client. It tells nothing of the server's insides.
type refusal struct {
	code   codes.Code
	reason string // of the ErrorInfo
	text   string
	again  bool // send the call again, later
}

// The refusals. docs/grpc.md has the table.
var (
	missingKey    = refusal{codes.InvalidArgument, "MISSING_KEY", "the metadata " + KeyName + " is missing: send a value that is new for each call and the same for its retries", false}
	malformedKey  = refusal{codes.InvalidArgument, "MALFORMED_KEY", "the metadata " + KeyName + " is malformed", false}
	unknownCaller = refusal{codes.PermissionDenied, "UNKNOWN_CALLER", "an idempotency key belongs to a caller, and this call does not say whose it is", false}
	unreadable    = refusal{codes.InvalidArgument, "UNREADABLE_REQUEST", "the request cannot be read", false}
	keyReused     = refusal{codes.FailedPrecondition, "KEY_REUSED", "the idempotency key was used for another call: a key stands for one method and message", false}
	inProgress    = refusal{codes.Aborted, "IN_PROGRESS", "a call with this idempotency key is in progress: send it again later, with the same key", true}
	notKept       = refusal{codes.AlreadyExists, "RESPONSE_NOT_KEPT", "the call was handled when it came first, and is not handled again; its response was not kept", false}
	interrupted   = refusal{codes.Internal, "INTERRUPTED", "the call was interrupted, and it is not known how far it has come: sending it again does not help until somebody has looked", false}
	leaseLost     = refusal{codes.Unavailable, "OVERTAKEN", "another call with this idempotency key may have been handled instead: send it again, with the same key, to get its response", true}
	unavailable   = refusal{codes.Unavailable, "UNAVAILABLE", "idempotency cannot be ensured at the moment, and the call was not handled: send it again later, with the same key", true}
	failure       = refusal{codes.Internal, "FAILURE", "idempotency cannot be ensured, and the call was not handled", false}
)

// saying returns the refusal with details.
func (r refusal) saying(detail string) refusal {
	r.text += ": " + detail
	return r
}

// refusalOf tells what an error of the runtime is to the client.
func refusalOf(err error) refusal {
	switch {
	case errors.Is(err, idem.ErrLeaseLost):
		return leaseLost
	case errors.Is(err, idem.ErrInProgress), errors.Is(err, idem.ErrTimeout):
		return inProgress
	case errors.Is(err, idem.ErrMismatch):
		return keyReused
	case errors.Is(err, idem.ErrNoResult):
		return notKept
	case errors.Is(err, idem.ErrInterrupted):
		return interrupted
	case errors.Is(err, idem.ErrUnavailable), errors.Is(err, idem.ErrClosed), errors.Is(err, errGone),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unavailable
	}
	return failure
}

// refuse returns a refusal's status.
func (c *Calls) refuse(ctx context.Context, r refusal) error {
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: r.reason, Domain: Domain}}
	if r.again {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(c.retryAfter)})
		// What gRPC's own retries heed, see its proposal A6. It fails outside of a server only.
		_ = grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", strconv.FormatInt(c.retryAfter.Milliseconds(), 10)))
	}
	s := status.New(r.code, "idempotency: "+r.text)
	if detailed, err := s.WithDetails(details...); err == nil {
		s = detailed
	}
	return s.Err()
}
