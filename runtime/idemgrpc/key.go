package idemgrpc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// The names of metadata.
const (
	// KeyName has a call's key.
	KeyName = "idempotency-key"
	// ReplayedName is in the header of a response that is the first one's: "true".
	ReplayedName = "idempotency-replayed"
)

// WithKey returns a context whose calls are sent with that key, in place of one that
// they have. Every try of one operation must have the same, and another operation
// another one.
func WithKey(ctx context.Context, key string) context.Context {
	md, _ := metadata.FromOutgoingContext(ctx)
	md = md.Copy()
	if md == nil {
		md = metadata.MD{}
	}
	md.Set(KeyName, key)
	return metadata.NewOutgoingContext(ctx, md)
}

// NewKey returns a key that nobody else has: at least 128 random bits as text.
func NewKey() string { return rand.Text() }

// Replayed tells, by a response's header, whether it is the first one's.
func Replayed(header metadata.MD) bool {
	values := header.Get(ReplayedName)
	return len(values) == 1 && values[0] == "true"
}

// NewClientInterceptor returns the client's interceptor: it gives calls that need a key
// and have none (see [WithKey]) a new one. Without required, those that [NeedsKey] names
// need one.
//
// What is retried below it has the same key: gRPC's own retries, and interceptors that
// are chained after it. A program that calls again by itself gives its tries one key by
// WithKey.
func NewClientInterceptor(required ...func(fullMethod string) bool) grpc.UnaryClientInterceptor {
	if len(required) == 0 {
		required = append(required, NeedsKey)
	}
	return func(ctx context.Context, method string, request, reply any, conn *grpc.ClientConn,
		invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		md, _ := metadata.FromOutgoingContext(ctx)
		needs := func(required func(string) bool) bool { return required(method) }
		if len(md.Get(KeyName)) == 0 && slices.ContainsFunc(required, needs) {
			ctx = WithKey(ctx, NewKey())
		}
		return invoke(ctx, method, request, reply, conn, opts...)
	}
}

// checkKey says what is wrong with a key.
func (c *Calls) checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("it is empty")
	case len(key) > c.maxKey:
		return fmt.Errorf("it has %d characters, and at most %d are allowed", len(key), c.maxKey)
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return errors.New("it has a character that is not printable ASCII")
		}
	}
	if c.rule != nil {
		return c.rule(key)
	}
	return nil
}
