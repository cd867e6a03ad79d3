package generator

import "go/types"

// ofItself returns a generic type with its own parameters as arguments, and any
// other type as it is: methods may call the parameters what they like in their
// receivers, and those of an instance speak of its arguments.
func ofItself(t types.Type) types.Type {
	named, ok := t.(*types.Named)
	if !ok || named.TypeParams().Len() == 0 {
		return t
	}
	var args []types.Type
	for param := range named.TypeParams().TypeParams() {
		args = append(args, param)
	}
	instance, _ := types.Instantiate(nil, named, args, false) // unchecked, so without error
	return instance
}

// typeParam plans a value whose type is a type parameter: the terms of its
// constraint must all be written alike.
func (e *encoder) typeParam(x Code, t *types.TypeParam) (value, error) {
	terms := constraintTerms(t.Constraint())
	if len(terms) == 0 {
		return refuse("the constraint %s of %s allows any kind of type; constrain it to one kind, as ~string or ~int | ~int64, or select a method that returns a text",
			types.TypeString(t.Constraint(), types.RelativeTo(e.pkg)), t.Obj().Name())
	}
	var first writeValue
	for i, term := range terms {
		basic, ok := term.Underlying().(*types.Basic)
		if !ok {
			return refuse("the constraint of %s allows %s, and only kinds of text, booleans and numbers can stand for a type parameter; select a method that returns a text", t.Obj().Name(), term)
		}
		v, err := e.basic(x, basic, t)
		if err != nil {
			return nil, err
		}
		w := v.(writeValue)
		switch {
		case i == 0:
			first = w
		case w.Method != first.Method:
			return refuse("the constraint of %s mixes kinds that keys write differently, %s and %s; constrain it to one kind", t.Obj().Name(), terms[0], term)
		case w.Method == "Float" && w.Args[1].String() != first.Args[1].String():
			first.Args[1] = text("64") // wide enough for both
		}
	}
	return first, nil
}

// constraintTerms returns the types that a constraint lists, without regard to
// how several lists narrow each other.
func constraintTerms(t types.Type) []types.Type {
	iface, ok := t.Underlying().(*types.Interface)
	if !ok {
		return nil
	}
	var terms []types.Type
	for embedded := range iface.EmbeddedTypes() {
		switch embedded := types.Unalias(embedded).(type) {
		case *types.Union:
			for term := range embedded.Terms() {
				if types.IsInterface(term.Type()) {
					terms = append(terms, constraintTerms(term.Type())...)
				} else {
					terms = append(terms, term.Type())
				}
			}
		default:
			if types.IsInterface(embedded) {
				terms = append(terms, constraintTerms(embedded)...)
			} else {
				terms = append(terms, embedded)
			}
		}
	}
	return terms
}
