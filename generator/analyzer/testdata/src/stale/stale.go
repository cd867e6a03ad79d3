// Package stale has wrappers that are not as they should be.
package stale

//idem:task key=ID ttl=2h
type Stale struct{ ID int } // want Stale:`task\(handler by IdempotentStale\)` `stale_idem.go is stale: run idemgen`
