package generator

import (
	"fmt"
	"strings"

	"github.com/dave/jennifer/jen"
)

// spec prints the idem.Spec of a task.
func (t *taskPlan) spec() *jen.Statement {
	fields := jen.Statement{}
	field := func(name string, value jen.Code) {
		fields = append(fields, jen.Line().Id(name).Op(":").Add(value))
	}
	field("Name", t.name())
	if t.Version > 0 {
		field("Version", jen.Lit(t.Version))
	}
	if t.Prefix != "" {
		field("Prefix", jen.Lit(t.Prefix))
	}
	field("Key", t.keyFunc(t.Key))
	if len(t.Match) > 0 {
		field("Match", t.keyFunc(t.Match))
	}
	if t.AllowEmpty {
		field("AllowEmpty", jen.True())
	}
	field("Run", t.runFunc())
	if t.Output != nil {
		field("Restore", t.restoreFunc())
	}
	items := make([]jen.Code, len(fields)+1)
	copy(items, fields)
	items[len(fields)] = jen.Line()
	return idem("Spec").Types(t.taskType(), jenCode(t.Result)).Values(items...)
}

// name prints the task's name, which for a generic type goes on with its type
// arguments.
func (t *taskPlan) name() jen.Code {
	if len(t.NameArgs) == 0 {
		return jen.Lit(t.Name)
	}
	s := jen.Lit(t.Name + "[")
	for i, arg := range t.NameArgs {
		if i > 0 {
			s.Op("+").Lit(",")
		}
		s.Op("+").Add(idem("TypeName")).Types(jen.Id(arg)).Call()
	}
	return s.Op("+").Lit("]")
}

// runFunc prints the function that executes a task.
func (t *taskPlan) runFunc() jen.Code {
	l := t.Locals
	if t.Handler {
		return jen.Id(l.Handler)
	}
	call := jen.Id(l.Task).Dot(t.Method).Call(jen.Id(l.Ctx))
	f := jen.Func().Params(t.ctxParam(), t.taskParam()).Params(jenCode(t.Result), jen.Error())
	switch {
	case t.Output != nil:
		return f.Block(
			jen.Id(l.Err).Op(":=").Add(call),
			jen.Return(t.outputOf(), jen.Id(l.Err)),
		)
	case t.Valueless:
		return f.Block(jen.Return(jen.Struct().Values(), call))
	}
	return f.Block(jen.Return(call))
}

// outputOf prints a task's output fields as the struct that is stored.
func (t *taskPlan) outputOf() *jen.Statement {
	return jenCode(t.Result).ValuesFunc(func(g *jen.Group) {
		for _, f := range t.Output.Fields {
			g.Id(f.Name).Op(":").Id(t.Locals.Task).Dot(f.From)
		}
	})
}

// restoreFunc prints the function that puts a stored output back.
func (t *taskPlan) restoreFunc() jen.Code {
	l := t.Locals
	return jen.Func().Params(t.taskParam(), jen.Id(l.Value).Add(jenCode(t.Result))).BlockFunc(func(g *jen.Group) {
		for _, f := range t.Output.Fields {
			g.Id(l.Task).Dot(f.From).Op("=").Id(l.Value).Dot(f.Name)
		}
	})
}

// printOutput prints the struct of output fields, if there are any.
func (t *taskPlan) printOutput(file *jen.File) {
	if t.Output == nil {
		return
	}
	params := t.TypeParams
	file.Comment(comment("%s is what is stored of a %s: its output fields.", t.Output.Name, t.TypeName))
	file.Type().Add(withParams(t.Output.Name, params)).StructFunc(func(g *jen.Group) {
		for _, f := range t.Output.Fields {
			g.Id(f.Name).Add(jenCode(f.Type)).Tag(map[string]string{"json": f.From})
		}
	})
}

