// Package idemgrpc makes unary calls of gRPC run once for each idempotency key: a call
// that is sent again with its key gets the first one's response, and its handler does
// not run again.
//
//	calls := idemgrpc.New(client, func(ctx context.Context) string { return account(ctx).ID })
//	server := grpc.NewServer(grpc.ChainUnaryInterceptor(calls.Intercept))
//
//	conn, err := grpc.NewClient(target, grpc.WithChainUnaryInterceptor(idemgrpc.NewClientInterceptor()))
//
// The key is metadata, [KeyName], and docs/grpc.md has the table of answers.
//
// # Which calls
//
// By default those of methods whose idempotency_level is not set in their proto need a
// key; those of IDEMPOTENT ones may have one; NO_SIDE_EFFECTS ones pass through, and so
// do gRPC's own services, as health. [WithRequired] says otherwise. A key belongs to a
// caller, as the scope given to [New] tells. It stands for one call: with another
// method or message it is refused. Streams are not intercepted.
//
// # The handler
//
// It runs once its claim is acknowledged, and never without one, unless the client
// has [idem.WithFailOpen]. [idem.FromContext] gives it the execution: Attempt is above
// one where somebody may have been there before. Its context ends with the lease and at
// the call's deadline, but not because the client has gone: what is half done is worse
// than what nobody reads, and the retry gets the response. [WithCancelOnDisconnect]
// changes that.
//
// # The response
//
//   - What is finished is recorded: a message, or an error of a code of [Finished]. Else
//     the claim is released, and a retry runs as the next attempt.
//   - Of the metadata, only what is on the list of [WithReplayedHeaders] is recorded.
//   - A replay has the header [ReplayedName].
//   - A message that is too large for a record, or whose type is not registered, is
//     recorded without it: a retry runs nothing and learns that it was not kept.
//   - A panic releases the claim and goes on.
//   - A response whose lease was lost is not sent: somebody else's is the one that
//     stands. One that could not be recorded, since the store does not answer any more,
//     is sent. A retry may run.
//
// Chain the interceptor inside what authenticates and limits rates, and outside what
// recovers panics into errors.
package idemgrpc
