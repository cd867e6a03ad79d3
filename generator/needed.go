package generator

import (
	"go/ast"
	"go/token"
	"slices"
	"sync"

	"golang.org/x/tools/go/packages"
)

// A dependency is an imported package, of which only those declarations get types
// that lead to what a unit mentions: of net/http, to http.Header perhaps.
type dependency struct {
	pkg      *packages.Package
	files    []*ast.File
	declared map[string][]needable // by name
	methods  map[string][]needable // by the receiver's type
	promised map[string]bool       // the unexported methods that count
	needed   map[ast.Node]bool     // the nodes of pieces
	asked    map[string]bool       // names
	own      bool                  // it is a unit's own package, whose unexported methods count
}

// A needable is a declaration that can be had without its neighbours: a func, the
// spec of a type or of vars, or all specs of a const declaration, which count.
type needable struct {
	node ast.Node
	file *ast.File
}

// A reference is a name of a package.
type reference struct {
	pkg  *packages.Package
	name string
}

// everything is a name that stands for all names of a package.
const everything = "*"

// need finds out what the units' tasks need of other packages. What else a unit
// declares has types as far as it happens to.
func (c *checker) need(units []unit) {
	wanted := map[reference]bool{}
	var mu sync.Mutex
	atOnce(units, func(u unit) {
		found := c.leadTo(u)
		mu.Lock()
		defer mu.Unlock()
		for _, m := range found {
			wanted[m] = true
		}
	})
	c.follow(wanted)
}

// leadTo returns what a unit's tasks reference in other packages, by way of what they
// reference in their own.
func (c *checker) leadTo(u unit) []reference {
	own := newDependency(u.pkg)
	own.own = true
	var names []string
	var found []reference
	for _, name := range u.files {
		f := c.sources.read(name).syntax
		if f == nil || f.Name == nil {
			continue
		}
		own.add(f)
		found = append(found, referencesIn[ast.Node](f, nil, u.pkg)...) // for which no name is needed
		for _, d := range readDirectives(&reporter{fset: c.sources.fset}, f) {
			names = append(names, d.spec.Name.Name, d.annotation.Codec)
		}
	}
	return append(found, own.take(names)...)
}

// follow adds what references lead to, round by round: what one round finds mentions
// what the next one looks for.
func (c *checker) follow(wanted map[reference]bool) {
	for len(wanted) > 0 {
		names := map[*packages.Package][]string{}
		for m := range wanted {
			names[m.pkg] = append(names[m.pkg], m.name)
		}
		var working sync.WaitGroup
		var mu sync.Mutex
		wanted = map[reference]bool{}
		for p, names := range names {
			d, known := c.needed[p]
			if !known {
				d = newDependency(p)
				c.needed[p] = d
			}
			working.Go(func() {
				if !known {
					d.read(c.sources)
				}
				found := d.take(names)
				mu.Lock()
				defer mu.Unlock()
				for _, m := range found {
					wanted[m] = true
				}
			})
		}
		working.Wait()
	}
}

// take adds the declarations of names, and of what they reference in the package
// itself. It returns what they reference elsewhere.
func (d *dependency) take(names []string) []reference {
	var elsewhere []reference
	for len(names) > 0 {
		name := names[len(names)-1]
		names = names[:len(names)-1]
		if d.asked[name] {
			continue
		}
		d.asked[name] = true
		if name == everything {
			for name := range d.declared {
				names = append(names, name)
			}
		}
		for _, p := range slices.Concat(d.declared[name], d.methods[name]) {
			if method, ok := p.node.(*ast.FuncDecl); d.needed[p.node] || ok && method.Recv != nil && !d.counts(method) {
				continue
			}
			d.needed[p.node] = true
			for _, m := range referencesIn(p.file, []ast.Node{p.node}, d.pkg) {
				if m.pkg == d.pkg {
					names = append(names, m.name)
				} else {
					elsewhere = append(elsewhere, m)
				}
			}
		}
	}
	return elsewhere
}

// counts reports whether somebody else can tell that a type has the method: one
// that is unexported can still be needed by an interface.
func (d *dependency) counts(method *ast.FuncDecl) bool {
	return d.own || method.Name.IsExported() || d.promised[method.Name.Name]
}

func newDependency(p *packages.Package) *dependency {
	return &dependency{
		pkg:      p,
		declared: map[string][]needable{},
		methods:  map[string][]needable{},
		promised: map[string]bool{},
		needed:   map[ast.Node]bool{},
		asked:    map[string]bool{},
	}
}

