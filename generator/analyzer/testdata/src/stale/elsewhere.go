//go:build never

package stale

//idem:task key=ID
type Elsewhere struct{ ID int }
