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
	{"Results that are stored", []string{
		"what a duplicate could not get back is an error, for outputs and under `on-duplicate=return-cached`, as long as the codec is `json`: unexported fields and those tagged `json:\"-\"`, interfaces, funcs, channels, maps with keys that json refuses, fields that share a name, and the like",
		"a field that may be lost says why, beside it or above it: `//idem:lossy it is filled again when needed`; for a type of another package that stands above the field that holds it, or above the method that returns it",
		"what may be lost is a note, which stops nothing: floats, which do not encode if they are NaN, and maps and lists of `any`",
	}},
	{"What identifies, and what agrees", []string{
		"a key of nothing but bools, or of nothing but floats, is an error, and so is a `Method()` in it whose body reads the clock without rounding it, or makes a random value; a key of nothing but times is a note",
		"a field that is part of the key is an error in `match`, where it could never differ; `match=all` may include it",
		"`on-duplicate=return-cached` is an error for a method that returns only an error and has no outputs, unless `on-error=store` leaves the error to return",
		"`lease` is an error if it is longer than `ttl`, and `wait` a note if it is shorter than a poll, 250ms",
		"`on-crash=fail` is an error with a `ttl` under 10 minutes and a note under an hour: an interrupted execution is forgotten, and runs again, before anybody can have looked into it",
	}},
	{"Tags", []string{
		"`idem:\"out\"` marks an output field: a method task with a pointer receiver that returns only an error stores these as its result, and under `on-duplicate=return-cached` a duplicate's fields are filled from there; an output can be neither key nor match",
		"`idem:\"-\"` marks what is no input, as clients and loggers: `match=all` leaves it out, and so does a key that has the struct as a value",
	}},
}
