package generics

import "cmp"

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
