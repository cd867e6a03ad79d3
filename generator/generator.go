// Package generator writes typed wrappers for structs that carry an //idem:task
// directive, so that each task runs at most once for each key.
//
// It is a pipeline, and its files are the steps in order:
//
//	load.go, source.go, check.go       which packages, their files, their types
//	directive.go, annotation.go        what the directives say
//	options.go, selector.go            every option there is, and how it is read
//	resolve.go, keyable.go, method.go  what selectors and methods mean in types
//	planner.go, plan.go                a plan: all that will be printed, as plain values
//	print.go, printspec.go             the plan as Go text
//	write.go                           to disk, or compared with what is there
//
// Generating, checking, listing and go vet share all but the last step.
package generator

import (
	"context"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Config says what to generate for.
type Config struct {
	Dir      string   // where patterns start; empty means the working directory
	Patterns []string // packages as the go command names them; none means "."
	Tags     string   // build tags, parted by commas
}

// An Outcome is what one run of the pipeline found out. It has changed nothing
// yet.
type Outcome struct {
	Dir         string       // the absolute directory that names are relative to
	Diagnostics []Diagnostic // sorted; if there are any, nothing may be written
	Tasks       []Task       // in the order of files and lines
	Changes     []Change     // what generating would change, in the order of files
	Unchanged   []string     // the generated files that are as they should be
}

// Run runs the pipeline. An error means that it could not start; what is wrong
// with the code it reads is in the outcome's Diagnostics.
func Run(ctx context.Context, cfg Config) (*Outcome, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); err != nil {
		return nil, err
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", cfg.Dir)
	}
	cfg.Dir = dir
	if len(cfg.Patterns) == 0 {
		cfg.Patterns = []string{"."}
	}
	folders, problems, err := load(ctx, cfg)
	if err != nil {
		return nil, err
	}
	r := &run{
		outcome: &Outcome{Dir: dir, Diagnostics: problems},
		sources: &sources{fset: token.NewFileSet()},
		wanted:  map[string][]byte{},
		broken:  map[string]bool{},
	}
	checker := newChecker(r.sources, folders)
	for _, f := range folders {
		for _, u := range f.units {
			r.unit(checker, u)
		}
	}
	r.reportClashes()
	for _, f := range folders {
		r.compare(f)
	}
	r.outcome.Diagnostics = sorted(r.outcome.Diagnostics)
	return r.outcome, nil
}

// run is one run of the pipeline.
type run struct {
	outcome *Outcome
	sources *sources
	found   []foundTask
	wanted  map[string][]byte // what each generated file should be
	broken  map[string]bool   // source files that could not be understood
}

// unit plans and prints what one unit's files declare.
func (r *run) unit(c *checker, u unit) {
	interesting := false
	for _, name := range u.own {
		mentions, err := mentionsTasks(name)
		if err != nil {
			r.report(token.Position{Filename: name}, "cannot be read: %v", err)
		}
		interesting = interesting || mentions
	}
	if !interesting || !r.readable(u) {
		return
	}
	pkg, files, errors := c.unit(u)
	v := view{
		fset:        r.sources.fset,
		types:       pkg,
		errors:      errors,
		importNamed: importNamer(u.pkg),
	}
	for _, syntax := range files {
		name := v.fset.PositionFor(syntax.Package, false).Filename
		v.files = append(v.files, viewFile{name, syntax, slices.Contains(u.own, name)})
	}
	for _, name := range u.siblings {
		if f := r.sources.read(name); f.syntax != nil {
			v.siblings = append(v.siblings, f.syntax)
		}
	}
	planned, problems := inspect(v)
	r.outcome.Diagnostics = append(r.outcome.Diagnostics, problems...)
	for _, f := range planned {
		content, err := f.plan.print()
		if err != nil {
			r.report(token.Position{Filename: f.plan.Path}, "%v", err)
			continue
		}
		r.wanted[f.plan.Path] = content
		for _, t := range f.tasks {
			r.found = append(r.found, t)
			r.outcome.Tasks = append(r.outcome.Tasks, newTask(t, r.outcome.Dir, u.pkg.PkgPath))
		}
	}
}

// readable reports files with tasks that do not parse: what follows the error
// may be missing from the syntax tree. Other files may be as broken as they
// like.
func (r *run) readable(u unit) bool {
	ok := true
	for _, name := range u.own {
		f := r.sources.read(name)
		if f.err == nil || !f.mentions {
			continue
		}
		at, message := syntaxError(f.err)
		r.report(at, "%s", message)
		ok = false
	}
	return ok
}

func (r *run) report(at token.Position, format string, args ...any) {
	r.outcome.Diagnostics = append(r.outcome.Diagnostics, Diagnostic{Position: at, Message: fmt.Sprintf(format, args...)})
}

// reportClashes reports tasks that would share their keys.
func (r *run) reportClashes() {
	first := map[string]foundTask{}
	for _, t := range r.found {
		name := t.plan.Prefix + ":" + t.plan.Name
		if len(t.plan.NameArgs) > 0 {
			name += strings.Repeat("[]", len(t.plan.NameArgs))
		}
		other, again := first[name]
		if !again {
			first[name] = t
			continue
		}
		r.report(r.sources.fset.PositionFor(t.named, false), "task %s has the name of another task, at %s:%d, so that the two would share keys: give one of them a name=",
			t.plan.Name, relative(r.outcome.Dir, other.position.Filename), other.position.Line)
	}
}
