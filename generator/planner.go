package generator

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// A planner turns the annotated types of one package into plans.
type planner struct {
	reporter
	pkg         *types.Package
	errors      []types.Error // what the compiler says of the declarations
	declared    *declared
	files       []*ast.File // those of the package that are looked at
	lossy       *lossyReader
	importNamed func(*ast.ImportSpec) string

	imported map[string]string // of the file at hand: names of mentioned packages, by path
	used     map[string]bool   // of the file at hand: local identifiers, which no import may hide
}

// A subject is the type that is being planned, and what was found out so far.
type subject struct {
	declaration
	file    *ast.File
	obj     *types.TypeName
	typ     types.Type // the type of obj; a generic one with its own parameters as arguments
	shape   shape
	outputs []string // the names of its idem:"out" fields
	locals  locals
	fresh   func(string) string
}

// fieldPos returns where a field of the struct is declared.
func (t *subject) fieldPos(name string) token.Pos {
	if s, ok := t.obj.Type().Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			if f.Name() == name {
				return f.Pos()
			}
		}
	}
	return t.obj.Pos()
}

// encoder returns an encoder for the subject's values.
func (p *planner) encoder(t *subject) *encoder {
	return &encoder{pkg: p.pkg, imported: p.imported, fresh: t.fresh}
}

// plan plans one annotated type. It reports all that is wrong with it, and then
// returns a plan that is not to be printed, or nil.
func (p *planner) plan(file *ast.File, d declaration) (*taskPlan, bool) {
	t := &subject{declaration: d, file: file}
	before := len(p.found)
	if !p.understand(t) {
		return nil, false
	}
	a := d.annotation
	plan := &taskPlan{
		TypeName:   t.obj.Name(),
		Method:     a.Method,
		Pointer:    t.shape.pointer,
		Handler:    t.shape.method == nil,
		Valueless:  t.shape.method != nil && t.shape.result == nil,
		Version:    a.Version,
		Prefix:     a.Prefix,
		AllowEmpty: a.AllowEmpty,
		Name:       a.Name,
	}
	if plan.Name == "" {
		plan.Name = keyPackage(p.pkg) + "." + plan.TypeName
	}
	plan.Wrapper, plan.New = wrapperNames(plan.TypeName, a.Wrapper)
	p.claim(t, plan.Wrapper, a.at("wrapper"))
	p.claim(t, plan.New, a.at("wrapper"))
	p.chooseLocals(t, plan)
	p.typeParams(t, plan)
	p.planResult(t, plan)
	p.checkStored(t)
	p.planKey(t, plan)
	p.checkIdentity(t, plan)
	p.checkPolicies(t, plan)
	p.planOptions(t, plan)
	plan.Locals = t.locals
	if len(p.found) == before {
		plan.Schema = newSchema(plan)
		plan.Schema.Result = p.resultSchema(t, plan)
	}
	return plan, len(p.found) == before
}

// understand finds the type and its shape.
func (p *planner) understand(t *subject) bool {
	name := t.spec.Name
	obj, ok := p.pkg.Scope().Lookup(name.Name).(*types.TypeName)
	switch {
	case name.Name == "_":
		p.at(name.Pos(), codeNoTask, "a blank type cannot be a task: give it a name")
		return false
	case t.spec.Assign.IsValid():
		p.at(t.annotation.pos, codeNoTask, "%s is an alias: put the directive above the type that it stands for", name.Name)
		return false
	case !ok || obj.Pos() != name.Pos():
		if !p.compilerSays(name) && !p.compilerSays(t.file.Name) {
			p.at(name.Pos(), codeNoTask, "%s cannot be a task: another declaration has its name; rename one of the two", name.Name)
		}
		return false
	}
	t.obj, t.typ = obj, ofItself(obj.Type())
	s, isStruct := obj.Type().Underlying().(*types.Struct)
	if !isStruct {
		if !p.invalid(obj.Pos(), obj.Type().Underlying()) {
			p.at(t.annotation.pos, codeNoTask, "%s is not a struct: a task is a struct type whose fields hold its input", name.Name)
		}
		return false
	}
	if endless(t.typ) {
		p.at(name.Pos(), codeNoTask, "%s cannot be a task: what it embeds, or holds, is a generic type that embeds itself with new type arguments, without end", name.Name)
		return false
	}
	if t.shape, ok = p.taskShape(t); ok && t.shape.result != nil && endless(t.shape.result) {
		p.at(t.shape.method.Pos(), codeSignature, "the result of %s embeds a generic type that embeds itself with new type arguments, without end", t.annotation.Method)
		return false
	}
	if ok { // if not, there is still the key to check
		p.readTags(t, s)
		p.refuseCopiedLock(t)
	}
	return true
}

