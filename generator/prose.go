package generator

// A section is a part of the reference that no table holds.
type section struct {
	title string
	lines []string
}

// prose are the sections between the table of options and that of kinds.
var prose = []section{
	{"The directive", []string{
		"it stands directly above a package-level struct type, without a blank line between: `//idem:task`, in lower case and without spaces, as Go's own directives are written",
		"what looks like one and is none is an error: `// idem:task`, `//idem:Task`, one above a func, a group or a local type, or one inside a block comment",
		"arguments are parted by spaces, so values contain none: `key=Tenant,OrderID`",
		"from an argument `//` on, the rest is a comment",
		"durations are written with Go's units and `d` and `w`, for days of 24 hours and weeks of seven days: `7d`, `1w12h`",
	}},
	{"Selectors", []string{
		"`Field` is a field of the struct or of one embedded in it, unexported too",
		"`Field.Sub` goes on into a field's own fields, through pointers as well: if one on the way is nil, the whole selector is nil",
		"`Method()` or `Field.Method()` is what a method without arguments returns: one value that can be part of a key, or one and an error, which Key and Run then return",
		"`hash(a,b)` is one part made of several selectors: `idem.HashKey` of their values, kinds that JSON lacks by their key text, so that a service in another language derives the same key",
		"a value of a type parameter is written as the kind that its constraint lists, whatever methods the type argument has",
		"in `key` the order of selectors is the order of parts; in `match` it has no meaning, and `match=all` means every field but outputs and those tagged `idem:\"-\"`",
	}},
	{"Quoting", []string{
		"quotes count only around a whole argument, in Go's syntax for strings",
		"`key=\"nightly-report\"` is a constant: all such tasks are the same",
		"a constant with a space is written with the whole argument in backquotes: `` `key=\"nightly report\"` ``",
	}},
	{"Methods and handlers", []string{
		"a struct with a method `Run(context.Context) error` or `Run(context.Context) (R, error)`, or the method that `method` names, is a method task; the wrapper takes a pointer where only the pointer has the method",
		"a Run of another signature is an error if the struct declares it, and ignored if it is promoted from an embedded type, unless `method` names it",
		"any other struct is a handler task: its wrapper takes a func that does the work",
		"a struct with a lock in it, as a `sync.Mutex`, needs a method with a pointer receiver, so that it is never copied; a result, an output and an element of a list that holds one must be a pointer",
	}},
	{"Tags", []string{
		"`idem:\"out\"` marks an output field: a method task with a pointer receiver that returns only an error stores these as its result, and under `on-duplicate=return-cached` a duplicate's fields are filled from there; an output can be neither key nor match",
		"`idem:\"-\"` marks what is no input, as clients and loggers: `match=all` leaves it out, and so does a key that has the struct as a value",
	}},
}