// read parses the package's files and finds what they declare.
func (d *dependency) read(s *sources) {
	files := make([]*ast.File, len(d.pkg.GoFiles))
	var reading sync.WaitGroup
	for i, name := range d.pkg.GoFiles {
		reading.Go(func() {
			if !isGeneratedFile(name, s.content) {
				files[i] = s.declarations(name)
			}
		})
	}
	reading.Wait()
	for _, f := range files {
		if f != nil && f.Name != nil {
			d.add(f)
		}
	}
}

// add adds what a file declares.
func (d *dependency) add(f *ast.File) {
	d.files = append(d.files, f)
	for _, decl := range f.Decls {
		d.index(f, decl)
	}
}

func (d *dependency) index(f *ast.File, decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			if decl.Type.TypeParams != nil {
				d.promise(decl.Type.TypeParams)
			}
			d.declared[decl.Name.Name] = append(d.declared[decl.Name.Name], needable{decl, f})
		} else if name := receiver(decl); name != "" {
			d.methods[name] = append(d.methods[name], needable{decl, f})
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				d.declared[spec.Name.Name] = append(d.declared[spec.Name.Name], needable{spec, f})
				d.promise(spec)
			case *ast.ValueSpec:
				var node ast.Node = spec
				if decl.Tok == token.CONST {
					node = decl
				} else if spec.Type == nil {
					d.promise(spec)
				}
				for _, name := range spec.Names {
					d.declared[name.Name] = append(d.declared[name.Name], needable{node, f})
				}
			}
		}
	}
}

// receiver returns the name of the type that a method belongs to.
func receiver(method *ast.FuncDecl) string {
	if len(method.Recv.List) == 0 {
		return ""
	}
	t := method.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// promise notes which unexported methods count: those that an interface in n has,
// and those that n calls.
func (d *dependency) promise(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			return false
		case *ast.InterfaceType:
			for _, f := range n.Methods.List {
				for _, name := range f.Names {
					d.promised[name.Name] = true
				}
			}
		case *ast.SelectorExpr:
			d.promised[n.Sel.Name] = true
		}
		return true
	})
}

// reduced returns the package's files with nothing but what is needed.
func (d *dependency) reduced() []*ast.File {
	files := make([]*ast.File, len(d.files))
	for i, f := range d.files {
		reduced := *f
		reduced.Decls = nil
		for _, decl := range f.Decls {
			if decl = d.part(decl); decl != nil {
				reduced.Decls = append(reduced.Decls, decl)
			}
		}
		files[i] = &reduced
	}
	return files
}

// part returns what is needed of a declaration, or nil. Imports stay.
func (d *dependency) part(decl ast.Decl) ast.Decl {
	g, ok := decl.(*ast.GenDecl)
	switch {
	case d.needed[decl], ok && g.Tok == token.IMPORT:
		return decl
	case !ok:
		return nil
	}
	part := *g
	part.Specs = nil
	for _, spec := range g.Specs {
		if !d.needed[spec] {
			continue
		}
		if v, ok := spec.(*ast.ValueSpec); ok && v.Type != nil {
			typed := *v
			typed.Values = nil
			spec = &typed
		}
		part.Specs = append(part.Specs, spec)
	}
	if len(part.Specs) == 0 {
		return nil
	}
	return &part
}

// referencesIn returns the names that parts of a file reference outside of function
// bodies, of p itself and of what the file imports. It may return more, as the
// names of local types. What is imported by a dot could be all of that package.
func referencesIn[N ast.Node](f *ast.File, parts []N, p *packages.Package) []reference {
	var found []reference
	imported := map[string]*packages.Package{}
	codecs := codecPackages(f)
	for _, spec := range f.Imports {
		of := p.Imports[importPath(spec)]
		if of == nil || of.PkgPath == "unsafe" {
			continue
		}
		name := importName(spec, p)
		if name == "." || codecs[name] || codecs[of.Name] {
			found = append(found, reference{of, everything})
		}
		imported[name] = of
	}
	var walk func(ast.Node) bool
	walk = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			return false
		case *ast.Field: // its name is its own
			ast.Inspect(n.Type, walk)
			return false
		case *ast.SelectorExpr:
			if id, ok := n.X.(*ast.Ident); ok && imported[id.Name] != nil {
				found = append(found, reference{imported[id.Name], n.Sel.Name})
				return false
			}
			ast.Inspect(n.X, walk)
			return false
		case *ast.Ident:
			found = append(found, reference{p, n.Name})
		}
		return true
	}
	for _, part := range parts {
		switch part := ast.Node(part).(type) {
		case *ast.FuncDecl:
			if part.Recv != nil {
				ast.Inspect(part.Recv, walk)
			}
			ast.Inspect(part.Type, walk)
		case *ast.ValueSpec:
			if part.Type != nil { // which is all that counts of a variable
				ast.Inspect(part.Type, walk)
				continue
			}
			ast.Inspect(part, walk)
		default:
			ast.Inspect(part, walk)
		}
	}
	return found
}
