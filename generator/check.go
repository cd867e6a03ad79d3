package generator

import (
	"errors"
	"go/ast"
	"go/build"
	"go/token"
	"go/types"
	"maps"
	"math"
	"path"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/tools/go/packages"
)

// A checker finds the types of packages from their source, as far as
// declarations need them: it looks into no function body, follows no import that
// only bodies use, and looks at nothing in other packages that no declaration here
// leads to. So nothing has to be compiled before, and code that calls a wrapper
// which does not exist yet does not get in the way.
type checker struct {
	sources *sources
	sizes   types.Sizes
	order   map[*packages.Package]int // a package has a higher number than its imports
	last    int
	needed  map[*packages.Package]*dependency
	checked sync.Map // *packages.Package → func() *types.Package

	mu       sync.Mutex
	problems []types.Error // in dependencies
}

func newChecker(s *sources, folders []*folder) *checker {
	c := &checker{
		sources: s,
		sizes:   types.SizesFor("gc", build.Default.GOARCH),
		order:   map[*packages.Package]int{},
		needed:  map[*packages.Package]*dependency{},
	}
	for _, f := range folders {
		for _, u := range f.units {
			c.number(u.pkg)
		}
	}
	return c
}

// number gives p a higher number than what it imports. An import that leads
// back to p has none yet, which ends a cycle.
func (c *checker) number(p *packages.Package) {
	if _, seen := c.order[p]; seen {
		return
	}
	c.order[p] = math.MaxInt
	for _, imported := range p.Imports {
		c.number(imported)
	}
	c.last++
	c.order[p] = c.last
}

// unit returns the types of a unit's package, and what the compiler would say
// about declarations in it and in what it imports.
func (c *checker) unit(u unit) (*types.Package, []*ast.File, []types.Error) {
	files := make([]*ast.File, 0, len(u.files))
	for _, name := range u.files {
		if f := c.sources.read(name); f.syntax != nil && f.syntax.Name != nil {
			files = append(files, f.syntax)
		}
	}
	var problems []types.Error
	p := c.check(u.pkg, files, func(err error) {
		if e, ok := errors.AsType[types.Error](err); ok {
			problems = append(problems, e)
		}
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	return p, files, append(problems, c.problems...)
}

// dependency returns the types of an imported package, wrong or missing ones
// left out.
func (c *checker) dependency(p *packages.Package) *types.Package {
	checked, _ := c.checked.LoadOrStore(p, sync.OnceValue(func() *types.Package {
		d := c.needed[p]
		if d == nil { // it is imported for nothing that counts
			return types.NewPackage(p.PkgPath, p.Name)
		}
		return c.check(p, d.reduced(), func(err error) {
			if e, ok := errors.AsType[types.Error](err); ok {
				c.mu.Lock()
				defer c.mu.Unlock()
				c.problems = append(c.problems, e)
			}
		})
	}))
	return checked.(func() *types.Package)()
}

// check finds the types of files, together one package.
func (c *checker) check(p *packages.Package, files []*ast.File, report func(error)) *types.Package {
	reduced := make([]*ast.File, len(files))
	needed := map[*packages.Package]bool{}
	for i, f := range files {
		reduced[i] = withoutIdleImports(f, p)
		for _, spec := range reduced[i].Imports {
			if imported := p.Imports[importPath(spec)]; imported != nil {
				needed[imported] = true
			}
		}
	}
	var waiting sync.WaitGroup
	for imported := range needed {
		if c.order[imported] < c.order[p] && imported.PkgPath != "unsafe" {
			waiting.Go(func() { c.dependency(imported) })
		}
	}
	waiting.Wait()
	config := types.Config{
		IgnoreFuncBodies: true,
		FakeImportC:      true,
		Sizes:            c.sizes,
		Error:            report,
		Importer: importerFunc(func(path string) (*types.Package, error) {
			if path == "unsafe" {
				return types.Unsafe, nil
			}
			imported := p.Imports[path]
			if imported == nil || len(imported.GoFiles) == 0 || imported.Name == "" {
				if imported != nil && len(imported.Errors) > 0 { // what the go command says
					return nil, errors.New(strings.Join(strings.Fields(imported.Errors[0].Msg), " "))
				}
				return nil, errors.New("no such package, or an import cycle")
			}
			if c.order[imported] >= c.order[p] {
				return nil, errors.New("an import cycle")
			}
			return c.dependency(imported), nil
		}),
	}
	checked, _ := config.Check(p.PkgPath, c.sources.fset, reduced, nil)
	return checked
}

type importerFunc func(path string) (*types.Package, error)

func (f importerFunc) Import(path string) (*types.Package, error) { return f(path) }

// withoutIdleImports returns the file without the imports that no declaration
// mentions outside of function bodies.
func withoutIdleImports(f *ast.File, p *packages.Package) *ast.File {
	mentioned := map[string]bool{}
	for _, decl := range f.Decls {
		ast.Inspect(decl, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BlockStmt:
				return false
			case *ast.SelectorExpr:
				if id, ok := n.X.(*ast.Ident); ok {
					mentioned[id.Name] = true
				}
			}
			return true
		})
	}
	maps.Copy(mentioned, codecPackages(f))
	reduced := *f
	reduced.Decls, reduced.Imports = nil, nil
	for _, decl := range f.Decls {
		imports, ok := decl.(*ast.GenDecl)
		if !ok || imports.Tok != token.IMPORT {
			reduced.Decls = append(reduced.Decls, decl)
			continue
		}
		kept := *imports
		kept.Specs = nil
		for _, spec := range imports.Specs {
			spec := spec.(*ast.ImportSpec)
			imported := p.Imports[importPath(spec)]
			unknown := spec.Name == nil && (imported == nil || imported.Name == "") // the compiler says why
			if name := importName(spec, p); unknown || name == "." || mentioned[name] || spec.Name != nil && mentioned[importedName(spec, p)] {
				kept.Specs = append(kept.Specs, spec)
				reduced.Imports = append(reduced.Imports, spec)
			}
		}
		if len(kept.Specs) > 0 {
			reduced.Decls = append(reduced.Decls, &kept)
		}
	}
	return &reduced
}

// codecPackages returns the names of packages that directives name.
func codecPackages(f *ast.File) map[string]bool {
	names := map[string]bool{}
	for _, group := range f.Comments {
		for _, c := range group.List {
			if _, codec, found := strings.Cut(c.Text, "codec="); found {
				name, _, _ := strings.Cut(codec, ".")
				names[strings.Trim(name, "\"`")] = true
			}
		}
	}
	return names
}

// importPath returns the path of an import.
func importPath(spec *ast.ImportSpec) string {
	s, _ := strconv.Unquote(spec.Path.Value)
	return s
}

// importName returns the name under which a file knows an import.
func importName(spec *ast.ImportSpec, p *packages.Package) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	return importedName(spec, p)
}

// importedName returns the imported package's own name.
func importedName(spec *ast.ImportSpec, p *packages.Package) string {
	s := importPath(spec)
	if imported := p.Imports[s]; imported != nil && imported.Name != "" {
		return imported.Name
	}
	return path.Base(s)
}
