// Package shadows declares types with the names that generated code would use.
package shadows

import (
	"context"
)

type (
	w      struct{}
	client struct{}
	opts   struct{}
	ctx    struct{}
	value  struct{ ID v }
	k      struct{}
	v      string
	err    struct{}
)

func idem() {}

var time = 1

//idem:task key=task,Value,vs,Any() ttl=1m
type task struct {
	task  v
	Value *value
	vs    []v
	_     w
	_     client
	_     opts
	_     ctx
	_     k
	_     err
}

// Any may fail.
func (t task) Any() (v, error) { return "", nil }

// Run returns a type that hides.
func (t task) Run(context.Context) (value, error) { idem(); _ = time; return value{}, nil }

//idem:task key=ID method=task
type runner struct{ ID int }

func (r runner) task(context.Context) error { return nil }

// A wrapper or a codec named as a handler's result would be.
//
//idem:task key=ID wrapper=R codec=R2
type order struct{ ID int }

// R2 is a codec.
var R2 codec

type codec struct{}

func (codec) Name() string                { return "" }
func (codec) Marshal(any) ([]byte, error) { return nil, nil }
func (codec) Unmarshal([]byte, any) error { return nil }
