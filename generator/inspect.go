package generator

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// A view is one package as the pipeline looks at it, whoever parsed and checked
// it: the loader, or go vet.
type view struct {
	fset        *token.FileSet
	types       *types.Package
	files       []viewFile
	siblings    []*ast.File   // more files of the package: its tests, and those not built
	errors      []types.Error // what the compiler says of the declarations
	importNamed func(*ast.ImportSpec) string
	content     func(name string) ([]byte, error) // reads a file
}

// A viewFile is a file that idemgen did not generate.
type viewFile struct {
	name   string
	syntax *ast.File
	own    bool // its tasks are looked for
	cgo    bool // it is compiled only where cgo is
}

// A foundTask is a task that was planned, and where.
type foundTask struct {
	plan       *taskPlan
	annotation *annotation
	result     string // the type of its result, for readers
	position   token.Position
	declared   token.Pos // the type's name
	named      token.Pos // where the task's name comes from
	faulty     bool      // it is known only by its name
}

// A planned file is one to generate.
type plannedFile struct {
	plan     *filePlan
	tasks    []foundTask
	imported map[string]string // the names of packages it mentions, by path
	used     map[string]bool   // its local identifiers, which no import may hide
}

// inspect plans every file of a package that declares tasks.
func inspect(v view) (planned []plannedFile, problems, notes []Diagnostic) {
	all := slices.Clone(v.siblings)
	for _, f := range v.files {
		all = append(all, f.syntax)
	}
	p := &planner{
		reporter:    reporter{fset: v.fset},
		pkg:         v.types,
		errors:      v.errors,
		declared:    declaredNames(all, v.importNamed),
		lossy:       &lossyReader{v.fset, v.content, map[string][]string{}},
		importNamed: v.importNamed,
	}
	for _, f := range v.files {
		p.files = append(p.files, f.syntax)
	}
	p.addDotImports(v)
	p.claimElsewhere(v)
	for _, f := range v.files {
		if !f.own {
			continue
		}
		var tasks []foundTask
		p.used = map[string]bool{}
		p.imported = map[string]string{"context": "context", "time": "time", runtimePath: "idem"}
		for _, d := range readDirectives(&p.reporter, f.syntax) {
			plan, ok := p.plan(f.syntax, d)
			if plan == nil {
				continue
			}
			tasks = append(tasks, foundTask{
				plan:       plan,
				annotation: d.annotation,
				result:     resultText(plan),
				position:   v.fset.PositionFor(d.spec.Name.Pos(), false),
				declared:   d.spec.Name.Pos(),
				named:      d.annotation.at("name"),
				faulty:     !ok,
			})
		}
		if len(tasks) == 0 {
			continue
		}
		file := &filePlan{
			Path:       outputName(f.name),
			Package:    f.syntax.Name.Name,
			ImportPath: v.types.Path(),
			Constraint: buildConstraint(f),
		}
		for _, t := range tasks {
			if !t.faulty {
				file.Tasks = append(file.Tasks, t.plan)
			}
		}
		planned = append(planned, plannedFile{file, tasks, p.imported, p.used})
	}
	for _, f := range planned { // when every name of the package is known
		nameImports(f.plan, f.imported, func(s string) bool {
			_, taken := p.declared.names[s]
			return taken || f.used[s] || slices.ContainsFunc(f.plan.Tasks, func(t *taskPlan) bool { return slices.Contains(t.NameArgs, s) })
		})
	}
	return planned, p.found, p.notes
}

// addDotImports notes the names that a file has from a dot import, which nothing
// in the package may declare.
func (p *planner) addDotImports(v view) {
	for _, f := range v.files {
		for _, spec := range f.syntax.Imports {
			imported := importedBy(v.types, spec)
			if imported == nil || v.importNamed(spec) != "." {
				continue
			}
			for _, name := range imported.Scope().Names() {
				if token.IsExported(name) {
					addName(p.declared.imports, name, spec.Pos())
				}
			}
		}
	}
}

// claimElsewhere takes the names of what another unit generates for files of the
// same package, in the same order: the tests' wrappers stand beside the package's
// own.
func (p *planner) claimElsewhere(v view) {
	for _, f := range v.files {
		if f.own {
			continue
		}
		for _, d := range readDirectives(&reporter{fset: v.fset}, f.syntax) {
			wrapper, constructor := wrapperNames(d.spec.Name.Name, d.annotation.Wrapper)
			addName(p.declared.names, wrapper, d.spec.Name.Pos())
			addName(p.declared.names, constructor, d.spec.Name.Pos())
			if hasOutputs(d.spec) {
				addName(p.declared.names, p.outputName(d.spec.Name.Name), d.spec.Name.Pos())
			}
		}
	}
}

// resultText says what a task's result is.
func resultText(plan *taskPlan) string {
	if plan.Output != nil || plan.Valueless {
		return ""
	}
	return plan.Result.String()
}
