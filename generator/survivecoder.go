package generator

import (
	"fmt"
	"go/types"
	"strings"
)

// writesItself reports whether a value of type t is written by a method of its
// own, after reporting what is wrong with that.
func (s *survival) writesItself(t types.Type, at step) bool {
	for _, form := range []string{"JSON", "Text"} {
		marshal, unmarshal := "Marshal"+form, "Unmarshal"+form
		if !isCoder(t, true, marshal) {
			continue
		}
		_, isString := t.Underlying().(*types.Basic)
		switch {
		case !isCoder(t, at.addressable, marshal):
			s.lost(at, fmt.Sprintf("%s of %s has a pointer receiver, and is not called for a value that no pointer leads to", marshal, s.name(t)), "make it a pointer")
		case s.promoted(t, marshal) != "":
			s.lost(at, fmt.Sprintf("the embedded %s lends its %s to the whole struct, so that no other field is stored", s.promoted(t, marshal), marshal), "give the embedded field a name")
		case isCoder(t, true, unmarshal):
		case form == "JSON":
			s.doubtful(at, fmt.Sprintf("%s has MarshalJSON but no UnmarshalJSON", s.name(t)))
		case !isString:
			s.lost(at, fmt.Sprintf("%s has MarshalText but no UnmarshalText", s.name(t)), "give it both")
		}
		return true
	}
	return false
}

// promoted returns the embedded field from which t has a method, if t has fields
// besides that one, else "".
func (s *survival) promoted(t types.Type, method string) string {
	u, isStruct := t.Underlying().(*types.Struct)
	_, index, _ := types.LookupFieldOrMethod(t, true, s.planner.pkg, method)
	if !isStruct || len(index) < 2 || u.NumFields() < 2 {
		return ""
	}
	return u.Field(index[0]).Name()
}

// isCoder reports whether a value has a method with the signature that
// encoding/json asks for.
func isCoder(t types.Type, addressable bool, name string) bool {
	found, _, _ := types.LookupFieldOrMethod(t, addressable, nil, name)
	method, ok := found.(*types.Func)
	if !ok {
		return false
	}
	data := types.NewSlice(types.Typ[types.Byte])
	in, out := method.Signature().Params(), method.Signature().Results()
	if strings.HasPrefix(name, "Un") {
		return in.Len() == 1 && out.Len() == 1 && types.Identical(in.At(0).Type(), data) && isError(out.At(0).Type())
	}
	return in.Len() == 0 && out.Len() == 2 && types.Identical(out.At(0).Type(), data) && isError(out.At(1).Type())
}
