package generator

import (
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
)

// A shape is how a task is executed: by a method of the struct, or, if method
// is nil, by a handler.
type shape struct {
	method  *types.Func
	pointer bool       // only *T has the method
	result  types.Type // nil if the method returns only an error
}

// taskShape finds the method that the annotation wraps.
func (p *planner) taskShape(t *subject) (shape, bool) {
	obj, a := t.obj, t.annotation
	found, index, _ := types.LookupFieldOrMethod(t.typ, true, p.pkg, a.Method)
	method, isMethod := found.(*types.Func)
	pos, named := a.stated["method"]
	if !isMethod {
		switch {
		case named && found != nil:
			p.at(pos, codeNoSuchMethod, "%s is a field of %s, not a method: write method= with the name of a method", a.Method, obj.Name())
			return shape{}, false
		case named:
			p.at(pos, codeNoSuchMethod, "%s has no method %s%s", obj.Name(), a.Method, instead(a.Method, methodNames(t.typ, p.pkg)))
			return shape{}, false
		}
		return shape{}, true
	}
	signature := method.Signature()
	result, fits := runResult(signature)
	if !fits {
		promoted := len(index) > 1
		if promoted && !named {
			return shape{}, true // not meant for us; the struct is plain data
		}
		if !named {
			pos = method.Pos()
		}
		if p.invalid(method.Pos(), signature) {
			return shape{}, false
		}
		p.at(pos, codeSignature, "method %s of %s has the signature func%s; a task's is func(context.Context) error or func(context.Context) (R, error)%s",
			a.Method, obj.Name(), strings.TrimPrefix(types.TypeString(signature, types.RelativeTo(p.pkg)), "func"), orMethod(named))
		return shape{}, false
	}
	if result != nil && p.invalid(method.Pos(), result) {
		return shape{}, false
	}
	inValue, _, indirect := types.LookupFieldOrMethod(t.typ, false, p.pkg, a.Method)
	return shape{method: method, pointer: inValue == nil && indirect, result: result}, true
}

func orMethod(named bool) string {
	if named {
		return ""
	}
	return ", or name another method with method="
}

// runResult returns R of func(context.Context) (R, error), nil for a func that
// returns only an error, and whether the signature is one of the two.
func runResult(s *types.Signature) (types.Type, bool) {
	in, out := s.Params(), s.Results()
	if in.Len() != 1 || s.Variadic() || !isNamed(in.At(0).Type(), "context", "Context") {
		return nil, false
	}
	if out.Len() == 0 || out.Len() > 2 || !isError(out.At(out.Len()-1).Type()) {
		return nil, false
	}
	if out.Len() == 1 {
		return nil, true
	}
	return out.At(0).Type(), true
}

// isNamed reports whether t is the type name of package path.
func isNamed(t types.Type, path, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return false
	}
	obj := named.Obj()
	return obj.Name() == name && obj.Pkg() != nil && obj.Pkg().Path() == path
}

func isError(t types.Type) bool {
	return types.Identical(t, types.Universe.Lookup("error").Type())
}

// methodNames returns the names of the methods of t and *t that pkg can call.
func methodNames(t types.Type, pkg *types.Package) []string {
	var names []string
	if !types.IsInterface(t) {
		t = types.NewPointer(t)
	}
	set := types.NewMethodSet(t)
	for selection := range set.Methods() {
		if m := selection.Obj(); m.Exported() || m.Pkg() == pkg {
			names = append(names, m.Name())
		}
	}
	return names
}

// invalid reports, in the compiler's words, a type that it could not
// understand; at is where that type is mentioned.
func (p *planner) invalid(at token.Pos, t types.Type) bool {
	unknown, invalid := invalidType(t, map[types.Type]bool{})
	if !invalid {
		return false
	}
	places := []token.Pos{at}
	if unknown != nil { // perhaps of another package
		places = append(places, unknown.Pos())
	}
	for _, place := range places {
		want := p.fset.PositionFor(place, false)
		for _, e := range p.errors {
			if got := p.fset.PositionFor(e.Pos, false); got.Filename == want.Filename && got.Line == want.Line {
				p.at(e.Pos, codeCompiler, "%s%s", e.Msg, aboutWrapper(e.Msg))
				if strings.HasPrefix(e.Msg, "undefined: ") { // an import may be why
					p.reportImports(filepath.Dir(got.Filename))
				}
				return true
			}
		}
	}
	for _, place := range places {
		if p.reportImports(filepath.Dir(p.fset.PositionFor(place, false).Filename)) {
			return true
		}
	}
	p.at(at, codeCompiler, "the type of this is not known here; if it is one of package C, write a method that returns it as a Go type")
	return true
}

// aboutWrapper says what to do if an undefined type is a wrapper. That may well
// exist, but types are read without what is generated.
func aboutWrapper(message string) string {
	name := message[strings.LastIndexAny(message, ". ")+1:]
	if !strings.HasPrefix(message, "undefined: ") || !strings.HasPrefix(strings.ToLower(name), "idempotent") {
		return ""
	}
	return "; if it is a wrapper, it is no data: tag the field `idem:\"-\"`"
}

// reportImports reports the imports of a package's files that the compiler could
// not follow. It names each once, in the first file that has it.
func (p *planner) reportImports(dir string) bool {
	found := false
	for _, e := range p.errors {
		if strings.HasPrefix(e.Msg, "could not import") && filepath.Dir(p.fset.PositionFor(e.Pos, false).Filename) == dir {
			p.at(e.Pos, codeCompiler, "%s", e.Msg)
			found = true
		}
	}
	return found
}

// mentionsInvalid reports whether t, or a type it is written with, is unknown.
func mentionsInvalid(t types.Type) bool {
	_, invalid := invalidType(t, map[types.Type]bool{})
	return invalid
}

// invalidType reports whether t, or a type it is written with, is unknown, and
// returns that type's name if it has one.
func invalidType(t types.Type, seen map[types.Type]bool) (*types.TypeName, bool) {
	if t == nil || seen[t] {
		return nil, false
	}
	seen[t] = true
	var inner []types.Type
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return nil, t.Kind() == types.Invalid
	case *types.Named:
		if basic, ok := t.Underlying().(*types.Basic); ok && basic.Kind() == types.Invalid {
			return t.Obj(), true
		}
		inner = slices.Collect(t.TypeArgs().Types())
	case *types.Pointer:
		inner = []types.Type{t.Elem()}
	case *types.Slice:
		inner = []types.Type{t.Elem()}
	case *types.Array:
		inner = []types.Type{t.Elem()}
	case *types.Chan:
		inner = []types.Type{t.Elem()}
	case *types.Map:
		inner = []types.Type{t.Key(), t.Elem()}
	case *types.Struct:
		for f := range t.Fields() {
			inner = append(inner, f.Type())
		}
	case *types.Tuple:
		for v := range t.Variables() {
			inner = append(inner, v.Type())
		}
	case *types.Signature:
		inner = []types.Type{t.Params(), t.Results()}
	}
	for _, t := range inner {
		if name, invalid := invalidType(t, seen); invalid {
			return name, true
		}
	}
	return nil, false
}
