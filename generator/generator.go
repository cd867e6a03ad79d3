// Package generator writes typed wrappers for structs that carry an //idem:task
// directive, so that each task runs at most once for each key.
//
// It is a pipeline, and its files are the steps in order:
//
//	load.go, unlisted.go, source.go    which packages, and their files
//	check.go, needed.go, bodies.go     their types
//	unit.go, inspect.go                one package through all that follows
//	directive.go, annotation.go        what the directives say
//	options.go, selector.go            every option there is, and how it is read
//	method.go, resolve.go, keyable.go  what methods and selectors mean in types
//	planner.go, tags.go, plan.go       a plan: all that will be printed, as plain values
//	survive.go, identify.go            what the compiler cannot see
//	print.go, printspec.go             the plan as Go text
//	remember.go                        a run that changed nothing, until something has
//	write.go, list.go                  to disk, compared with what is there, or listed
//	schema.go, shape.go, evolution.go  what may not change from one deploy to the next
//	codes.go, report.go, explain.go    what is wrong: its code, its forms, its meaning
//
// Generating, checking, listing and go vet share all but the last step.
package generator

import (
	"cmp"
	"context"
	"fmt"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// Config says what to generate for.
type Config struct {
	Dir      string   // where patterns start; empty means the working directory
	Patterns []string // packages as the go command names them; none means "."
	Tags     string   // build tags, parted by commas
	Against  string   // also compare keys and results with this git revision; empty for none
	Cache    string   // a folder to remember in that there was nothing to do; empty for none
}

// An Outcome is what one run of the pipeline found out. It has changed nothing
// yet.
type Outcome struct {
	Dir         string       // the absolute directory that names are relative to
	Diagnostics []Diagnostic // sorted; if there are any, nothing may be written
	Notes       []Diagnostic // sorted; what is only suspicious, and stops nothing
	Breaks      []Diagnostic // sorted; what makes keys or stored results differ from before, to be accepted
	Tasks       []Task       // in the order of files and lines
	Changes     []Change     // what generating would change, in the order of files
	Unchanged   []string     // the generated files that are as they should be

	memory memory // for when the changes are made
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
	if len(folders) == 0 && len(problems) == 0 {
		return nil, fmt.Errorf("no packages match %s", strings.Join(cfg.Patterns, " "))
	}
	past := memoryFor(cfg, folders)
	if outcome, ok := past.recall(dir); ok && len(problems) == 0 {
		return outcome, nil
	}
	r := &run{
		outcome: &Outcome{Dir: dir, Diagnostics: problems},
		sources: &sources{fset: token.NewFileSet()},
		wanted:  map[string][]byte{},
	}
	r.units(folders)
	r.outcome.Diagnostics = append(r.outcome.Diagnostics, clashes(r.sources.fset, dir, r.found)...)
	for _, f := range folders {
		r.compare(f)
		r.outcome.Breaks = append(r.outcome.Breaks, r.breaks(f, f.onDisk(r.sources))...)
		if cfg.Against == "" {
			continue
		}
		before, err := f.inRevision(ctx, cfg.Against)
		if err != nil {
			return nil, err
		}
		r.outcome.Breaks = append(r.outcome.Breaks, r.breaks(f, before)...)
	}
	r.outcome.Breaks = sorted(r.outcome.Breaks)
	r.outcome.Diagnostics, r.outcome.Notes = sorted(r.outcome.Diagnostics), sorted(r.outcome.Notes)
	if len(r.outcome.Diagnostics) == 0 {
		r.outcome.memory = past.of(r.outcome, r.sources.seen())
	}
	if len(r.outcome.Breaks)+len(r.outcome.Changes) == 0 {
		r.outcome.memory.keep(nil)
	}
	return r.outcome, nil
}

// run is one run of the pipeline.
type run struct {
	outcome *Outcome
	sources *sources
	found   []foundTask
	wanted  map[string][]byte // what each generated file should be
}

// units plans and prints what the folders' units declare, several at a time.
func (r *run) units(folders []*folder) {
	var results []*unitResult
	for _, f := range folders {
		for _, u := range f.units {
			results = append(results, &unitResult{unit: u, sources: r.sources, wanted: map[string][]byte{}})
		}
	}
	atOnce(results, func(result *unitResult) { result.promising = result.look() })
	var promising []*unitResult
	var units []unit
	for _, result := range results {
		if result.promising {
			promising, units = append(promising, result), append(units, result.unit)
		}
	}
	checker := newChecker(r.sources, folders)
	checker.need(units)
	atOnce(promising, func(result *unitResult) { result.work(checker) })
	for _, result := range results {
		r.outcome.Diagnostics = append(r.outcome.Diagnostics, result.problems...)
		r.outcome.Notes = append(r.outcome.Notes, result.notes...)
		maps.Copy(r.wanted, result.wanted)
		r.found = append(r.found, result.found...)
		for _, t := range result.found {
			if t.faulty {
				continue
			}
			r.outcome.Tasks = append(r.outcome.Tasks, newTask(t, r.outcome.Dir, result.unit.pkg.PkgPath))
		}
	}
}

// atOnce calls a function for each item, for as many at a time as can be executed.
func atOnce[T any](items []T, work func(T)) {
	var working sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, item := range items {
		free <- struct{}{}
		working.Go(func() {
			work(item)
			<-free
		})
	}
	working.Wait()
}

// defaultPrefix is what a client's keys start with unless it says otherwise.
const defaultPrefix = "idempotency"

// clashes reports tasks that would share their keys.
func clashes(fset *token.FileSet, dir string, tasks []foundTask) []Diagnostic {
	var problems []Diagnostic
	first := map[string]foundTask{}
	for _, t := range tasks {
		name := cmp.Or(t.plan.Prefix, defaultPrefix) + ":" + t.plan.Name + strings.Repeat("[]", len(t.plan.NameArgs))
		other, again := first[name]
		if !again {
			first[name] = t
			continue
		}
		d := problemAt(fset.PositionFor(t.named, false), codeSameName, "task %s has the name of another task, at %s:%d, so that the two would share keys: give one of them a name=",
			t.plan.Name, relative(dir, other.position.Filename), other.position.Line)
		d.Pos = t.named
		problems = append(problems, d)
	}
	return problems
}
