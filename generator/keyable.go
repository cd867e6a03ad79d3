package generator

import (
	"errors"
	"fmt"
	"go/types"
	"reflect"
	"slices"
)

// An encoder plans how values are written to a KeyWriter. The first rule that
// fits a type is the one that counts; docs/annotations.md lists them.
type encoder struct {
	pkg      *types.Package
	imported map[string]string        // names of mentioned packages, by path
	fresh    func(base string) string // returns an identifier that hides nothing
	open     []types.Type             // the types around the one at hand
}

// notKeyable is why a value cannot be part of a key.
type notKeyable struct {
	path   string // from the selector to the fault, as ".Items[].Price"
	reason string
	typ    types.Type // unknown to the compiler, if reason is empty
}

func (e *notKeyable) Error() string { return e.reason }

func refuse(format string, args ...any) (value, error) {
	return nil, &notKeyable{reason: fmt.Sprintf(format, args...)}
}

// below adds the step that led to a fault.
func below(step string, err error) error {
	if e, ok := errors.AsType[*notKeyable](err); ok {
		e.path = step + e.path
	}
	return err
}

// value plans how x, which is addressable and of type t, is written.
func (e *encoder) value(x Code, t types.Type) (value, error) {
	if endless(t) {
		return refuse("it embeds a generic type that embeds itself with new type arguments, without end; select what identifies the task")
	}
	if p, ok := types.Unalias(t).Underlying().(*types.Pointer); ok {
		if _, isParam := types.Unalias(t).(*types.TypeParam); !isParam {
			return e.pointer(x, p, t)
		}
	}
	if _, ok := types.Unalias(t).(*types.TypeParam); !ok && types.IsInterface(t) {
		return refuse("it is an interface, and values of different types could have one text, even with MarshalText; write a method that returns what identifies the value, and select Method()")
	}
	switch {
	case isNamed(t, "time", "Time"):
		return write("Time", x), nil
	case isNamed(t, "time", "Duration"):
		return write("Duration", x), nil
	case marshalsText(t, e.pkg):
		return e.text(x, t)
	}
	if param, ok := types.Unalias(t).(*types.TypeParam); ok {
		return e.typeParam(x, param)
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return e.basic(x, u, t)
	case *types.Slice:
		if isByte(u.Elem()) {
			return writeValue{"Bytes", []Code{x, text("false")}}, nil
		}
		return e.list("OpenSlice", []Code{join("len(", x, ")")}, x, u.Elem(), t)
	case *types.Array:
		if isByte(u.Elem()) {
			return writeValue{"Bytes", []Code{join(operand(x), "[:]"), text("true")}}, nil
		}
		return e.list("OpenArray", nil, x, u.Elem(), t)
	case *types.Struct:
		return e.structure(x, u, t)
	case *types.Map:
		return refuse("a map has no order; select what identifies the task, or write a method that returns that in a fixed order")
	case *types.Signature:
		return refuse("a func is no data; select data, or tag the field `idem:\"-\"`")
	case *types.Chan:
		return refuse("a channel is no data; select data, or tag the field `idem:\"-\"`")
	}
	return refuse("a %s cannot be written as text; write a method that returns a text, and select Method()", t)
}

func write(method string, x Code) value { return writeValue{method, []Code{x}} }

// pointer plans Nil for nil, else the pointee.
func (e *encoder) pointer(x Code, p *types.Pointer, t types.Type) (value, error) {
	if _, twice := p.Elem().Underlying().(*types.Pointer); twice {
		return refuse("a pointer to a pointer has two nils, which would be one key; write a method that returns what identifies the task, and select Method()")
	}
	done, err := e.enter(t)
	if err != nil {
		return nil, err
	}
	defer done()
	v, err := e.value(join("*", x), p.Elem())
	if err != nil {
		return nil, err
	}
	return guarded([]Code{x}, v), nil
}

// operand returns x, which may be a *p, as it stands before a selector or an
// index: Go follows one pointer by itself there.
func operand(x Code) Code {
	if x[0].Text != "*" {
		return x
	}
	if x[1].Text == "*" {
		return join("(", x[1:], ")")
	}
	return x[1:]
}

// basic plans strings, booleans and numbers.
func (e *encoder) basic(x Code, b *types.Basic, t types.Type) (value, error) {
	convert := func(to string) Code {
		if types.Identical(t, types.Universe.Lookup(to).Type()) {
			return x
		}
		return join(to+"(", x, ")")
	}
	switch info := b.Info(); {
	case b.Kind() == types.Invalid:
		return nil, &notKeyable{typ: t}
	case info&types.IsString != 0:
		return write("String", convert("string")), nil
	case info&types.IsBoolean != 0:
		return write("Bool", convert("bool")), nil
	case info&types.IsUnsigned != 0:
		return write("Uint", convert("uint64")), nil
	case info&types.IsInteger != 0:
		return write("Int", convert("int64")), nil
	case b.Kind() == types.Float32:
		return writeValue{"Float", []Code{convert("float64"), text("32")}}, nil
	case b.Kind() == types.Float64:
		return writeValue{"Float", []Code{convert("float64"), text("64")}}, nil
	}
	return refuse("a %s cannot be written as text; write a method that returns a text or numbers, and select Method()", b)
}

