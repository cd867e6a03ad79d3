package generator

import (
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// A jsonField is a field as encoding/json sees it, perhaps of an embedded struct.
type jsonField struct {
	name   string
	tagged bool
	quoted bool // stored as a string: `json:",string"`
	depth  int
	typ    types.Type
	at     step
}

// structure follows the fields that encoding/json stores, by its rules, and
// reports those that it does not.
func (s *survival) structure(u *types.Struct, at step) {
	var names []string // in their order
	byName := map[string][]jsonField{}
	s.collect(u, at, 0, map[*types.Struct]bool{}, func(f jsonField) {
		if byName[f.name] == nil {
			names = append(names, f.name)
		}
		byName[f.name] = append(byName[f.name], f)
	})
	for _, name := range names {
		fields := byName[name]
		stored, ok := dominant(fields)
		for _, f := range fields {
			switch {
			case ok && f.at.text == stored.at.text:
				s.value(f.typ, f.at)
			case ok:
				s.lost(f.at, fmt.Sprintf("%s has the same name in JSON, %s, and is stored instead", stored.at.text, name), "give one of the two another name in a json tag")
			default:
				s.lost(f.at, fmt.Sprintf("it shares its name in JSON, %s, with another field, and neither is stored", name), "give one of the two another name in a json tag")
			}
		}
	}
}

// collect finds the fields of a struct and of those embedded in it.
func (s *survival) collect(u *types.Struct, at step, depth int, around map[*types.Struct]bool, add func(jsonField)) {
	if around[u] {
		return
	}
	around[u] = true
	defer delete(around, u)
	for i := range u.NumFields() {
		f := u.Field(i)
		here := at.field(f)
		tag := reflect.StructTag(u.Tag(i)).Get("json")
		name, more, _ := strings.Cut(tag, ",")
		inner, viaPointer := embeddedStruct(f)
		switch {
		case !f.Exported() && inner == nil:
			if holdsData(f) {
				s.lost(here, "it is unexported", "export it")
			}
		case tag == "-":
			if holdsData(f) {
				s.lost(here, "its tag leaves it out", "change the json tag")
			}
		case inner != nil && name == "":
			if viaPointer && !f.Exported() {
				s.lost(here, "an embedded pointer to an unexported struct cannot be read back", "embed the struct itself")
				continue
			}
			here.addressable = here.addressable || viaPointer
			s.collect(inner, here, depth+1, around, add)
		default:
			tagged := name != ""
			if !tagged {
				name = f.Name()
			}
			add(jsonField{name, tagged, slices.Contains(strings.Split(more, ","), "string"), depth, f.Type(), here})
		}
	}
}

// embeddedStruct returns the struct that a field embeds, or nil.
func embeddedStruct(f *types.Var) (s *types.Struct, viaPointer bool) {
	if !f.Embedded() {
		return nil, false
	}
	t := f.Type()
	if pointer, ok := t.Underlying().(*types.Pointer); ok {
		t, viaPointer = pointer.Elem(), true
	}
	s, _ = t.Underlying().(*types.Struct)
	return s, viaPointer
}

// dominant returns the field that encoding/json stores among those of one name:
// the only one of the least depth, or the only tagged one there.
func dominant(fields []jsonField) (jsonField, bool) {
	least := fields[0].depth
	for _, f := range fields {
		least = min(least, f.depth)
	}
	var plain, tagged []jsonField
	for _, f := range fields {
		switch {
		case f.depth > least:
		case f.tagged:
			tagged = append(tagged, f)
		default:
			plain = append(plain, f)
		}
	}
	switch {
	case len(tagged) == 1:
		return tagged[0], true
	case len(tagged) == 0 && len(plain) == 1:
		return plain[0], true
	}
	return jsonField{}, false
}

// holdsData reports whether it matters that a field is not stored: blank fields,
// empty structs and locks are as good new.
func holdsData(f *types.Var) bool {
	if s, ok := f.Type().Underlying().(*types.Struct); ok && s.NumFields() == 0 || f.Name() == "_" {
		return false
	}
	for _, lock := range []string{"Mutex", "RWMutex", "Once", "WaitGroup", "Cond"} {
		if isNamed(f.Type(), "sync", lock) {
			return false
		}
	}
	return true
}
