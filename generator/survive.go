package generator

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
)

// checkStored reports what a duplicate of the task would not get back, where its
// result is stored as JSON: what encoding/json leaves out, refuses, or reads back
// as something else.
func (p *planner) checkStored(t *subject) {
	if t.annotation.Codec != "json" {
		return
	}
	switch {
	case len(t.outputs) > 0:
		for f := range t.obj.Type().Underlying().(*types.Struct).Fields() {
			if slices.Contains(t.outputs, f.Name()) {
				p.survival(f.Pos()).value(f.Type(), step{text: t.obj.Name()}.field(f))
			}
		}
	case t.annotation.OnDuplicate == "return-cached" && t.shape.result != nil && !p.lossy.at(t.shape.method.Pos()):
		at := t.obj.Pos()
		if t.shape.method.Pkg() == p.pkg {
			at = t.shape.method.Pos()
		}
		p.survival(at).value(t.shape.result, step{text: p.resultName(t.shape.result)})
	}
}

// resultName is what the paths into a result start with.
func (p *planner) resultName(t types.Type) string {
	if pointer, ok := t.Underlying().(*types.Pointer); ok {
		t = pointer.Elem()
	}
	if _, ok := types.Unalias(t).(*types.Named); ok {
		return p.shortName(t)
	}
	return "result"
}

// A survival follows one stored value into everything that it holds.
type survival struct {
	planner  *planner
	root     token.Pos // what is reported at if no field of this package is on the way
	seen     map[seenType]bool
	reported map[token.Pos]int
	silent   bool // only the fields are wanted
}

// A seenType is a type that has been followed; a pointer that leads to it makes
// a difference.
type seenType struct {
	types.Type
	addressable bool
}

// enough is how much is reported at one place: types of other packages, as
// http.Response, can have dozens of faults.
const enough = 3

func (p *planner) survival(root token.Pos) *survival {
	return &survival{planner: p, root: root, seen: map[seenType]bool{}, reported: map[token.Pos]int{}}
}

// A step is how a value was reached.
type step struct {
	text        string       // as messages show it: Receipt.Lines[].Price
	fields      []*types.Var // those on the way
	addressable bool         // so that methods of its pointer are found
	element     bool         // of a map, a slice or an array
}

// field returns the step from a struct to one of its fields.
func (at step) field(f *types.Var) step {
	at.text += "." + f.Name()
	at.fields = append(slices.Clip(at.fields), f)
	at.element = false
	return at
}

// each returns the step from a list or a map to what it holds.
func (at step) each(addressable bool) step {
	at.text += "[]"
	at.addressable = addressable
	at.element = true
	return at
}

// place returns where a fault is reported: at the last field that stands in this
// package, which is also where //idem:lossy is written.
func (s *survival) place(at step) (pos token.Pos, what string) {
	for _, f := range slices.Backward(at.fields) {
		if f.Pkg() == s.planner.pkg {
			return f.Pos(), "the field"
		}
	}
	return s.root, "the method"
}

// allowed reports whether a field on the way says that it may be lost.
func (s *survival) allowed(at step) bool {
	for _, f := range at.fields {
		if s.planner.lossy.at(f.Pos()) {
			return true
		}
	}
	return false
}

// lost reports what does not come back. The remedy stands where one is better
// than another codec.
func (s *survival) lost(at step, reason, remedy string) {
	if s.silent || s.allowed(at) {
		return
	}
	pos, what := s.place(at)
	limit := 1
	if len(at.fields) > 0 && at.fields[len(at.fields)-1].Pkg() != s.planner.pkg {
		limit, remedy = enough, "store a type of your own with what is needed of it"
	}
	if s.reported[pos]++; s.reported[pos] > limit {
		return
	}
	s.planner.at(pos, codeLost, "%s does not survive json: %s; %s, choose another codec=, or allow it with //idem:lossy reason above %s", at.text, reason, remedy, what)
}

// doubtful notes what may not come back.
func (s *survival) doubtful(at step, reason string) {
	if s.allowed(at) {
		return
	}
	pos, what := s.place(at)
	s.planner.note(pos, codeMaybeLost, "%s may not survive json: %s; say that you know with //idem:lossy reason above %s", at.text, reason, what)
}

// value follows a value of type t.
func (s *survival) value(t types.Type, at step) {
	t = types.Unalias(t)
	if _, isParam := t.(*types.TypeParam); isParam || s.seen[seenType{t, at.addressable}] || len(at.fields) > deepest {
		return
	}
	if pointer, ok := t.Underlying().(*types.Pointer); ok {
		at.addressable = true
		s.value(pointer.Elem(), at)
		return
	}
	s.seen[seenType{t, at.addressable}] = true
	if !types.IsInterface(t) && s.writesItself(t, at) {
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		s.basic(u, at)
	case *types.Slice:
		s.value(u.Elem(), at.each(true))
	case *types.Array:
		s.value(u.Elem(), at.each(at.addressable))
	case *types.Map:
		s.mapping(u, at)
	case *types.Struct:
		s.structure(u, at)
	case *types.Interface:
		s.iface(t, u, at)
	case *types.Chan:
		s.lost(at, "a channel does not encode", "leave it out of the result")
	case *types.Signature:
		s.lost(at, "a func does not encode", "leave it out of the result")
	}
}

func (s *survival) basic(b *types.Basic, at step) {
	switch {
	case b.Info()&types.IsComplex != 0:
		s.lost(at, "a "+b.Name()+" does not encode", "store two floats")
	case b.Kind() == types.UnsafePointer:
		s.lost(at, "a pointer without a type does not encode", "leave it out of the result")
	case b.Info()&types.IsFloat != 0:
		s.doubtful(at, "a float that is NaN or infinite does not encode")
	}
}

// iface is an interface, of which encoding/json writes what it holds, and cannot
// tell what that was.
func (s *survival) iface(t types.Type, u *types.Interface, at step) {
	switch {
	case isError(t):
		s.lost(at, "an error is written as {}, and cannot be read back", "store its text")
	case !u.Empty():
		s.lost(at, "it is an interface, and what it holds cannot be read back", "store a type that can hold it")
	case at.element:
		s.doubtful(at, "it may hold anything, and comes back as JSON has it: numbers as float64, structs as maps")
	default:
		s.lost(at, "it may hold anything, and comes back as JSON has it: numbers as float64, structs as maps", "give it the type of what it holds")
	}
}

func (s *survival) mapping(m *types.Map, at step) {
	key, ok := m.Key().Underlying().(*types.Basic)
	_, isParam := types.Unalias(m.Key()).(*types.TypeParam)
	switch {
	case isParam, ok && key.Info()&(types.IsString|types.IsInteger) != 0:
	case !isCoder(m.Key(), false, "MarshalText"):
		s.lost(at, fmt.Sprintf("json refuses maps with keys of type %s", s.name(m.Key())), "use strings or integers as keys, or give the type MarshalText and UnmarshalText")
	case !isCoder(m.Key(), true, "UnmarshalText"):
		s.lost(at, fmt.Sprintf("its keys, of type %s, have MarshalText but no UnmarshalText", s.name(m.Key())), "give the type both")
	}
	s.value(m.Elem(), at.each(false))
}

func (s *survival) name(t types.Type) string { return s.planner.shortName(t) }

// shortName is a type as messages mention it: with its package's name if that is
// another one.
func (p *planner) shortName(t types.Type) string {
	return types.TypeString(t, func(pkg *types.Package) string {
		if pkg == p.pkg {
			return ""
		}
		return pkg.Name()
	})
}