// compilerSays reports the compiler's own words about the line of a name.
func (p *planner) compilerSays(name *ast.Ident) bool {
	for _, e := range p.errors {
		if sameLine(p.fset, e.Pos, name.Pos()) && p.fset.File(e.Pos) == p.fset.File(name.Pos()) {
			p.at(e.Pos, codeCompiler, "%s", e.Msg)
			return true
		}
	}
	return false
}

// claim takes a name for something that is generated.
func (p *planner) claim(t *subject, name string, at token.Pos) {
	other, taken := p.declared.names[name]
	if !taken {
		other, taken = p.declared.imports[name]
	}
	if taken {
		p.at(at, codeNameTaken, "the name %s is taken, at %s: choose another with wrapper=", name, p.position(other))
		return
	}
	p.declared.names[name] = t.spec.Name.Pos()
}

// chooseLocals names what the generated functions declare, so that it hides no
// type of the package.
func (p *planner) chooseLocals(t *subject, plan *taskPlan) {
	given := map[string]bool{}
	scope := p.pkg.Scope()
	hides := func(name string) bool {
		if given[name] || p.hidesMentioned(t, plan, name) {
			return true
		}
		return slices.ContainsFunc(typeParamNames(t.obj), func(s string) bool { return s == name })
	}
	t.fresh = func(base string) string {
		name := unused(base, hides)
		given[name], p.used[name] = true, true
		return name
	}
	t.locals = locals{
		Wrapper: t.fresh("w"),
		Client:  t.fresh("client"),
		Opts:    t.fresh("opts"),
		Handler: t.fresh("handler"),
		Spec:    t.fresh("spec"),
		Ctx:     t.fresh("ctx"),
		Task:    t.fresh("task"),
		Value:   t.fresh("value"),
		Writer:  t.fresh("k"),
		Field:   "task",
	}
	inBody := func(base string) string { // of a function that declares none of the names that are to come
		name := unused(base, hides)
		p.used[name] = true
		return name
	}
	t.locals.Result, t.locals.Record, t.locals.Err = inBody("result"), inBody("record"), inBody("err")
	if plan.Method == "task" {
		t.locals.Field = "runner" // a field and a method cannot share a name
	}
	if slices.Contains([]string{"Key", "Lookup", "Forget", "Resolve"}, plan.Method) {
		p.at(t.annotation.at("method"), codeMethodTaken, "a wrapper already has a method %s: rename the task's", plan.Method)
	}
	for _, name := range predeclared {
		if hidden := scope.Lookup(name); hidden != nil && !types.Identical(hidden.Type(), types.Universe.Lookup(name).Type()) {
			p.at(hidden.Pos(), codeHidesGo, "%s hides Go's own %s, which generated code needs: rename it", name, name)
		}
	}
}

// hidesMentioned reports whether a local name would hide one of the package that
// generated code mentions.
func (p *planner) hidesMentioned(t *subject, plan *taskPlan, name string) bool {
	return p.declared.types[name] || name == t.annotation.Codec || name == plan.Wrapper || name == plan.New
}

// typeParamNames returns the names of a generic type's parameters.
func typeParamNames(obj *types.TypeName) []string {
	var names []string
	if named, ok := obj.Type().(*types.Named); ok {
		for param := range named.TypeParams().TypeParams() {
			names = append(names, param.Obj().Name())
		}
	}
	return names
}

