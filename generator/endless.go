package generator

import "go/types"

// endless reports whether a type embeds, itself or in what it holds, a generic type
// that embeds itself with new type arguments each time, as
//
//	type List[T any] struct{ *List[[]T] }
//
// which the compiler refuses, and in which looking for a method has no end.
func endless(t types.Type) bool {
	e := embedding{seen: map[types.Type]bool{}}
	e.follow(t, 0)
	return e.endless
}

// manyTypes ends the search in a type that holds itself with new type arguments,
// which is as endless but does no harm.
const manyTypes = 500

type embedding struct {
	seen    map[types.Type]bool
	endless bool
}

// follow goes through a type, and counts how many types were embedded one in the
// other on the way.
func (e *embedding) follow(t types.Type, embedded int) {
	if e.endless = e.endless || embedded > deepest; e.endless || e.seen[t] || len(e.seen) > manyTypes {
		return
	}
	e.seen[t] = true
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		e.follow(t.Underlying(), embedded)
	case *types.Struct:
		for f := range t.Fields() {
			if f.Embedded() {
				e.follow(f.Type(), embedded+1)
			} else {
				e.follow(f.Type(), 0)
			}
		}
	case *types.Pointer:
		e.follow(t.Elem(), embedded)
	case *types.Slice:
		e.follow(t.Elem(), 0)
	case *types.Array:
		e.follow(t.Elem(), 0)
	case *types.Map:
		e.follow(t.Key(), 0)
		e.follow(t.Elem(), 0)
	}
}
