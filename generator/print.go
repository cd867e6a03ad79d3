package generator

import (
	"bytes"
	"fmt"
	"go/format"

	"github.com/dave/jennifer/jen"
)

// print returns the text of a generated file.
func (f *filePlan) print() ([]byte, error) {
	draft, err := f.draft()
	if err != nil {
		return nil, err
	}
	content, err := format.Source(draft)
	if err != nil {
		return nil, f.invalid(err)
	}
	return content, nil
}

// draft returns the text before it is formatted.
func (f *filePlan) draft() ([]byte, error) {
	file := jen.NewFilePathName(f.ImportPath, f.Package)
	file.NoFormat = true
	top := header
	if f.Constraint != "" {
		top += "\n\n//go:build " + f.Constraint
	}
	file.HeaderComment(top)
	for path, name := range f.Imports {
		if f.Aliased[path] {
			file.ImportAlias(path, name)
		} else {
			file.ImportName(path, name)
		}
	}
	for _, t := range f.Tasks {
		t.printType(file)
		t.printNew(file)
		t.printRun(file)
		t.printKey(file)
		t.printLookup(file)
		t.printForget(file)
		t.printResolve(file)
		t.printOutput(file)
	}
	var b bytes.Buffer
	if err := file.Render(&b); err != nil {
		return nil, f.invalid(err)
	}
	return b.Bytes(), nil
}

func (f *filePlan) invalid(err error) error {
	return fmt.Errorf("idemgen: the code for %s is not valid Go, which is a bug of idemgen: %w", f.Path, err)
}

// jenCode hands code to jennifer.
func jenCode(c Code) *jen.Statement {
	s := &jen.Statement{}
	for _, t := range c {
		if t.Path != "" {
			s.Qual(t.Path, t.Text)
		} else {
			s.Id(t.Text)
		}
	}
	return s
}

func idem(name string) *jen.Statement { return jen.Qual(runtimePath, name) }

// taskType is what the wrapper's methods take.
func (t *taskPlan) taskType() *jen.Statement {
	if t.Pointer {
		return jen.Op("*").Add(jenCode(t.Type))
	}
	return jenCode(t.Type)
}

// wrapperType is the generated type with its type arguments.
func (t *taskPlan) wrapperType() *jen.Statement {
	s := jen.Id(t.Wrapper)
	if len(t.TypeParams) == 0 {
		return s
	}
	return s.TypesFunc(func(g *jen.Group) {
		for _, p := range t.TypeParams {
			g.Id(p.Name)
		}
	})
}

// withParams appends type parameters with their constraints to a name.
func withParams(name string, params []typeParam) *jen.Statement {
	s := jen.Id(name)
	if len(params) == 0 {
		return s
	}
	return s.TypesFunc(func(g *jen.Group) {
		for _, p := range params {
			g.Id(p.Name).Add(jenCode(p.Constraint))
		}
	})
}

// resultType is R of idem.Result[R], as the wrapper's user sees it.
func (t *taskPlan) resultType() *jen.Statement {
	if t.Output != nil {
		return jen.Struct()
	}
	return jenCode(t.Result)
}

func (t *taskPlan) ctxParam() *jen.Statement {
	return jen.Id(t.Locals.Ctx).Qual("context", "Context")
}

func (t *taskPlan) taskParam() *jen.Statement {
	return jen.Id(t.Locals.Task).Add(t.taskType())
}

// printType prints the wrapper's type.
func (t *taskPlan) printType(file *jen.File) {
	executes := "[" + t.TypeName + "." + t.Method + "]"
	if t.Handler {
		executes = "a handler for [" + t.TypeName + "]"
	}
	file.Comment(comment("%s runs %s at most once for each key: %s.", t.Wrapper, executes, t.keyText()) +
		"\n//\n" + t.Schema.comments())
	file.Type().Add(withParams(t.Wrapper, t.TypeParams)).Struct(
		jen.Id(t.Locals.Field).Op("*").Add(idem("Task").Types(t.taskType(), jenCode(t.Result))),
	)
}

// printNew prints the constructor.
func (t *taskPlan) printNew(file *jen.File) {
	doc := "%s returns a wrapper that remembers its tasks in client's store. Options override what the annotation says."
	if t.Handler {
		doc = "%s returns a wrapper that executes tasks with handler and remembers them in client's store. Options override what the annotation says."
	}
	file.Comment(comment(doc, t.New))
	l := t.Locals
	file.Func().Add(withParams(t.New, t.TypeParams)).ParamsFunc(func(g *jen.Group) {
		g.Id(l.Client).Op("*").Add(idem("Client"))
		if t.Handler {
			g.Id(l.Handler).Func().Params(jen.Qual("context", "Context"), t.taskType()).Params(jenCode(t.Result), jen.Error())
		}
		g.Id(l.Opts).Op("...").Add(idem("TaskOption"))
	}).Op("*").Add(t.wrapperType()).BlockFunc(func(g *jen.Group) {
		g.Id(l.Spec).Op(":=").Add(t.spec())
		if len(t.Options) > 0 {
			annotated := jen.Index().Add(idem("TaskOption")).ValuesFunc(func(g *jen.Group) {
				for _, o := range t.Options {
					g.Add(jenCode(o))
				}
			})
			g.Id(l.Opts).Op("=").Append(annotated, jen.Id(l.Opts).Op("..."))
		}
		g.Return(jen.Op("&").Add(t.wrapperType()).Values(jen.Dict{
			jen.Id(l.Field): idem("NewTask").Call(jen.Id(l.Client), jen.Id(l.Spec), jen.Id(l.Opts).Op("...")),
		}))
	})
}