// typeParams plans the annotated type as code, and the wrapper's parameters.
func (p *planner) typeParams(t *subject, plan *taskPlan) {
	plan.NameArgs = typeParamNames(t.obj)
	if len(plan.NameArgs) == 0 {
		plan.Type = text("%s", plan.TypeName)
		return
	}
	plan.Type = text("%s[%s]", plan.TypeName, strings.Join(plan.NameArgs, ", "))
	for param := range t.obj.Type().(*types.Named).TypeParams().TypeParams() {
		name := param.Obj().Name()
		if name == "_" {
			p.at(param.Obj().Pos(), codeUnnameable, "a blank type parameter cannot be named by the wrapper: give it a name")
		}
		if why := unnameable(param.Constraint(), p.pkg); why != "" {
			p.at(param.Obj().Pos(), codeUnnameable, "generated code cannot name the constraint of %s: %s; write one that this package can name", name, why)
		}
		plan.TypeParams = append(plan.TypeParams, typeParam{name, p.typeCode(param.Constraint())})
	}
}

// typeCode writes a type as generated code names it.
func (p *planner) typeCode(t types.Type) Code { return typeCode(t, p.pkg, p.imported) }

// planResult plans what the runtime stores.
func (p *planner) planResult(t *subject, plan *taskPlan) {
	switch {
	case plan.Handler:
		name := unused("R", func(s string) bool {
			return slices.Contains(plan.NameArgs, s) || p.hidesMentioned(t, plan, s)
		})
		plan.TypeParams = append(plan.TypeParams, typeParam{name, text("any")})
		plan.Result = text("%s", name)
		p.used[name] = true
	case t.shape.result != nil:
		at := t.obj.Pos()
		if t.shape.method.Pkg() == p.pkg {
			at = t.shape.method.Pos()
		}
		if why := unnameable(t.shape.result, p.pkg); why != "" {
			p.at(at, codeUnnameable, "generated code cannot name the result of %s: %s; return a type that this package can name", plan.Method, why)
			return
		}
		if lock := lockText(t.shape.result); lock != "" {
			p.at(at, codeLock, "the result of %s would be copied with a lock in it, %s: return a pointer", plan.Method, lock)
		}
		plan.Result = p.typeCode(t.shape.result)
	case len(t.outputs) > 0:
		p.planOutput(t, plan)
	default:
		plan.Result = text("struct{}")
	}
}

// planKey plans the parts of the key and of the fingerprint.
func (p *planner) planKey(t *subject, plan *taskPlan) {
	a := t.annotation
	for _, s := range a.Key {
		if part, ok := p.part(t, s); ok {
			plan.Key = append(plan.Key, part)
		}
	}
	match := a.Match
	if a.MatchAll {
		match = p.matchAll(t)
	}
	match = slices.Clone(match)
	slices.SortFunc(match, func(a, b selector) int { return strings.Compare(a.Text, b.Text) })
	for _, s := range match {
		if part, ok := p.part(t, s); ok {
			plan.Match = append(plan.Match, part)
		}
	}
}

// matchAll returns a selector for every field that is input.
func (p *planner) matchAll(t *subject) []selector {
	var all []selector
	s := t.obj.Type().Underlying().(*types.Struct)
	for i := range s.NumFields() {
		f := s.Field(i)
		tag := reflect.StructTag(s.Tag(i)).Get("idem")
		if f.Name() == "_" || tag == "-" || tag == "out" {
			continue
		}
		all = append(all, selector{Text: f.Name(), Path: []string{f.Name()}, pos: t.annotation.at("match")})
	}
	if len(all) == 0 {
		p.at(t.annotation.at("match"), codeMatchNothing, "match=all has nothing to match: %s has no input fields", t.obj.Name())
	}
	return all
}

// planOptions plans the task options that the annotation states.
func (p *planner) planOptions(t *subject, plan *taskPlan) {
	for _, o := range options {
		if _, stated := t.annotation.stated[o.Name]; stated && o.emit != nil {
			plan.Options = append(plan.Options, o.emit(t.annotation))
		}
	}
	if codec := p.codec(t); codec != nil {
		plan.Options = append(plan.Options, join(qualified(runtimePath, "WithCodec"), "(", codec, ")"))
	}
}
