package generator

import (
	"go/types"
	"slices"
	"strings"
)

// resultSchema says what is stored of the task's result, "" if nothing is or it
// cannot be known.
func (p *planner) resultSchema(t *subject, plan *taskPlan) string {
	a := t.annotation
	if a.OnDuplicate != "return-cached" || plan.Handler || plan.Valueless && plan.Output == nil {
		return ""
	}
	if a.Codec != "json" {
		return a.Codec
	}
	w := &shaper{p: p}
	if plan.Output == nil {
		return "json " + w.shape(t.shape.result)
	}
	var fields []string
	for f := range t.obj.Type().Underlying().(*types.Struct).Fields() {
		if slices.Contains(t.outputs, f.Name()) {
			fields = append(fields, f.Name()+" "+w.shape(f.Type()))
		}
	}
	return "json {" + strings.Join(fields, ", ") + "}"
}

// A shaper writes types as JSON knows them: names and kinds, as in
// {id string, lines [{sku string, count int}]}.
type shaper struct {
	p    *planner
	open []types.Type
}

func (w *shaper) shape(t types.Type) string {
	t = types.Unalias(t)
	if _, isParam := t.(*types.TypeParam); isParam {
		return "?" // known only where the wrapper is made
	}
	if pointer, ok := t.Underlying().(*types.Pointer); ok {
		return w.shape(pointer.Elem())
	}
	if len(w.open) == deepest || slices.ContainsFunc(w.open, func(around types.Type) bool { return types.Identical(around, t) }) {
		return "..."
	}
	w.open = append(w.open, t)
	defer func() { w.open = w.open[:len(w.open)-1] }()
	if !types.IsInterface(t) {
		if isCoder(t, true, "MarshalJSON") {
			return packageName(t)
		}
		if isCoder(t, true, "MarshalText") {
			return "text"
		}
	}
	if named, ok := t.(*types.Named); ok && isForeign(named.Obj().Pkg(), w.p.pkg) {
		if _, isStruct := t.Underlying().(*types.Struct); isStruct {
			return packageName(t)
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return basicShape(u)
	case *types.Slice:
		if basic, ok := u.Elem().Underlying().(*types.Basic); ok && basic.Kind() == types.Byte {
			return "bytes"
		}
		return "[" + w.shape(u.Elem()) + "]"
	case *types.Array:
		return "[" + w.shape(u.Elem()) + "]"
	case *types.Map:
		return "map[" + w.shape(u.Elem()) + "]"
	case *types.Struct:
		return w.structure(u)
	}
	return "any"
}

// packageName returns the name of a type with its package's.
func packageName(t types.Type) string {
	if isNamed(t, "encoding/json/jsontext", "Value") {
		return "json.RawMessage" // which is an alias of it since Go 1.27, and stored as before
	}
	return types.TypeString(t, func(pkg *types.Package) string { return pkg.Name() })
}

// isForeign reports whether a package is of other people: its structs are not
// looked into, since they differ from one version of theirs to the next, and the
// same input has to give the same output. Paths that start alike, as
// example.com/shop, are taken for one's own.
func isForeign(pkg, own *types.Package) bool {
	if pkg == nil {
		return false
	}
	a, b := strings.Split(pkg.Path(), "/"), strings.Split(strings.TrimSuffix(own.Path(), "_test"), "/")
	alike := 1
	if strings.Contains(a[0], ".") {
		alike = 2
	}
	alike = min(alike, len(a), len(b))
	return !slices.Equal(a[:alike], b[:alike])
}

func basicShape(b *types.Basic) string {
	switch {
	case b.Info()&types.IsString != 0:
		return "string"
	case b.Info()&types.IsInteger != 0:
		return "int"
	case b.Info()&types.IsFloat != 0:
		return "float"
	case b.Info()&types.IsBoolean != 0:
		return "bool"
	}
	return "any"
}

// structure writes the fields that encoding/json stores.
func (w *shaper) structure(u *types.Struct) string {
	var names []string
	byName := map[string][]jsonField{}
	silent := &survival{planner: w.p, silent: true}
	silent.collect(u, step{}, 0, map[*types.Struct]bool{}, func(f jsonField) {
		if byName[f.name] == nil {
			names = append(names, f.name)
		}
		byName[f.name] = append(byName[f.name], f)
	})
	var fields []string
	for _, name := range names {
		if f, ok := dominant(byName[name]); ok {
			kind := w.shape(f.typ)
			if f.quoted {
				kind = "string"
			}
			fields = append(fields, name+" "+kind)
		}
	}
	return "{" + strings.Join(fields, ", ") + "}"
}
