// Package promoted has tasks whose method is an embedded type's.
package promoted

import "context"

// Base runs.
type Base struct{ ID int }

// Run has a pointer receiver.
func (b *Base) Run(context.Context) (int, error) { return b.ID, nil }

// ByValue embeds a value: only its pointer can run.
//
//idem:task key=ID
type ByValue struct{ Base }

// ByPointer embeds a pointer: its value can run.
//
//idem:task key=ID
type ByPointer struct{ *Base }

// Runner runs.
type Runner interface {
	Run(context.Context) error
}

// ByInterface embeds an interface.
//
//idem:task key=ID
type ByInterface struct {
	Runner
	ID int
}

// Step is a defined type of a struct type.
//
//idem:task key=ID
type Step Base

// Context is an alias.
type Context = context.Context

// Failure is an alias.
type Failure = error

// Aliased takes aliases.
//
//idem:task key=ID
type Aliased struct{ ID Key }

// Key is an alias.
type Key = int

// Run takes aliases.
func (a Aliased) Run(Context) (Key, Failure) { return a.ID, nil }