// keyFunc prints the function that writes parts.
func (t *taskPlan) keyFunc(parts []partPlan) jen.Code {
	l := t.Locals
	param := t.taskParam()
	if !mentionTask(parts) {
		param = jen.Id("_").Add(t.taskType())
	}
	return jen.Func().Params(jen.Id(l.Writer).Op("*").Add(idem("KeyWriter")), param).BlockFunc(func(g *jen.Group) {
		for _, part := range parts {
			start := jen.Id(l.Writer).Dot("Part").Call(jen.Lit(part.Name))
			if w, ok := part.Value.(writeValue); ok {
				g.Add(start.Dot(w.Method).Call(jenArgs(w.Args)...))
				continue
			}
			if call, ok := part.Value.(callValue); ok {
				t.printCall(g, call, func() { g.Add(start) })
				continue
			}
			g.Add(start)
			t.printValue(g, part.Value)
		}
	})
}

// mentionTask reports whether any part mentions the task: a constant does not.
func mentionTask(parts []partPlan) bool {
	for _, part := range parts {
		w, ok := part.Value.(writeValue)
		if !ok || w.Method != "Const" {
			return true
		}
	}
	return false
}

// printValue prints the statements that write a value.
func (t *taskPlan) printValue(g *jen.Group, v value) {
	k := t.Locals.Writer
	switch v := v.(type) {
	case writeValue:
		g.Id(k).Dot(v.Method).Call(jenArgs(v.Args)...)
	case nilValue:
		condition := jen.Add(jenCode(v.Nilable[0])).Op("==").Nil()
		for _, x := range v.Nilable[1:] {
			condition.Op("||").Add(jenCode(x)).Op("==").Nil()
		}
		g.If(condition).Block(
			jen.Id(k).Dot("Nil").Call(),
		).Else().BlockFunc(func(g *jen.Group) { t.printValue(g, v.Else) })
	case groupValue:
		g.Id(k).Dot(v.Open).Call()
		for _, inner := range v.Values {
			t.printValue(g, inner)
		}
		g.Id(k).Dot(v.Close).Call()
	case listValue:
		g.Id(k).Dot(v.Open).Call(jenArgs(v.Args)...)
		loop := jen.Range().Add(jenCode(v.Over))
		if v.Elem != "" {
			loop = jen.List(jen.Id("_"), jen.Id(v.Elem)).Op(":=").Add(loop)
		}
		g.For(loop).BlockFunc(func(g *jen.Group) { t.printValue(g, v.Each) })
		g.Id(k).Dot("Close").Call()
	case callValue:
		t.printCall(g, v, func() {})
	}
}

// printCall prints a method call, and what writes its result. before prints what
// must precede both.
func (t *taskPlan) printCall(g *jen.Group, v callValue, before func()) {
	before()
	name := v.Var
	if name == "" {
		name = "_"
	}
	switch {
	case v.Err == "" && name == "_":
		g.Id(name).Op("=").Add(jenCode(v.Call))
	case v.Err == "":
		g.Id(name).Op(":=").Add(jenCode(v.Call))
	default:
		g.List(jen.Id(name), jen.Id(v.Err)).Op(":=").Add(jenCode(v.Call))
		g.If(jen.Id(v.Err).Op("!=").Nil()).Block(
			jen.Id(t.Locals.Writer).Dot("Fail").Call(jen.Id(v.Err)),
			jen.Return(),
		)
	}
	t.printValue(g, v.After)
}

func jenArgs(args []Code) []jen.Code {
	codes := make([]jen.Code, len(args))
	for i, arg := range args {
		codes[i] = jenCode(arg)
	}
	return codes
}

// keyText says what makes two tasks the same, for doc comments.
func (t *taskPlan) keyText() string {
	names := make([]string, len(t.Key))
	for i, part := range t.Key {
		names[i] = part.Name
	}
	return list(names)
}

// comment formats a doc comment and breaks it into lines of at most 80 letters.
func comment(format string, args ...any) string {
	var b strings.Builder
	width := 0
	for word := range strings.FieldsSeq(fmt.Sprintf(format, args...)) {
		if width == 0 || width+1+len(word) > 79 {
			if width > 0 {
				b.WriteByte('\n')
			}
			b.WriteString("//")
			width = 2
		}
		b.WriteString(" " + word)
		width += 1 + len(word)
	}
	return b.String()
}
