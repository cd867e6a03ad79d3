package generator

import (
	"errors"
	"go/types"
	"slices"
	"strings"
)

// part plans one selector of a task as one part of its key or fingerprint.
func (p *planner) part(t *subject, s selector) (partPlan, bool) {
	switch {
	case s.Constant != "":
		return partPlan{s.Text, writeValue{"Const", []Code{text("%q", s.Constant)}}}, true
	case s.Hash != nil:
		group, all := groupValue{Open: "OpenHash", Close: "CloseHash"}, true
		for _, inner := range s.Hash {
			v, ok := p.selected(t, inner)
			group.Values, all = append(group.Values, v), all && ok
		}
		return partPlan{s.Text, group}, all
	}
	v, ok := p.selected(t, s)
	return partPlan{s.Text, v}, ok
}

// selected follows a selector from the task, and plans how what it leads to is
// written. Through a nil pointer it leads to nil.
func (p *planner) selected(t *subject, s selector) (value, bool) {
	x, at := text("%s", t.locals.Task), t.typ
	var nilable []Code
	for i, name := range s.Path {
		last := i == len(s.Path)-1
		found, index, _ := types.LookupFieldOrMethod(at, true, p.pkg, name)
		call := last && s.Call
		if !p.isSelectable(t, s, i, at, found, call) {
			return nil, false
		}
		if i == 0 && !call && slices.Contains(t.outputs, found.Name()) {
			p.at(s.pos, codeOutputInKey, "%s is an output, which can be neither key nor match: both are needed before the task has run", name)
			return nil, false
		}
		if i > 0 && isNilable(at) {
			nilable = append(nilable, x)
		}
		through, ok := p.embeddedNilable(x, at, index)
		if !ok {
			p.at(s.pos, codeHidden, "%s is reached through an unexported embedded pointer of another package, which generated code cannot check for nil; write a method that returns it", s.Text)
			return nil, false
		}
		nilable = append(nilable, through...)
		if call {
			return p.called(t, s, x, nilable, found.(*types.Func))
		}
		x = join(x, "."+name)
		at = found.Type()
	}
	if p.invalid(t.fieldPos(s.Path[0]), at) {
		return nil, false
	}
	v, err := p.encoder(t).value(x, at)
	if err != nil {
		p.notKeyable(t, s, err)
		return nil, false
	}
	return guarded(nilable, v), true
}

// isSelectable reports a name of a selector that leads nowhere.
func (p *planner) isSelectable(t *subject, s selector, i int, at types.Type, found types.Object, call bool) bool {
	name := s.Path[i]
	of := types.TypeString(at, types.RelativeTo(p.pkg))
	method, isMethod := found.(*types.Func)
	switch {
	case found == nil && mentionsInvalid(at):
		p.invalid(t.fieldPos(s.Path[0]), at)
	case found == nil && p.embedsInvalid(at):
	case found == nil && hiddenIn(at, name):
		p.at(s.pos, codeHidden, "%s.%s is unexported in another package: generated code cannot select it; write a method that returns it", of, name)
	case found == nil:
		written := name
		if call {
			written += "()"
		}
		p.at(s.pos, codeNoSuchField, "%s has no %s %s%s", of, kind(call), name, instead(written, p.selectable(at, call)))
	case isMethod && !call && i < len(s.Path)-1:
		p.at(s.pos, codeFieldMethod, "%s is a method: a method can only end a selector; write a method of %s that returns what you need", name, t.obj.Name())
	case isMethod && !call:
		p.at(s.pos, codeFieldMethod, "%s is a method: write %s()", s.Text, s.Text)
	case !isMethod && call:
		p.at(s.pos, codeFieldMethod, "%s is a field: write it without parentheses", strings.TrimSuffix(s.Text, "()"))
	case isMethod && !isKeyMethod(method.Signature()):
		p.at(s.pos, codeFieldMethod, "%s cannot be called for a key: it must take no arguments and return one value, or one and an error", s.Text)
	default:
		return true
	}
	return false
}

// embedsInvalid reports a type that a struct embeds and the compiler could not
// understand: what is sought may be promoted from there.
func (p *planner) embedsInvalid(t types.Type) bool {
	if pointer, ok := t.Underlying().(*types.Pointer); ok {
		t = pointer.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if f.Embedded() && p.invalid(f.Pos(), f.Type()) {
			return true
		}
	}
	return false
}

func kind(call bool) string {
	if call {
		return "method"
	}
	return "field"
}

