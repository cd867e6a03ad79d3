package generator

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// readTags finds the output fields and reports idem tags that say nothing.
func (p *planner) readTags(t *subject, s *types.Struct) {
	for i := range s.NumFields() {
		f := s.Field(i)
		tag, tagged := reflect.StructTag(s.Tag(i)).Lookup("idem")
		if inner := embeddedOutput(f); inner != "" {
			p.at(f.Pos(), codeOutput, "%s of the embedded %s cannot be an output: only a field of the task itself can", inner, f.Name())
		}
		switch {
		case !tagged, tag == "-":
		case tag != "out":
			p.at(p.tagPos(t, f), codeTag, "idem tag %q of field %s is not known: write `idem:\"out\"` for an output, `idem:\"-\"` for what is no input%s",
				tag, f.Name(), didYouMean(tag, []string{"out"}))
		case f.Name() == "_":
			p.at(p.tagPos(t, f), codeOutput, "a blank field cannot be an output: give it a name")
		case t.shape.method == nil:
			p.at(p.tagPos(t, f), codeOutput, "field %s cannot be an output of a task without a method: a handler returns its result", f.Name())
		case t.shape.result != nil:
			p.at(p.tagPos(t, f), codeOutput, "field %s cannot be an output: %s already returns a result; return only an error, or put the field into what it returns", f.Name(), t.annotation.Method)
		case !t.shape.pointer:
			p.at(p.tagPos(t, f), codeOutput, "field %s cannot be an output: %s has a value receiver, so what it sets is lost; give it a pointer receiver", f.Name(), t.annotation.Method)
		default:
			t.outputs = append(t.outputs, f.Name())
		}
	}
}

// embeddedOutput returns the name of a field of an embedded struct that is
// tagged as an output, or "".
func embeddedOutput(f *types.Var) string {
	t := f.Type()
	if pointer, ok := t.Underlying().(*types.Pointer); ok {
		t = pointer.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok || !f.Embedded() {
		return ""
	}
	for i := range s.NumFields() {
		if reflect.StructTag(s.Tag(i)).Get("idem") == "out" {
			return s.Field(i).Name()
		}
	}
	return ""
}

// tagPos returns where a field's tag is written.
func (p *planner) tagPos(t *subject, field *types.Var) token.Pos {
	pos := field.Pos()
	ast.Inspect(t.spec, func(n ast.Node) bool {
		if f, ok := n.(*ast.Field); ok && f.Tag != nil && f.Pos() <= pos && pos < f.End() {
			pos = f.Tag.Pos()
			return false
		}
		return true
	})
	return pos
}

// hasOutputs reports whether a struct has fields that are tagged as outputs.
func hasOutputs(spec *ast.TypeSpec) bool {
	s, ok := spec.Type.(*ast.StructType)
	return ok && slices.ContainsFunc(s.Fields.List, func(f *ast.Field) bool {
		if f.Tag == nil {
			return false
		}
		tag, _ := strconv.Unquote(f.Tag.Value)
		return reflect.StructTag(tag).Get("idem") == "out"
	})
}

// outputName returns a name for the struct of a type's output fields.
func (p *planner) outputName(typeName string) string {
	return unused(uncapital(typeName)+"Output", func(s string) bool { _, taken := p.declared.names[s]; return taken })
}

// planOutput plans the struct that holds the output fields.
func (p *planner) planOutput(t *subject, plan *taskPlan) {
	name := p.outputName(plan.TypeName)
	p.declared.names[name] = t.spec.Name.Pos()
	output := &outputPlan{Name: name}
	taken := map[string]bool{}
	s := t.obj.Type().Underlying().(*types.Struct)
	for f := range s.Fields() {
		if !slices.Contains(t.outputs, f.Name()) {
			continue
		}
		if p.invalid(f.Pos(), f.Type()) {
			continue
		}
		if why := unnameable(f.Type(), p.pkg); why != "" {
			p.at(f.Pos(), codeUnnameable, "generated code cannot name the type of output %s: %s; give it a type that this package can name", f.Name(), why)
			continue
		}
		if lock := lockText(f.Type()); lock != "" {
			p.at(f.Pos(), codeLock, "output %s would be copied with a lock in it, %s: make it a pointer", f.Name(), lock)
		}
		field := unused(exportedName(f.Name()), func(s string) bool { return taken[s] })
		taken[field] = true
		output.Fields = append(output.Fields, outputField{field, f.Name(), p.typeCode(f.Type())})
	}
	plan.Output = output
	plan.Result = text("%s", name)
	if len(plan.NameArgs) > 0 {
		plan.Result = text("%s[%s]", name, strings.Join(plan.NameArgs, ", "))
	}
}