// list plans a slice or an array.
func (e *encoder) list(open string, args []Code, x Code, elem, t types.Type) (value, error) {
	done, err := e.enter(t)
	if err != nil {
		return nil, err
	}
	defer done()
	if lock := lockText(elem); lock != "" {
		return refuse("its elements would be copied with a lock in them, %s; hold them by pointers", lock)
	}
	name := e.fresh("v")
	each, err := e.value(text("%s", name), elem)
	if err != nil {
		return nil, below("[]", err)
	}
	if !mentionsValue(each) {
		name = ""
	}
	return listValue{Open: open, Args: args, Elem: name, Over: x, Each: each}, nil
}

// structure plans every field but blank ones and those tagged `idem:"-"`.
func (e *encoder) structure(x Code, s *types.Struct, t types.Type) (value, error) {
	done, err := e.enter(t)
	if err != nil {
		return nil, err
	}
	defer done()
	group := groupValue{Open: "OpenStruct", Close: "Close"}
	for i := range s.NumFields() {
		f := s.Field(i)
		if f.Name() == "_" || reflect.StructTag(s.Tag(i)).Get("idem") == "-" {
			continue
		}
		if !f.Exported() && f.Pkg().Path() != e.pkg.Path() {
			return refuse("field %s of %s is unexported in package %s; select the fields that identify it, or write a method that returns them",
				f.Name(), types.TypeString(t, types.RelativeTo(e.pkg)), f.Pkg().Path())
		}
		v, err := e.value(join(operand(x), "."+f.Name()), f.Type())
		if err != nil {
			return nil, below("."+f.Name(), err)
		}
		group.Values, group.Names = append(group.Values, v), append(group.Names, f.Name())
	}
	return group, nil
}

// deepest is how many types may be around a value: a generic type that contains
// itself, each time with new arguments, has no end.
const deepest = 50

// enter notes that the values of a type are being planned; done ends it.
func (e *encoder) enter(t types.Type) (done func(), err error) {
	if len(e.open) == deepest || slices.ContainsFunc(e.open, func(around types.Type) bool { return types.Identical(around, t) }) {
		_, err := refuse("type %s contains itself, so its keys would have no end; select the fields that identify the task", types.TypeString(t, types.RelativeTo(e.pkg)))
		return nil, err
	}
	e.open = append(e.open, t)
	return func() { e.open = e.open[:len(e.open)-1] }, nil
}

// text plans MarshalText, and whether x is the zero value of its type.
func (e *encoder) text(x Code, t types.Type) (value, error) {
	zero, err := e.isZero(x, t)
	if err != nil {
		return nil, err
	}
	m := x
	if onlyPointerMarshals(t, e.pkg) {
		m = addressOf(x)
	}
	return writeValue{"Text", []Code{m, zero}}, nil
}

// addressOf returns &x, or p for an x that is *p.
func addressOf(x Code) Code {
	if x[0].Text == "*" {
		return x[1:]
	}
	return join("&", x)
}

// isZero returns the expression that tells whether x is a zero value, "false"
// where Go cannot compare.
func (e *encoder) isZero(x Code, t types.Type) (Code, error) {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		if !types.Comparable(t) {
			return text("false"), nil
		}
		return join(x, " == *new(", typeCode(t, e.pkg, e.imported), ")"), nil
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			return join(x, ` == ""`), nil
		case u.Info()&types.IsBoolean != 0:
			return join("!", x), nil
		}
		return join(x, " == 0"), nil
	case *types.Slice, *types.Map:
		return join("len(", x, ") == 0"), nil
	case *types.Struct, *types.Array:
		if !types.Comparable(t) {
			return text("false"), nil
		}
		if why := unnameable(t, e.pkg); why != "" {
			_, err := refuse("generated code cannot name its type: %s; write a method that returns its text, and select Method()", why)
			return nil, err
		}
		return join(x, " == (", typeCode(t, e.pkg, e.imported), "{})"), nil
	}
	return text("false"), nil
}

// marshalsText reports whether an addressable value of type t has MarshalText.
func marshalsText(t types.Type, pkg *types.Package) bool {
	found, _, _ := types.LookupFieldOrMethod(t, true, pkg, "MarshalText")
	method, ok := found.(*types.Func)
	if !ok {
		return false
	}
	s := method.Signature()
	if s.Params().Len() != 0 || s.Results().Len() != 2 || !isError(s.Results().At(1).Type()) {
		return false
	}
	return types.Identical(s.Results().At(0).Type(), types.NewSlice(types.Typ[types.Byte]))
}

// onlyPointerMarshals reports whether MarshalText is a method of *t and not t.
func onlyPointerMarshals(t types.Type, pkg *types.Package) bool {
	found, _, _ := types.LookupFieldOrMethod(t, false, pkg, "MarshalText")
	return found == nil
}

// isByte reports whether t is byte itself: a slice of it can be had as []byte.
func isByte(t types.Type) bool {
	return types.Identical(t, types.Typ[types.Byte])
}
