package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// madePackages is how many packages the generators are compared on.
const madePackages = 100

// generation measures the generator beside others, on a module made for it:
// controller-gen, which makes deep copies of structs, stringer, and go list, which
// only says what there is. They take turns, each in a copy of its own, and what
// they wrote is removed before they write it again.
func (b *bench) generation() error {
	g, err := newGenerators(b.host.TempDir())
	if err != nil {
		return err
	}
	ours, theirs, bare := filepath.Join(g.dir, "idemgen"), filepath.Join(g.dir, "controller-gen"), filepath.Join(g.dir, "bare")
	for _, dir := range []string{ours, theirs, bare} {
		if err := makeModule(dir, madePackages); err != nil {
			return err
		}
		if _, err := g.run(dir, nil, "go", "build", "./"+madePackage(0)); err != nil { // all that it imports is warm then
			return err
		}
	}
	one := filepath.Join(bare, madePackage(0))
	var touched []string
	turns := []struct {
		name   string
		dir    string
		before func() error
		args   []string
	}{
		{"idemgen", ours, func() error { return errors.Join(os.RemoveAll(g.cache), remove(ours, "_idem.go")) }, []string{g.idemgen, "./..."}},
		{"idemgen, nothing to change", ours, nil, []string{g.idemgen, "./..."}},
		{"controller-gen", theirs, func() error { return remove(theirs, "zz_generated.deepcopy.go") }, []string{g.controllerGen, "object", "paths=./..."}},
		{"go list", bare, nil, []string{"go", "list", "-deps", "./..."}},
		{"stringer", one, func() error { return errors.Join(remove(one, "_string.go"), remove(one, "_idem.go")) }, []string{g.stringer, "-type=State"}},
		{"idemgen, one package", one, func() error { return errors.Join(remove(one, "_string.go"), remove(one, "_idem.go")) }, []string{g.idemgen}},
	}
	took, memory := map[string][]float64{}, map[string]float64{}
	for round := range b.plan.generations + 1 {
		for _, t := range turns {
			if t.before != nil {
				if err := t.before(); err != nil {
					return err
				}
			}
			before, err := stamps(t.dir)
			if err != nil {
				return err
			}
			r, err := g.run(t.dir, nil, t.args...)
			if err != nil {
				return err
			}
			after, err := stamps(t.dir)
			if err != nil {
				return err
			}
			different := changed(before, after)
			switch {
			case t.name == "idemgen, nothing to change":
				touched = append(touched, different...)
			case t.name != "go list" && len(different) == 0:
				return fmt.Errorf("%s wrote nothing", t.name)
			}
			if round > 0 { // the first one warms up
				took[t.name] = append(took[t.name], r.seconds)
				memory[t.name] = max(memory[t.name], r.mebibytes)
			}
		}
	}
	reference := median(took["controller-gen"])
	onThisMachine := func(f figure) figure {
		if f.Verdict == missed && reference > referenceSeconds {
			f.Verdict = incomparable
		}
		return f
	}
	seconds := func(name, turn, more string) figure {
		return figure{Section: "generation", Name: name, Value: median(took[turn]), Unit: "s", Detail: spread(took[turn]) + more}
	}
	ratio := func(name, of, by string) figure {
		shares := ratios(took[of], took[by])
		return figure{Section: "generation", Name: name, Value: median(shares), Detail: spread(shares)}
	}
	many := fmt.Sprintf("%d packages, %s tasks", madePackages, number(madePackages*tasksInPackage))
	b.report.add(
		onThisMachine(seconds(many, "idemgen", fmt.Sprintf("; the goal is for a machine where controller-gen takes %s s", number(referenceSeconds))).atMost(0.8)),
		seconds(many+": controller-gen object", "controller-gen", ""),
		seconds(many+": go list -deps", "go list", ""),
		ratio(many+", of controller-gen's time", "idemgen", "controller-gen").atMost(0.4),
		ratio(many+", of go list's time", "idemgen", "go list"),
		onThisMachine(seconds("nothing to change, "+many, "idemgen, nothing to change", "").atMost(0.5)),
		ratio("nothing to change, of controller-gen's time", "idemgen, nothing to change", "controller-gen").atMost(0.25),
		figure{Section: "generation", Name: "nothing to change: files touched", Value: float64(len(touched)), Detail: strings.Join(touched, " ")}.atMost(0),
		seconds("one package", "idemgen, one package", ""),
		ratio("one package, of stringer's time", "idemgen, one package", "stringer").atMost(1),
		figure{
			Section: "generation", Name: many + ": memory at most", Value: memory["idemgen"], Unit: "MiB",
			Detail: fmt.Sprintf("with the go command's; controller-gen %s MiB", number(memory["controller-gen"])),
		}.lessThan(400),
	)
	if err := b.coldGeneration(g, ours, many); err != nil {
		return err
	}
	return b.growth(g)
}

