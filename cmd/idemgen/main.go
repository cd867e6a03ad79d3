// Idemgen writes typed wrappers for structs that carry an //idem:task directive,
// so that each task runs at most once for each key. Run `idemgen help` for how
// to use it; package generator does the work.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/idemgen/idemgen/generator"
	"github.com/idemgen/idemgen/generator/analyzer"
)

// The exit statuses.
const (
	done    = 0
	faulty  = 1 // diagnostics, or wrappers that are not up to date
	misused = 2 // unknown flags or arguments
)

func main() {
	if isVet(os.Args[1:]) {
		unitchecker.Main(analyzer.All...) // does not return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := command{os.Stdout, os.Stderr}.run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// isVet reports whether go vet is calling, which asks for the program's version
// and flags, and then hands it the description of one package after another.
func isVet(args []string) bool {
	return len(args) > 0 && (args[0] == "-V=full" || args[0] == "-flags" || strings.HasSuffix(args[len(args)-1], ".cfg"))
}

// A command is one call of idemgen.
type command struct {
	stdout, stderr io.Writer
}

// flags are what the command line can say.
type flags struct {
	set      *flag.FlagSet
	dir      string
	tags     string
	verbose  bool
	json     bool
	format   string
	accept   bool
	against  string
	markdown bool
}

func newFlags() *flags {
	f := &flags{set: flag.NewFlagSet("idemgen", flag.ContinueOnError)}
	f.set.SetOutput(io.Discard) // errors are printed by run
	f.set.StringVar(&f.dir, "C", "", "change to this `directory` first")
	f.set.StringVar(&f.tags, "tags", "", "build `tags`, parted by commas")
	f.set.BoolVar(&f.verbose, "v", false, "say what happens to each file")
	f.set.BoolVar(&f.json, "json", false, "list as JSON, or short for -format json")
	f.set.BoolVar(&f.accept, "accept", false, "let keys and stored results change")
	f.set.StringVar(&f.against, "against", "", "compare keys and results with a git `revision` too")
	f.set.BoolVar(&f.markdown, "markdown", false, "list as a table in Markdown")
	f.set.StringVar(&f.format, "format", "text", "how diagnostics are written: text, json or github")
	return f
}

// run runs one command line and returns the exit status.
func (c command) run(ctx context.Context, args []string) int {
	f := newFlags()
	if err := f.set.Parse(args); err != nil {
		return c.misuse("help", err)
	}
	name, rest := "generate", f.set.Args()
	if len(rest) > 0 && isCommand(rest[0]) {
		name = rest[0]
		if err := f.set.Parse(rest[1:]); err != nil {
			return c.misuse(name, err)
		}
		rest = f.set.Args()
	}
	if i := slices.IndexFunc(rest, func(arg string) bool { return strings.HasPrefix(arg, "-") }); i >= 0 {
		return c.misuse(name, fmt.Errorf("flag %s stands after an argument: write flags first", rest[i]))
	}
	if f.markdown && (f.json || name != "list") {
		return c.misuse(name, errors.New("flag -markdown is for idemgen list, without -json"))
	}
	if f.json && name != "list" {
		f.format = "json"
	}
	if f.against != "" && name != "check" {
		return c.misuse(name, errors.New("flag -against is for idemgen check"))
	}
	if !slices.Contains(generator.Formats, f.format) {
		return c.misuse(name, fmt.Errorf("flag -format is one of %s, not %q", strings.Join(generator.Formats, ", "), f.format))
	}
	switch name {
	case "help":
		return c.help(rest)
	case "version":
		if len(rest) > 0 {
			return c.misuse(name, fmt.Errorf("idemgen version takes no arguments, not %q", rest[0]))
		}
		fmt.Fprintln(c.stdout, versionText())
		return done
	}
	outcome, err := generator.Run(ctx, generator.Config{Dir: f.dir, Tags: f.tags, Patterns: rest, Against: f.against, Cache: cacheDir()})
	if err != nil {
		return c.fail(err)
	}
	if len(outcome.Diagnostics) > 0 {
		return c.report(outcome, f, outcome.Findings())
	}
	if f.accept {
		outcome.Accept()
	}
	switch name {
	case "check":
		return c.check(outcome, f)
	case "list":
		return c.list(outcome, f)
	}
	return c.generate(outcome, f)
}

// cacheDir is where idemgen remembers what it need not do again: nowhere, if the
// user has no place for that.
func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "idemgen")
}

func isCommand(name string) bool {
	switch name {
	case "generate", "check", "list", "help", "version":
		return true
	}
	return false
}

// generate writes what is missing or stale.
func (c command) generate(o *generator.Outcome, f *flags) int {
	if len(o.Breaks) > 0 {
		return c.report(o, f, o.Findings())
	}
	problems := o.Write()
	if status := c.report(o, f, append(o.Findings(), problems...)); status != done {
		return status
	}
	if f.verbose {
		for _, change := range o.Changes {
			verb := map[string]string{"missing": "wrote", "stale": "rewrote", "orphaned": "removed"}[change.Reason()]
			fmt.Fprintf(c.stderr, "%s %s\n", verb, o.Name(change.Path))
		}
		for _, path := range o.Unchanged {
			fmt.Fprintf(c.stderr, "unchanged %s\n", o.Name(path))
		}
	}
	return done
}

// check shows what generating would change.
func (c command) check(o *generator.Outcome, f *flags) int {
	if f.verbose {
		for _, path := range o.Unchanged {
			fmt.Fprintf(c.stderr, "unchanged %s\n", o.Name(path))
		}
	}
	if f.format != "json" { // which has standard output for itself
		if err := o.Diff(c.stdout); err != nil {
			return c.fail(err)
		}
	}
	return c.report(o, f, append(o.Findings(), o.OutOfDate()...))
}

// list prints the inventory of tasks.
func (c command) list(o *generator.Outcome, f *flags) int {
	if f.format != "json" { // for notes there is no room in what is listed
		o.Breaks = nil // what was is not for a list of what is
		c.report(o, f, o.Findings())
	}
	write := o.List
	switch {
	case f.json:
		write = o.ListJSON
	case f.markdown:
		write = o.ListMarkdown
	}
	if err := write(c.stdout); err != nil {
		return c.fail(err)
	}
	return done
}

// report prints diagnostics, and returns the status that they call for. JSON is
// for another program, and goes to standard output, even if it is empty.
func (c command) report(o *generator.Outcome, f *flags, found []generator.Diagnostic) int {
	w := c.stderr
	if f.format == "json" {
		w = c.stdout
	}
	if err := generator.Report(w, f.format, isColorful(w), o.Dir, found); err != nil {
		return c.fail(err)
	}
	if slices.ContainsFunc(found, func(d generator.Diagnostic) bool { return !d.Note }) {
		return faulty
	}
	return done
}

// fail prints why the command could not do its work.
func (c command) fail(err error) int {
	fmt.Fprintf(c.stderr, "idemgen: %v\n", err)
	return faulty
}

// misuse prints what is wrong with the command line.
func (c command) misuse(name string, err error) int {
	if errors.Is(err, flag.ErrHelp) {
		return c.help(topicOf(name))
	}
	fmt.Fprintf(c.stderr, "idemgen: %v\nRun 'idemgen help' for usage.\n", err)
	return misused
}
