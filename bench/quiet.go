package main

import "context"

// quiet drops what go-redis logs while a server starts: what matters comes as an
// error.
type quiet struct{}

// Printf implements go-redis's logger.
func (quiet) Printf(context.Context, string, ...any) {}
