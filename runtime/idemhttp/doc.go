// Package idemhttp is net/http middleware for the Idempotency-Key header: a
// request that is sent again with its key gets the first one's response, and its
// handler does not run again.
//
//	requests := idemhttp.New(client, func(r *http.Request) string { return account(r).ID })
//	mux.Handle("POST /orders", requests.Wrap(createOrder))
//
// It follows draft-ietf-httpapi-idempotency-key-header-07 and answers what it
// refuses with problem details ([RFC 9457]); docs/http.md has the table of answers.
//
// # Which requests
//
// Safe methods pass through. POST and PATCH need a key, unless [WithRequired] says
// otherwise; PUT and DELETE may have one. A key belongs to a caller, as the scope
// given to [New] tells. It stands for one request: with another method, target
// (path and query, as the client sent them) or body it is refused. The body is read
// before anything is claimed, up to [WithMaxRequestBody], so that a client that
// sends slowly holds nothing.
//
// # The handler
//
// It runs once its claim is acknowledged, and never without one, unless the client
// has [idem.WithFailOpen]. [idem.FromContext] gives it the execution: Attempt is
// above one where somebody may have been there before. Its context ends with the
// lease and at the request's deadline, but not because the client has gone: what is
// half done is worse than what nobody reads, and the retry gets the response.
// [WithCancelOnDisconnect] changes that.
//
// # The response
//
// It is held back until it is recorded, and then sent, so that no client has seen
// an answer that a retry would not get. There are these rules:
//
//   - Only what is finished is recorded: a status below 500, without those that say
//     that nothing was done yet (see [WithFinished]), a body as long as its
//     Content-Length, and a handler that returned. Otherwise the claim is released,
//     and a retry runs as the next attempt.
//   - Of the header, only what is on the list of [WithReplayedHeaders] is recorded.
//   - Flush sends what there is; from then on the response goes to the client as it
//     is written, and is recorded as well. A retry gets it in one piece.
//   - A body over [WithMaxResponseBody] is sent from there on, and recorded without
//     its body: a retry runs nothing and learns that the response was not kept.
//   - Writes and flushes do not fail because the client has gone, as long as the
//     response can still be recorded.
//   - Informational responses (1xx) are sent at once and not recorded, as are
//     trailers with the end of the response.
//   - A hijacked connection is the handler's. The request is done when the handler
//     returns, and a retry learns that the response was not kept.
//   - A panic, [http.ErrAbortHandler] too, releases the claim and goes on. What was
//     held back is not sent.
//   - A response whose lease was lost is not sent, and one that is being sent is cut
//     off: somebody else's is the one that stands.
//   - A response that could not be recorded, since the store does not answer any more,
//     is sent. A retry may run.
//
// Mount it inside what authenticates, limits rates, sets CORS headers, compresses
// and limits time, and outside what recovers panics into responses. A
// [http.TimeoutHandler] must be outside: inside, it answers while its handler still
// runs, and a retry would run beside it.
//
// [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457
package idemhttp