// printRun prints the method that executes a task.
func (t *taskPlan) printRun(file *jen.File) {
	doc := "%s executes the task unless one with its key has been executed before; what a duplicate gets is the policy's to say."
	if t.Output != nil {
		doc += " A replayed result is put back into the task's output fields."
	}
	file.Comment(comment(doc, t.Method))
	l := t.Locals
	call := jen.Id(l.Wrapper).Dot(l.Field).Dot("Run").Call(jen.Id(l.Ctx), jen.Id(l.Task))
	method := t.method(file, t.Method, jen.List(t.ctxParam(), t.taskParam()), idem("Result").Types(t.resultType()), jen.Error())
	if t.Output == nil {
		method.Block(jen.Return(call))
		return
	}
	method.Block(
		jen.List(jen.Id(l.Result), jen.Id(l.Err)).Op(":=").Add(call),
		jen.Return(jen.Id(l.Result).Dot("WithoutValue").Call(), jen.Id(l.Err)),
	)
}

// printKey prints the method that tells a task's key.
func (t *taskPlan) printKey(file *jen.File) {
	file.Comment(comment("Key returns the key under which the task is remembered."))
	l := t.Locals
	t.method(file, "Key", t.taskParam(), jen.String(), jen.Error()).Block(
		jen.Return(jen.Id(l.Wrapper).Dot(l.Field).Dot("Key").Call(jen.Id(l.Task))),
	)
}

// printLookup prints the method that tells what is remembered.
func (t *taskPlan) printLookup(file *jen.File) {
	file.Comment(comment("Lookup returns what is remembered of the task, or an error that is idem.ErrNotFound."))
	l := t.Locals
	call := jen.Id(l.Wrapper).Dot(l.Field).Dot("Lookup").Call(jen.Id(l.Ctx), jen.Id(l.Task))
	method := t.method(file, "Lookup", jen.List(t.ctxParam(), t.taskParam()), idem("Record").Types(t.resultType()), jen.Error())
	if t.Output == nil {
		method.Block(jen.Return(call))
		return
	}
	method.Block(
		jen.List(jen.Id(l.Record), jen.Id(l.Err)).Op(":=").Add(call),
		jen.Return(jen.Id(l.Record).Dot("WithoutValue").Call(), jen.Id(l.Err)),
	)
}

// printForget prints the method that lets a task run again.
func (t *taskPlan) printForget(file *jen.File) {
	file.Comment(comment("Forget lets the task run again. It returns an error that is idem.ErrNotFound or idem.ErrInProgress where there is nothing to forget, or not yet."))
	l := t.Locals
	t.method(file, "Forget", jen.List(t.ctxParam(), t.taskParam()), jen.Error()).Block(
		jen.Return(jen.Id(l.Wrapper).Dot(l.Field).Dot("Forget").Call(jen.Id(l.Ctx), jen.Id(l.Task))),
	)
}

// printResolve prints the method that records an answer by hand.
func (t *taskPlan) printResolve(file *jen.File) {
	l := t.Locals
	resolve := func(value jen.Code) jen.Code {
		return jen.Return(jen.Id(l.Wrapper).Dot(l.Field).Dot("Resolve").Call(jen.Id(l.Ctx), jen.Id(l.Task), value))
	}
	const doc = "Resolve records by hand that the task was executed%s: for one that was interrupted, or executed elsewhere. It returns an error that is idem.ErrInProgress while someone executes it."
	switch {
	case t.Output != nil:
		file.Comment(comment(doc, ", with the values of its output fields"))
		t.method(file, "Resolve", jen.List(t.ctxParam(), t.taskParam()), jen.Error()).Block(resolve(t.outputOf()))
	case t.Valueless:
		file.Comment(comment(doc, ""))
		t.method(file, "Resolve", jen.List(t.ctxParam(), t.taskParam()), jen.Error()).Block(resolve(jen.Struct().Values()))
	default:
		file.Comment(comment(doc, " and gave value"))
		t.method(file, "Resolve", jen.List(t.ctxParam(), t.taskParam(), jen.Id(l.Value).Add(jenCode(t.Result))), jen.Error()).
			Block(resolve(jen.Id(l.Value)))
	}
}

// method starts a method of the wrapper.
func (t *taskPlan) method(file *jen.File, name string, params jen.Code, results ...jen.Code) *jen.Statement {
	s := file.Func().Params(jen.Id(t.Locals.Wrapper).Op("*").Add(t.wrapperType())).Id(name).Params(params)
	if len(results) == 1 {
		return s.Add(results[0])
	}
	return s.Params(results...)
}