// selectable returns what could be written instead of a name that is unknown:
// methods, and if it is no call, fields, promoted ones too.
func (p *planner) selectable(t types.Type, call bool) []string {
	if pointer, ok := t.Underlying().(*types.Pointer); ok {
		t = pointer.Elem()
	}
	names := methodNames(t, p.pkg)
	for i := range names {
		names[i] += "()"
	}
	if call {
		return names
	}
	seen := map[types.Type]bool{}
	var add func(types.Type)
	add = func(t types.Type) {
		if pointer, ok := t.Underlying().(*types.Pointer); ok {
			t = pointer.Elem()
		}
		s, ok := t.Underlying().(*types.Struct)
		if !ok || seen[t] {
			return
		}
		seen[t] = true
		for f := range s.Fields() {
			if f.Name() != "_" && (f.Exported() || f.Pkg() == p.pkg) {
				names = append(names, f.Name())
			}
			if f.Embedded() {
				add(f.Type())
			}
		}
	}
	add(t)
	return names
}

// hiddenIn reports whether t has an unexported field of another package.
func hiddenIn(t types.Type, name string) bool {
	if pointer, ok := t.Underlying().(*types.Pointer); ok {
		t = pointer.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for f := range s.Fields() {
		if f.Name() == name {
			return true
		}
	}
	return false
}

// isKeyMethod reports whether a method returns a value, perhaps with an error.
func isKeyMethod(s *types.Signature) bool {
	out := s.Results()
	return s.Params().Len() == 0 && s.TypeParams().Len() == 0 &&
		(out.Len() == 1 || out.Len() == 2 && isError(out.At(1).Type()))
}

// called plans a method's result.
func (p *planner) called(t *subject, s selector, x Code, nilable []Code, method *types.Func) (value, bool) {
	out := method.Signature().Results()
	result := out.At(0).Type()
	if p.invalid(method.Pos(), result) {
		return nil, false
	}
	call := join(x, "."+method.Name()+"()")
	probe := encoder{pkg: p.pkg, imported: p.imported, fresh: func(base string) string { return base }}
	v, err := probe.value(call, result)
	if err != nil {
		p.notKeyable(t, s, err)
		return nil, false
	}
	if w, ok := v.(writeValue); ok && out.Len() == 1 && w.Method != "Text" && w.Method != "Bytes" {
		return guarded(nilable, v), true // is mentioned once, so needs no variable
	}
	c := callValue{Var: t.fresh("v"), Call: call}
	if out.Len() == 2 {
		c.Err = t.fresh("err")
	}
	c.After, err = p.encoder(t).value(text("%s", c.Var), result)
	if err != nil {
		p.notKeyable(t, s, err)
		return nil, false
	}
	if !mentionsValue(c.After) {
		c.Var = ""
	}
	return guarded(nilable, c), true
}

// guarded writes nil instead of v where a pointer on the way is nil.
func guarded(nilable []Code, v value) value {
	if len(nilable) == 0 {
		return v
	}
	if inner, ok := v.(nilValue); ok {
		return nilValue{slices.Concat(nilable, inner.Nilable), inner.Else}
	}
	return nilValue{nilable, v}
}

// isNilable reports whether selecting from a t can panic.
func isNilable(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Pointer:
		return true
	case *types.Interface:
		_, isParam := types.Unalias(t).(*types.TypeParam)
		return !isParam
	}
	return false
}

// embeddedNilable returns the embedded pointers and interfaces that lie between
// x and the field or method it promotes, and whether all can be selected.
func (p *planner) embeddedNilable(x Code, t types.Type, index []int) ([]Code, bool) {
	var nilable []Code
	for _, i := range index[:len(index)-1] {
		if pointer, ok := t.Underlying().(*types.Pointer); ok {
			t = pointer.Elem()
		}
		f := t.Underlying().(*types.Struct).Field(i)
		x, t = join(x, "."+f.Name()), f.Type()
		if !isNilable(t) {
			continue
		}
		if !f.Exported() && f.Pkg() != p.pkg {
			return nil, false
		}
		nilable = append(nilable, x)
	}
	return nilable, true
}

// notKeyable reports why a selector is refused.
func (p *planner) notKeyable(t *subject, s selector, err error) {
	var e *notKeyable
	if !errors.As(err, &e) {
		p.at(s.pos, codeNotKeyable, "%s: %v", s.Text, err)
		return
	}
	if e.typ != nil && p.invalid(t.fieldPos(s.Path[0]), e.typ) {
		return
	}
	p.at(s.pos, codeNotKeyable, "%s is not keyable: %s", s.Text+e.path, e.reason)
}
