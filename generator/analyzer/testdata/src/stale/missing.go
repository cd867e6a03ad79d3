package stale

//idem:task key=ID
type Missing struct{ ID int } // want `missing_idem.go is missing: run idemgen`
