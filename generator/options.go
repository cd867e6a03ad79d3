package generator

import (
	"go/token"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An option is one line of the table below, from which the directive is parsed
// and checked, and `idemgen help annotations` and docs/annotations.md are
// written.
type option struct {
	Name    string
	Values  string // what may be written, as the reference says it
	Default string
	Meaning string
	Flag    bool // takes no value

	// set checks a value and keeps it. It reports what is wrong with the value
	// at the offset of the byte where that starts.
	set func(a *annotation, value string, bad badFunc)
	// emit is the task option that states the value in generated code, if the
	// runtime has one.
	emit func(a *annotation) Code
}

// An annotation is a directive whose options have been read.
type annotation struct {
	Key         []selector
	TTL         time.Duration
	OnDuplicate string
	OnError     string
	OnCrash     string
	Wait        time.Duration
	Lease       time.Duration
	Match       []selector
	MatchAll    bool
	Name        string
	Prefix      string
	Version     int
	Method      string
	Wrapper     string
	Codec       string
	AllowEmpty  bool

	pos    token.Pos            // of the directive
	stated map[string]token.Pos // where the value of each stated option starts
	wrong  map[string]token.Pos // and of each whose value was refused
}

// newAnnotation returns one in which every option has its default.
func newAnnotation() *annotation {
	return &annotation{
		TTL:         24 * time.Hour,
		OnDuplicate: "skip",
		OnError:     "release",
		OnCrash:     "retry",
		Wait:        30 * time.Second,
		Lease:       15 * time.Second,
		Method:      "Run",
		Codec:       "json",
		stated:      map[string]token.Pos{},
		wrong:       map[string]token.Pos{},
	}
}

// at returns where an option's value is stated, or else where the directive is.
func (a *annotation) at(option string) token.Pos {
	if pos, ok := a.stated[option]; ok {
		return pos
	}
	return a.pos
}

// options is the table of everything that a directive can say, in the order in
// which the reference lists it and generated code states it.
var options = []option{
	{
		Name:    "key",
		Values:  "selectors, `hash(a,b,…)` of selectors, or one quoted constant",
		Default: "required",
		Meaning: "what makes two tasks the same",
		set: func(a *annotation, value string, bad badFunc) {
			a.Key = parseKey(value, bad)
		},
	},
	{
		Name:    "ttl",
		Values:  "a duration from `1s` to 100 years",
		Default: "`24h`",
		Meaning: "how long a finished or interrupted execution is remembered",
		set:     duration(func(a *annotation) *time.Duration { return &a.TTL }, time.Second, century),
		emit:    func(a *annotation) Code { return emitDuration("WithTTL", a.TTL) },
	},
	{
		Name:    "on-duplicate",
		Values:  "`skip`, `fail` or `return-cached`",
		Default: "`skip`",
		Meaning: "what a duplicate gets once the first execution has finished",
		set:     oneOf(func(a *annotation) *string { return &a.OnDuplicate }, "skip", "fail", "return-cached"),
		emit: func(a *annotation) Code {
			return emitConstant("WithOnDuplicate", map[string]string{
				"skip": "PolicySkip", "fail": "PolicyFail", "return-cached": "PolicyReturnCached",
			}[a.OnDuplicate])
		},
	},
	{
		Name:    "on-error",
		Values:  "`release` or `store`",
		Default: "`release`",
		Meaning: "an ordinary error: forget the claim so that a retry runs, or store the failure as the answer",
		set:     oneOf(func(a *annotation) *string { return &a.OnError }, "release", "store"),
		emit: func(a *annotation) Code {
			return emitConstant("WithOnError", map[string]string{
				"release": "ErrorRelease", "store": "ErrorStore",
			}[a.OnError])
		},
	},
	{
		Name:    "on-crash",
		Values:  "`retry` or `fail`",
		Default: "`retry`",
		Meaning: "the owner vanished mid-run: the next caller runs it again, or every caller gets ErrInterrupted until Resolve, Forget or ttl",
		set:     oneOf(func(a *annotation) *string { return &a.OnCrash }, "retry", "fail"),
		emit: func(a *annotation) Code {
			return emitConstant("WithOnCrash", map[string]string{
				"retry": "CrashRetry", "fail": "CrashFail",
			}[a.OnCrash])
		},
	},
	{
		Name:    "wait",
		Values:  "a duration; `0` does not wait but gives ErrInProgress at once",
		Default: "`30s`",
		Meaning: "how long a duplicate waits for an execution in progress",
		set:     duration(func(a *annotation) *time.Duration { return &a.Wait }, 0, math.MaxInt64),
		emit:    func(a *annotation) Code { return emitDuration("WithWait", a.Wait) },
	},
	{
		Name:    "lease",
		Values:  "a duration from `100ms` to 100 years",
		Default: "`15s`",
		Meaning: "how long a claim outlives its last heartbeat; by default shorter than `wait`, so that a waiter outlives a crashed owner",
		set:     duration(func(a *annotation) *time.Duration { return &a.Lease }, 100*time.Millisecond, century),
		emit:    func(a *annotation) Code { return emitDuration("WithLease", a.Lease) },
	},
	{
		Name:    "match",
		Values:  "`all`, or selectors",
		Default: "none",
		Meaning: "fields that must equal the first execution's; otherwise ErrMismatch at once, whatever state that execution is in",
		set: func(a *annotation, value string, bad badFunc) {
			if a.MatchAll = value == "all"; !a.MatchAll {
				a.Match = parseMatch(value, bad)
			}
		},
	},
	{
		Name:    "name",
		Values:  "identifiers joined by dots",
		Default: "`package.Type`",
		Meaning: "the task's name in keys; renaming the Go type need not change it. For package main the last element of its import path stands for the package; a generic task's name goes on with its type arguments. Two tasks of one run of idemgen with one name and prefix are an error",
		set: func(a *annotation, value string, bad badFunc) {
			a.Name = value
			for part := range strings.SplitSeq(value, ".") {
				if !token.IsIdentifier(part) && !token.IsKeyword(part) {
					bad(0, codeValue, "name is identifiers joined by dots, as billing.charge, not %q", value)
					return
				}
			}
		},
	},
	{
		Name:    "prefix",
		Values:  "text",
		Default: "the client's, `idempotency`",
		Meaning: "the first part of the key",
		set: func(a *annotation, value string, bad badFunc) {
			a.Prefix = value
			if strings.ContainsAny(value[:1], "\"`'") {
				bad(0, codeValue, "the quotes of %s would be part of the prefix: write prefix=shop, or with spaces the whole argument in backquotes: `prefix=our shop`", value)
			}
		},
	},
	{
		Name:    "version",
		Values:  "a positive integer",
		Default: "none",
		Meaning: "bump it to start a new key space on purpose",
		set: func(a *annotation, value string, bad badFunc) {
			n, err := strconv.ParseInt(value, 10, 32)
			if err != nil || n < 1 || value[0] == '+' {
				bad(0, codeValue, "version is a positive integer, as version=2, not %q", value)
			}
			a.Version = int(n)
		},
	},
	{
		Name:    "method",
		Values:  "a method's name",
		Default: "`Run`",
		Meaning: "the method to wrap",
		set: func(a *annotation, value string, bad badFunc) {
			a.Method = value
			if !token.IsIdentifier(value) {
				bad(0, codeValue, "method is the name of a method, without parentheses, not %q", value)
			}
		},
	},
	{
		Name:    "wrapper",
		Values:  "an identifier",
		Default: "`Idempotent` and the type's name",
		Meaning: "the name of the generated type",
		set: func(a *annotation, value string, bad badFunc) {
			a.Wrapper = value
			if !token.IsIdentifier(value) || value == "_" {
				bad(0, codeValue, "wrapper is the name of a type to generate, not %q", value)
			}
		},
	},
	{
		Name:    "codec",
		Values:  "`json`, or a package-level variable that is a Codec, as `Gob` or `codecs.Gob`",
		Default: "`json`",
		Meaning: "how results are stored",
		set: func(a *annotation, value string, bad badFunc) {
			a.Codec = value
			pkg, name, found := strings.Cut(value, ".")
			if !token.IsIdentifier(pkg) || found && !token.IsIdentifier(name) {
				bad(0, codeValue, "codec is json or the name of a package-level variable, as Gob or codecs.Gob, not %q", value)
			}
		},
	},
	{
		Name:    "allow-empty",
		Values:  "no value",
		Default: "off",
		Meaning: "permit a key whose every part is a zero value",
		Flag:    true,
		set:     func(a *annotation, _ string, _ badFunc) { a.AllowEmpty = true },
	},
}

// A badFunc reports what is wrong with a value, from offset on.
type badFunc = func(offset int, c code, format string, args ...any)

// optionNamed returns the option of that name.
func optionNamed(name string) (option, bool) {
	for _, o := range options {
		if o.Name == name {
			return o, true
		}
	}
	return option{}, false
}

// optionNames returns every option's name.
func optionNames() []string {
	names := make([]string, len(options))
	for i, o := range options {
		names[i] = o.Name
	}
	return names
}

// oneOf returns the set function of an option with fixed values.
func oneOf(field func(*annotation) *string, values ...string) func(*annotation, string, badFunc) {
	return func(a *annotation, value string, bad badFunc) {
		*field(a) = value
		if !slices.Contains(values, value) {
			bad(0, codeValue, "%q is not one of %s%s", value, list(values), didYouMean(value, values))
		}
	}
}

// century is the longest time for which the runtime remembers anything.
const century = 100 * 365 * 24 * time.Hour

// duration returns the set function of an option that is a duration.
func duration(field func(*annotation) *time.Duration, least, most time.Duration) func(*annotation, string, badFunc) {
	return func(a *annotation, value string, bad badFunc) {
		d, err := parseDuration(value)
		switch {
		case err != nil:
			bad(0, codeValue, "%v", err)
		case d < least && least == 0:
			bad(0, codeValue, "%s is less than 0", value)
		case d < least:
			bad(0, codeValue, "%s is less than %s, the shortest possible", value, least)
		case d > most:
			bad(0, codeValue, "%s is more than 100 years, the longest possible", value)
		}
		*field(a) = d
	}
}

// emitConstant returns a task option with one of the runtime's constants.
func emitConstant(option, constant string) Code {
	return join(qualified(runtimePath, option), "(", qualified(runtimePath, constant), ")")
}

// emitDuration returns a task option with a duration.
func emitDuration(option string, d time.Duration) Code {
	return join(qualified(runtimePath, option), "(", durationCode(d), ")")
}