// referenceSeconds is what controller-gen takes where the goals were set.
const referenceSeconds = 2.0

// coldGeneration measures the generator where nothing has been compiled yet.
func (b *bench) coldGeneration(g *generators, dir, many string) error {
	var took []float64
	for range b.plan.colds {
		if err := errors.Join(os.RemoveAll(g.cache), remove(dir, "_idem.go")); err != nil {
			return err
		}
		empty := b.host.TempDir()
		r, err := g.run(dir, []string{"GOCACHE=" + empty}, g.idemgen, "./...")
		if err != nil {
			return err
		}
		took = append(took, r.seconds)
	}
	f := figure{Section: "generation", Name: "cold build cache, " + many, Value: median(took), Unit: "s", Detail: spread(took)}
	if b.plan.compile {
		r, err := g.run(dir, []string{"GOCACHE=" + b.host.TempDir()}, "go", "build", "./"+madePackage(0))
		if err != nil {
			return err
		}
		f.Detail += fmt.Sprintf("; compiling one package and what it imports %s s", number(r.seconds))
	}
	b.report.add(f.atMost(6))
	return nil
}

// growth measures modules of different sizes.
func (b *bench) growth(g *generators) error {
	for _, packages := range b.plan.growth {
		dir := filepath.Join(g.dir, fmt.Sprint(packages))
		if err := makeModule(dir, packages); err != nil {
			return err
		}
		var first, again []float64
		memory := 0.0
		for round := range min(b.plan.generations, 3) + 1 {
			if err := errors.Join(os.RemoveAll(g.cache), remove(dir, "_idem.go")); err != nil {
				return err
			}
			for _, took := range []*[]float64{&first, &again} {
				r, err := g.run(dir, nil, g.idemgen, "./...")
				if err != nil {
					return err
				}
				if round > 0 {
					*took, memory = append(*took, r.seconds), max(memory, r.mebibytes)
				}
			}
		}
		b.report.add(figure{
			Section: "generation", Name: fmt.Sprintf("growth: packages: %s", number(float64(packages))), Value: median(first), Unit: "s",
			Detail: fmt.Sprintf("%s ms a package; nothing to change %s s; memory %s MiB",
				number(median(first)/float64(packages)*1000), number(median(again)), number(memory)),
		})
	}
	return nil
}

// generators are the commands that are compared, built in a folder.
type generators struct {
	dir, cache                       string
	idemgen, controllerGen, stringer string
}

func newGenerators(dir string) (*generators, error) {
	g := &generators{dir: dir, cache: filepath.Join(dir, "cache")}
	bin := filepath.Join(dir, "bin") + string(filepath.Separator)
	g.idemgen, g.controllerGen, g.stringer = bin+"idemgen", bin+"controller-gen", bin+"stringer"
	_, ofTools := g.run(".", nil, "go", "build", "-o", bin, "sigs.k8s.io/controller-tools/cmd/controller-gen", "golang.org/x/tools/cmd/stringer")
	_, ofOurs := g.run("..", nil, "go", "build", "-o", bin, "./cmd/idemgen")
	return g, errors.Join(ofTools, ofOurs)
}

// A ran is what one run of a command took, the commands that it started included.
type ran struct{ seconds, mebibytes float64 }

func (g *generators) run(dir string, env []string, args ...string) (ran, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+g.cache) // where idemgen remembers things
	if os.Getenv("GOCACHE") == "" {                           // but the go command shall go on with its own
		cmd.Env = append(cmd.Env, "GOCACHE="+goCache())
	}
	cmd.Env = append(cmd.Env, env...)
	began := time.Now()
	out, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		return ran{}, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	peak := 0.0
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		peak = float64(usage.Maxrss) / (1 << 10)
		if runtime.GOOS == "darwin" { // which counts in bytes
			peak /= 1 << 10
		}
	}
	return ran{took.Seconds(), peak}, nil
}

// goCache is where the go command has its build cache.
func goCache() string {
	out, _ := exec.Command("go", "env", "GOCACHE").Output() // empty where there is none, which the next command says
	return strings.TrimSpace(string(out))
}

// remove removes the files below dir that are named so.
func remove(dir, ending string) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ending) {
			return err
		}
		return os.Remove(path)
	})
}

// stamps returns when each file and folder below dir was last changed.
func stamps(dir string) (map[string]time.Time, error) {
	found := map[string]time.Time{}
	return found, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			found[path] = info.ModTime()
		}
		return err
	})
}

// changed returns what is new, gone or has another stamp.
func changed(before, after map[string]time.Time) []string {
	var names []string
	for name, at := range after {
		if was, known := before[name]; !known || !was.Equal(at) {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, known := after[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
