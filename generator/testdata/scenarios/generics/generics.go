// Package generics has tasks with type parameters.
package generics

import (
	"context"
	"encoding"
	"net/http"
)

// Number is a constraint.
type Number interface{ ~int | ~int32 }

// Texter is a constraint whose types have a text.
type Texter interface {
	comparable
	encoding.TextMarshaler
}

// Pair is generic.
//
//idem:task key=Key,Count,Flag,Size,Text,Float
type Pair[K ~string, N Number, B interface{ bool }, U ~uint8 | ~uint, T Texter, F ~float32 | ~float64, V any] struct {
	Key   K
	Count N
	Flag  B
	Size  U
	Text  T
	Float F
	Value V
}

// Run returns what was given.
func (p Pair[K, N, B, U, T, F, V]) Run(context.Context) (map[K]V, error) { return nil, nil }

// Box is a generic type of results.
type Box[T any] struct{ V T }

// List is a generic alias.
type List[T any] = []Box[T]

// Put returns instantiated types.
//
//idem:task key=ID name=boxes.put
type Put[T any] struct{ ID int }

// Run returns a list.
func (p *Put[T]) Run(context.Context) (List[*Box[T]], error) { return nil, nil }

// Handle has a constraint of another package.
//
//idem:task key=ID
type Handle[H interface {
	http.Handler
	~struct{ A int }
}] struct {
	ID int
	H  H
}

// Renamed calls its parameters otherwise in its methods.
//
//idem:task key=Code(),Rest()
type Renamed[K Texter, V any] struct {
	code K
	rest V
}

// Code may fail, and returns what MarshalText knows.
func (r Renamed[A, _]) Code() (A, error) { return r.code, nil }

// Rest returns a struct of the parameter.
func (r *Renamed[A, B]) Rest() []struct{ A A } { return nil }

// Run returns both.
func (r *Renamed[X, Y]) Run(context.Context) (map[X]Y, error) { return map[X]Y{r.code: r.rest}, nil }
