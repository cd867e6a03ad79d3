package stale

//idem:task key=ID
type Missing struct{ ID int } // want Missing:`task\(handler by IdempotentMissing\)` `missing_idem.go is missing: run idemgen`
