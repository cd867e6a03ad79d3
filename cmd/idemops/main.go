// Idemops looks at the records of idemgen's tasks in a Redis, and forgets or resolves
// single ones: for whoever is on call. Run `idemops help` for how to use it; package
// ops does the work.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/idemgen/idemgen/internal/human"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
)

// The exit statuses.
const (
	done     = 0
	failed   = 1 // Redis did not answer as it should, or doctor has found something
	misused  = 2 // unknown flags or arguments
	notFound = 3 // nothing is stored under the key
	refused  = 4 // a live lease, an answer that stands, a record that has changed, no confirmation
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := command{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}.run(ctx, os.Args[1:])
	stop()
	os.Exit(status)
}

// A command is one call of idemops.
type command struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// A verb is what idemops can be told to do.
type verb struct {
	flags    func(set *flag.FlagSet, f *flags) // beside those of every verb
	run      func(command, context.Context, *ops.Inspector, *flags) error
	min, max int // arguments
}

var verbs = map[string]verb{
	"ls":      {flags: listFlags, run: command.list, max: 1},
	"get":     {flags: getFlags, run: command.get, min: 1, max: 1},
	"watch":   {flags: watchFlags, run: command.watch, max: 1},
	"stats":   {flags: scanFlags, run: command.stats, max: 1},
	"forget":  {flags: changeFlags, run: command.forget, min: 1, max: 1},
	"resolve": {flags: resolveFlags, run: command.resolve, min: 1, max: 1},
	"serve":   {flags: serveFlags, run: command.serve},
	"doctor":  {flags: func(*flag.FlagSet, *flags) {}, run: command.doctor},
}

// flags are what the command line can say.
type flags struct {
	args []string

	redis, ca, prefix string
	rate              int
	json              bool

	task    string
	states  states
	older   time.Duration
	every   time.Duration
	payload bool

	yes   bool
	fresh bool
	value string
	codec string
	ttl   time.Duration

	addr     string
	writes   bool
	payloads bool
}

func newFlags(name string, v verb) (*flag.FlagSet, *flags) {
	f := &flags{}
	set := flag.NewFlagSet("idemops "+name, flag.ContinueOnError)
	set.SetOutput(io.Discard) // errors are printed by run
	set.StringVar(&f.redis, "redis", "", "")
	set.StringVar(&f.ca, "ca", "", "")
	set.StringVar(&f.prefix, "prefix", "idempotency", "")
	set.BoolVar(&f.json, "json", false, "")
	v.flags(set, f)
	return set, f
}

func scanFlags(set *flag.FlagSet, f *flags) {
	set.IntVar(&f.rate, "rate", 10_000, "")
	set.StringVar(&f.task, "task", "", "")
	set.Var(&f.states, "state", "")
	set.DurationVar(&f.older, "older", 0, "")
}

func listFlags(set *flag.FlagSet, f *flags) { scanFlags(set, f) }

func watchFlags(set *flag.FlagSet, f *flags) {
	scanFlags(set, f)
	set.DurationVar(&f.every, "every", 2*time.Second, "")
}

func getFlags(set *flag.FlagSet, f *flags) { set.BoolVar(&f.payload, "payload", false, "") }

func changeFlags(set *flag.FlagSet, f *flags) { set.BoolVar(&f.yes, "yes", false, "") }

func resolveFlags(set *flag.FlagSet, f *flags) {
	changeFlags(set, f)
	set.BoolVar(&f.fresh, "new", false, "")
	set.StringVar(&f.value, "value", "", "")
	set.StringVar(&f.codec, "codec", "json", "")
	set.DurationVar(&f.ttl, "ttl", 0, "")
}

func serveFlags(set *flag.FlagSet, f *flags) {
	set.IntVar(&f.rate, "rate", 10_000, "")
	set.StringVar(&f.addr, "addr", "localhost:8377", "")
	set.BoolVar(&f.writes, "writes", false, "")
	set.BoolVar(&f.payloads, "payloads", false, "")
}

// states are the values of -state.
type states []idem.State

func (s *states) String() string { return "" }

