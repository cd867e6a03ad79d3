package main

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/idemgen/idemgen/generator"
)

const usage = `Idemgen writes typed wrappers for structs that carry an //idem:task directive,
so that each task runs at most once for each key.

	//go:generate go tool idemgen

	//idem:task key=OrderID ttl=24h on-duplicate=skip
	type ProcessPayment struct { OrderID, Amount int }

Usage:

	idemgen [flags] [packages]         generate (default: the package in the current directory)
	idemgen check [flags] [packages]   change nothing; show what is missing, stale or orphaned
	idemgen list [-json] [packages]    every task: name, key, ttl, policies, result, position
	idemgen help [topic]               annotations, check, generate, list, version, vet,
	                                   or the code of a diagnostic, as IDEM006
	idemgen version                    the version of this program
	go vet -vettool=$(go tool -n idemgen) ./...

Flags:

	-accept          let keys and stored results change, after reading what is said of it
	-against rev     check: compare keys and results with a git revision too
	-C directory     change to this directory first
	-format format   how diagnostics are written: text, json or github
	-json            short for -format json; after list, list as JSON
	-markdown        list: a table in Markdown
	-tags tags       build tags, parted by commas
	-v               say what happens to each file

Exit status: 0 done, 1 diagnostics or wrappers that are not up to date, 2 usage.
`

// topics are the texts of `idemgen help topic`, but annotations, which comes
// from the table of options.
var topics = map[string]string{
	"generate": `Usage: idemgen [-accept] [-C directory] [-format format] [-tags tags] [-v] [packages]

Writes x_idem.go beside each x.go that declares tasks, leaves files alone that
are as they should be, and removes those whose source has no task left. Nothing
is written if anything is wrong with any annotation. Packages need not compile:
calls of wrappers that do not exist yet do not matter.

A change that would make keys differ from those of today, or stored results
unreadable, is an error: state version= to start afresh on purpose, or run
idemgen -accept once you have read what it says.
`,
	"check": `Usage: idemgen check [-accept] [-against revision] [-C directory] [-format format] [-tags tags] [-v] [packages]

Changes nothing. Shows a unified diff of what generating would change, and exits
with status 1 if that is anything: for continuous integration. With -format github
what is wrong shows beside the lines of a pull request, with -json an editor can
read it. With -against it also tells of keys and stored results that would not be
those of a git revision, as origin/main; -accept makes notes of these.
`,
	"list": `Usage: idemgen list [-json | -markdown] [-C directory] [-tags tags] [packages]

Prints every task: its name and key, which together are the pattern of its keys,
ttl, policies as far as they are not the default, result, position, and a hash of
its schema, which changes when keys or stored results do. With -markdown it prints
a table for a page of documentation, with -json one array of objects with the
members name, package, type, wrapper, method, result, outputs, key, match, ttl,
onDuplicate, onError, onCrash, wait, lease, prefix, version, codec, allowEmpty,
file, line, column, pattern, schema, stored and schemaHash; docs/inventory.md says
what each is.
`,
	"version": `Usage: idemgen version

Prints the version of this program and of the Go that built it.
`,
	"vet": `Usage: go vet -vettool=$(go tool -n idemgen) ./...

Reports errors in annotations, stale wrappers, direct calls of an annotated task's
method that bypass its wrapper, tasks whose key changes between the wrapper's Key
and its Run, and wrappers that are built in a loop or for each request. Tests may
do all that, and so may a line that says why in a comment: //idem:direct reason
Vet needs code that type-checks: a wrapper that is missing while it is used is
for 'idemgen check' to tell.
`,
}

// help prints the text of a topic.
func (c command) help(args []string) int {
	switch {
	case len(args) == 0:
		fmt.Fprint(c.stdout, usage)
	case len(args) > 1:
		return c.misuse("help", fmt.Errorf("help takes one topic, not %d", len(args)))
	case args[0] == "annotations":
		fmt.Fprint(c.stdout, generator.AnnotationHelp())
	case generator.Explain(args[0]) != "":
		fmt.Fprint(c.stdout, generator.Explain(args[0]))
	case topics[args[0]] != "":
		fmt.Fprint(c.stdout, topics[args[0]])
	default:
		known := append(slices.Sorted(maps.Keys(topics)), "annotations")
		slices.Sort(known)
		return c.misuse("help", fmt.Errorf("no help topic %q; the topics are %s", args[0], strings.Join(known, ", ")))
	}
	return done
}

// topicOf returns the help topic for -h after a command.
func topicOf(name string) []string {
	if topics[name] == "" {
		return nil
	}
	return []string{name}
}

// versionText says which idemgen this is.
func versionText() string {
	version, goVersion := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = " " + info.GoVersion
		if info.Main.Version != "" {
			version = info.Main.Version
		}
	}
	return "idemgen " + version + goVersion
}
