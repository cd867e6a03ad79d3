package generator

import "slices"

// A plan is everything that will be printed and nothing else: plain values,
// without syntax trees or types, so that printing decides nothing.

// filePlan is one generated file.
type filePlan struct {
	Path       string            // where it is written
	Package    string            // its package clause
	ImportPath string            // the package's import path
	Constraint string            // its build constraint, empty for none
	Imports    map[string]string // the name of each imported package, by path
	Aliased    map[string]bool   // whose name is not the package's own
	Tasks      []*taskPlan
}

// taskPlan is one wrapper.
type taskPlan struct {
	TypeName   string      // "ProcessPayment"
	Type       Code        // the annotated type, with its type parameters
	TypeParams []typeParam // the wrapper's: the struct's, for handlers also R
	Wrapper    string      // "IdempotentProcessPayment"
	New        string      // "NewIdempotentProcessPayment"
	Method     string      // the wrapped method, and the wrapper's
	Pointer    bool        // the wrapper takes a *Type
	Handler    bool        // a handler does the work, not a method
	Valueless  bool        // the method returns only an error
	Result     Code        // what the runtime stores: R of idem.Task
	Output     *outputPlan // the struct of idem:"out" fields, if there are any
	Name       string      // the name in keys, less the type arguments
	NameArgs   []string    // the type parameters whose names the name includes
	Version    int
	Prefix     string
	AllowEmpty bool
	Key, Match []partPlan
	Options    []Code // the task options that the annotation states
	Schema     schema // what has to stay the same
	Locals     locals
}

// typeParam is one type parameter with its constraint.
type typeParam struct {
	Name       string
	Constraint Code
}

// outputPlan is the generated struct that holds a task's output fields.
type outputPlan struct {
	Name   string
	Fields []outputField
}

// outputField is one field of the output struct and the task's field it holds.
type outputField struct {
	Name, From string
	Type       Code
}

// partPlan is one part of a key or of a match fingerprint.
type partPlan struct {
	Name  string
	Value value
}

// A value says how one value is written to a KeyWriter.
type value interface{ isValue() }

type (
	// writeValue is one call, as k.Int(int64(task.ID)).
	writeValue struct {
		Method string
		Args   []Code
	}
	// nilValue writes Nil if any of the expressions is nil, else Else.
	nilValue struct {
		Nilable []Code
		Else    value
	}
	// groupValue writes values between two calls: a struct or a hash.
	groupValue struct {
		Open, Close string
		Values      []value
		Names       []string // of the values
	}
	// listValue writes each element of a slice or an array.
	listValue struct {
		Open string
		Args []Code
		Elem string // the name of an element, empty if Each does not mention it
		Over Code
		Each value
	}
	// callValue calls a method, and writes what it returned.
	callValue struct {
		Var   string // the name of its result, empty if After does not mention it
		Err   string // the name of its error, empty if it returns none
		Call  Code
		After value
	}
)

func (writeValue) isValue() {}
func (nilValue) isValue()   {}
func (groupValue) isValue() {}
func (listValue) isValue()  {}
func (callValue) isValue()  {}

// locals are the identifiers that the generated functions declare. They are
// chosen so as not to hide any name that those functions use.
type locals struct {
	Wrapper, Field, Client, Opts, Handler, Spec, Ctx, Task, Value, Writer, Result, Record, Err string
}

// mentionsValue reports whether writing v mentions the value at all: a struct
// without fields is written by what is around it.
func mentionsValue(v value) bool {
	group, ok := v.(groupValue)
	if !ok {
		return true
	}
	return slices.ContainsFunc(group.Values, mentionsValue)
}
