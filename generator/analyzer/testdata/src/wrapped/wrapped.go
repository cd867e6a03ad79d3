// Package wrapped has tasks whose wrappers are up to date.
package wrapped

import "context"

// Pay is a task.
//
//idem:task key=ID
type Pay struct{ ID int } // want Pay:`task\(Run by IdempotentPay\)`

// Run pays.
func (p Pay) Run(context.Context) error { return nil }

// Send is a generic task with a method of its own choice.
//
//idem:task key=ID method=Deliver wrapper=Sending
type Send[T any] struct { // want Send:`task\(Deliver by Sending\)`
	ID   int
	Note string
}

// Deliver sends.
func (s *Send[T]) Deliver(context.Context) (T, error) { panic("no") }

// Run is not the wrapped method.
func (s *Send[T]) Run(context.Context) error { return nil }

// Plain is a handler task, which has no method to bypass.
//
//idem:task key=ID
type Plain struct{ ID int } // want Plain:`task\(handler by IdempotentPlain\)`

// Use calls directly.
func Use(ctx context.Context) {
	_ = Pay{}.Run(ctx) // want `this bypasses IdempotentPay, so that the task may run more than once: call the wrapper's Run, or say why not in a comment //idem:direct reason`
	pay := &Pay{}
	f := pay.Run // want `bypasses IdempotentPay`
	_ = f
	_ = Pay.Run // want `bypasses IdempotentPay`
	_ = NewIdempotentPay(nil).Run
}