// Set implements [flag.Value].
func (s *states) Set(list string) error {
	for name := range strings.SplitSeq(list, ",") {
		known := false
		for _, state := range ops.States {
			known = known || string(state) == name
		}
		if !known {
			return fmt.Errorf("%q is none of %v", name, ops.States)
		}
		*s = append(*s, idem.State(name))
	}
	return nil
}

// run runs one command line and returns the exit status.
func (c command) run(ctx context.Context, args []string) int {
	if len(args) == 0 {
		return c.misuse(errors.New("say what to do"))
	}
	name, rest := args[0], args[1:]
	switch name {
	case "help", "-h", "-help", "--help":
		return c.help(rest)
	case "version":
		fmt.Fprintln(c.stdout, versionText())
		return done
	}
	v, ok := verbs[name]
	if !ok {
		return c.misuse(fmt.Errorf("there is no command %q", name))
	}
	set, f := newFlags(name, v)
	if err := f.parse(set, rest); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return c.help([]string{name})
		}
		return c.misuse(err)
	}
	if len(f.args) < v.min || len(f.args) > v.max {
		return c.misuse(fmt.Errorf("%s takes %s, not %d", name, arguments(v), len(f.args)))
	}
	return c.perform(ctx, v, f)
}

func (c command) perform(ctx context.Context, v verb, f *flags) int {
	client, err := connect(ctx, f.redis, f.ca)
	if err != nil {
		return c.fail(err)
	}
	defer func() { _ = client.Close() }()
	err = v.run(c, ctx, ops.New(client, ops.WithPrefix(f.prefix), ops.WithRate(f.rate)), f)
	if err != nil && ctx.Err() != nil {
		err = errors.New("stopped")
	}
	return c.fail(err)
}

// parse reads flags wherever they stand; what follows "--" are arguments.
func (f *flags) parse(set *flag.FlagSet, args []string) error {
	var last []string
	for i, arg := range args {
		if arg == "--" {
			args, last = args[:i], args[i+1:]
			break
		}
	}
	for {
		if err := set.Parse(args); err != nil {
			return err
		}
		if set.NArg() == 0 {
			f.args = append(f.args, last...)
			return nil
		}
		f.args = append(f.args, set.Arg(0))
		args = set.Args()[1:]
	}
}

func arguments(v verb) string {
	switch {
	case v.max == 0:
		return "no arguments"
	case v.min == v.max:
		return "one argument, a key"
	}
	return "one argument at most, a pattern"
}

// query is what -task, -state, -older and a pattern ask for.
func (f *flags) query() ops.Query {
	q := ops.Query{Task: f.task, States: f.states, Older: f.older}
	if len(f.args) > 0 {
		q.Pattern = f.args[0]
	}
	return q
}

// errFindings says what doctor has printed already.
var errFindings = errors.New("findings")

// fail prints why the command could not do its work, and returns the status.
func (c command) fail(err error) int {
	switch {
	case err == nil:
		return done
	case errors.Is(err, errFindings):
		return failed
	case errors.As(err, new(usageError)):
		return c.misuse(err)
	}
	fmt.Fprintf(c.stderr, "idemops: %s\n", human.Printable(message(err)))
	switch {
	case errors.Is(err, idem.ErrNotFound):
		return notFound
	case errors.Is(err, idem.ErrInProgress), errors.Is(err, idem.ErrDuplicate), errors.Is(err, ops.ErrChanged), errors.Is(err, errNotConfirmed):
		return refused
	}
	return failed
}

// message is the error without the names of packages, which nobody on call knows.
func message(err error) string {
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "ops: "), "idem: ")
}

// A usageError is about the command line.
type usageError struct{ error }

// misuse prints what is wrong with the command line.
func (c command) misuse(err error) int {
	fmt.Fprintf(c.stderr, "idemops: %s\nRun 'idemops help' for usage.\n", human.Printable(err.Error()))
	return misused
}

// versionText says which idemops this is.
func versionText() string {
	version, goVersion := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = " " + info.GoVersion
		if info.Main.Version != "" {
			version = info.Main.Version
		}
	}
	return "idemops " + version + goVersion
}
