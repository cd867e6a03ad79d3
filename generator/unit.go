package generator

import "slices"

// A unitResult is what the pipeline found in one unit.
type unitResult struct {
	unit      unit
	sources   *sources
	promising bool // there is something to plan
	problems  []Diagnostic
	notes     []Diagnostic
	found     []foundTask
	wanted    map[string][]byte // what each generated file should be
}

// look reports whether there is something to plan in the unit.
func (r *unitResult) look() bool {
	interesting := false
	for _, name := range r.unit.own {
		mentions, err := mentionsTasks(name, r.sources.content)
		if err != nil {
			r.problems = append(r.problems, fileProblem(name, codeUnreadable, "cannot be read", err))
		}
		interesting = interesting || mentions
	}
	return interesting && r.readable()
}

// work plans and prints what the unit's files declare.
func (r *unitResult) work(c *checker) {
	planned, problems, notes := inspect(r.view(c))
	r.problems, r.notes = append(r.problems, problems...), notes
	for _, f := range planned {
		r.found = append(r.found, f.tasks...)
		if len(f.plan.Tasks) == 0 {
			continue
		}
		content, err := f.plan.print()
		if err != nil {
			r.problems = append(r.problems, fileProblem(f.plan.Path, codeUnwritable, "cannot be generated", err))
			continue
		}
		r.wanted[f.plan.Path] = content
	}
}

// readable reports files with tasks that do not parse: what follows the error
// may be missing from the syntax tree. Other files may be as broken as they
// like.
func (r *unitResult) readable() bool {
	ok := true
	for _, name := range r.unit.own {
		f := r.sources.read(name)
		if f.err == nil || !f.mentions {
			continue
		}
		at, message := syntaxError(f.err)
		r.problems = append(r.problems, problemAt(at, codeCompiler, "%s", message))
		ok = false
	}
	return ok
}

// view type-checks the unit.
func (r *unitResult) view(c *checker) view {
	pkg, files, problems := c.unit(r.unit)
	v := view{
		fset:        r.sources.fset,
		types:       pkg,
		errors:      problems,
		content:     r.sources.content,
		importNamed: importNamer(r.unit.pkg),
	}
	for _, syntax := range files {
		name := v.fset.PositionFor(syntax.Package, false).Filename
		v.files = append(v.files, viewFile{name, syntax, slices.Contains(r.unit.own, name), importsC(syntax)})
	}
	for _, name := range r.unit.siblings {
		f := r.sources.read(name)
		if f.syntax != nil && f.syntax.Name.Name == pkg.Name() && !isGeneratedFile(name, r.sources.content) {
			v.siblings = append(v.siblings, f.syntax)
		}
	}
	return v
}
