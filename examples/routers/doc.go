// Package routers shows idemhttp under three routers: chi, gin and echo.
//
// What it teaches: chi takes the middleware as it is. gin and echo keep a response
// writer, and echo its handlers' errors, to themselves: the adapters here, of a few
// lines each, are to be copied.
package routers

import "context"

// Pay pays for an order and returns the receipt: what the routers' handlers do.
type Pay func(ctx context.Context, order string) (string, error)
