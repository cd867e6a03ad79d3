// Package policies has options that contradict each other.
package policies

import "context"

//idem:task key=ID ttl=1m lease=2m wait=100ms
type Lease struct{ ID string }

//idem:task key=ID on-duplicate=return-cached
type Nothing struct{ ID string }

func (Nothing) Run(context.Context) error { return nil }

//idem:task key=ID on-duplicate=return-cached on-error=store
type Failure struct{ ID string }

func (Failure) Run(context.Context) error { return nil }

//idem:task key=ID on-duplicate=return-cached
type Out struct {
	ID    string
	Total int `idem:"out"`
}

func (*Out) Run(context.Context) error { return nil }

//idem:task key=ID on-crash=fail ttl=1m
type Short struct{ ID string }

//idem:task key=ID on-crash=fail ttl=30m
type Shortish struct{ ID string }

//idem:task key=ID ttl=1s
type Brief struct{ ID string }
