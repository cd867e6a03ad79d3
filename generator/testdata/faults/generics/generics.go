package generics

import (
	"cmp"
	"context"
)

//idem:task key=K
type AnyKey[K any] struct{ K K }

//idem:task key=K
type Ordered[K cmp.Ordered] struct{ K K }

//idem:task key=K
type Lists[K ~[]int] struct{ K K }

//idem:task key=ID
type Blank[_ any] struct{ ID int }

type Nested[T any] struct {
	ID   int
	Next *Nested[[]T]
}

//idem:task key=Nested
type Endless struct{ Nested Nested[int] }

type Embedding[T any] struct{ *Embedding[[]T] }

//idem:task key=ID
type EndlesslyEmbedded[T any] struct {
	ID int
	*EndlesslyEmbedded[[]T]
}

//idem:task key=ID
type HoldsEndless struct {
	ID int
	In struct{ Embedding[int] }
}

//idem:task key=M()
type EndlessPart struct{ ID int }

// M is a key part.
func (EndlessPart) M() (e Embedding[int]) { return e }

//idem:task key=ID
type EndlessResult struct{ ID int }

// Run returns what has no end.
func (EndlessResult) Run(context.Context) (e Embedding[int], err error) { return e, nil }
