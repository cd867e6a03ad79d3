package generator

import (
	"fmt"
	"go/types"
	"slices"
	"strings"
)

// unnameable returns why a file of package pkg cannot write the type t, or "".
func unnameable(t types.Type, pkg *types.Package) string {
	seen := map[types.Type]bool{}
	var visit func(types.Type) string
	visitAll := func(all ...types.Type) string {
		for _, t := range all {
			if why := visit(t); why != "" {
				return why
			}
		}
		return ""
	}
	visit = func(t types.Type) string {
		if t == nil || seen[t] {
			return ""
		}
		seen[t] = true
		switch t := t.(type) {
		case *types.Alias:
			if why := hiddenName(t.Obj(), pkg); why != "" {
				return why
			}
			for arg := range t.TypeArgs().Types() {
				if why := visit(arg); why != "" {
					return why
				}
			}
		case *types.Named:
			if why := hiddenName(t.Obj(), pkg); why != "" {
				return why
			}
			for arg := range t.TypeArgs().Types() {
				if why := visit(arg); why != "" {
					return why
				}
			}
		case *types.Pointer:
			return visit(t.Elem())
		case *types.Slice:
			return visit(t.Elem())
		case *types.Array:
			return visit(t.Elem())
		case *types.Chan:
			return visit(t.Elem())
		case *types.Map:
			return visitAll(t.Key(), t.Elem())
		case *types.Struct:
			for f := range t.Fields() {
				if !f.Exported() && f.Pkg() != nil && f.Pkg().Path() != pkg.Path() {
					return fmt.Sprintf("it has the unexported field %s of package %s", f.Name(), f.Pkg().Path())
				}
				if why := visit(f.Type()); why != "" {
					return why
				}
			}
		case *types.Tuple:
			for v := range t.Variables() {
				if why := visit(v.Type()); why != "" {
					return why
				}
			}
		case *types.Signature:
			return visitAll(t.Params(), t.Results())
		case *types.Interface:
			for m := range t.ExplicitMethods() {
				if !m.Exported() && m.Pkg().Path() != pkg.Path() {
					return fmt.Sprintf("it has the unexported method %s of package %s", m.Name(), m.Pkg().Path())
				}
				if why := visit(m.Type()); why != "" {
					return why
				}
			}
			for e := range t.EmbeddedTypes() {
				if why := visit(e); why != "" {
					return why
				}
			}
		case *types.Union:
			for term := range t.Terms() {
				if why := visit(term.Type()); why != "" {
					return why
				}
			}
		}
		return ""
	}
	return visit(t)
}

// hiddenName returns why package pkg cannot mention a type by its name, or "".
func hiddenName(obj *types.TypeName, pkg *types.Package) string {
	home := obj.Pkg()
	if home == nil {
		return ""
	}
	if obj.Parent() != nil && obj.Parent() != home.Scope() {
		return fmt.Sprintf("%s is declared inside a function", obj.Name())
	}
	if home.Path() == pkg.Path() {
		return ""
	}
	if !obj.Exported() {
		return fmt.Sprintf("%s.%s is unexported", home.Path(), obj.Name())
	}
	if home.Name() == "main" && pkg.Path() != home.Path()+"_test" {
		return fmt.Sprintf("package %s is a main package, which cannot be imported", home.Path())
	}
	if !mayImport(strings.TrimSuffix(pkg.Path(), "_test"), home.Path()) {
		return fmt.Sprintf("package %s is internal to another tree", home.Path())
	}
	return ""
}

// mayImport reports whether the rule of internal packages lets from import path.
func mayImport(from, path string) bool {
	elements := strings.Split(path, "/")
	for i, element := range slices.Backward(elements) {
		if element != "internal" && (i > 0 || element != "vendor") {
			continue
		}
		parent := strings.Join(elements[:i], "/")
		return parent != "" && (from == parent || strings.HasPrefix(from, parent+"/"))
	}
	return true
}
