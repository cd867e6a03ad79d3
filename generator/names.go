package generator

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/tools/go/packages"
)

// declared are the names of a package, with the first place of each.
type declared struct {
	names   map[string]token.Pos // of its declarations, and of what is generated
	types   map[string]bool      // those that are types
	imports map[string]token.Pos // under which one of its files imports a package
}

// declaredNames returns what the package's files declare and import. Files for
// other build configurations count as well, so that every configuration
// generates the same.
func declaredNames(files []*ast.File, importedAs func(*ast.ImportSpec) string) *declared {
	d := &declared{map[string]token.Pos{}, map[string]bool{}, map[string]token.Pos{}}
	for _, f := range files {
		for _, decl := range f.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil && decl.Name.Name != "init" {
					addName(d.names, decl.Name.Name, decl.Name.Pos())
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					d.addSpec(spec, importedAs)
				}
			}
		}
	}
	return d
}

func (d *declared) addSpec(spec ast.Spec, importedAs func(*ast.ImportSpec) string) {
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		addName(d.names, spec.Name.Name, spec.Name.Pos())
		d.types[spec.Name.Name] = true
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			addName(d.names, name.Name, name.Pos())
		}
	case *ast.ImportSpec:
		addName(d.imports, importedAs(spec), spec.Pos())
	}
}

func addName(names map[string]token.Pos, name string, pos token.Pos) {
	if _, again := names[name]; !again && name != "_" && name != "." {
		names[name] = pos
	}
}

// wrapperNames returns the names of the generated type and its constructor.
func wrapperNames(typeName, wanted string) (wrapper, constructor string) {
	if wrapper = wanted; wrapper == "" {
		wrapper = "idempotent" + capital(typeName)
		if token.IsExported(typeName) {
			wrapper = "Idempotent" + typeName
		}
	}
	if token.IsExported(wrapper) {
		return wrapper, "New" + wrapper
	}
	return wrapper, "new" + capital(wrapper)
}

// capital returns name with its first letter in upper case.
func capital(name string) string {
	r, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(r)) + name[size:]
}

// uncapital returns name with its first letters in lower case: "URLCheck" is
// "urlCheck".
func uncapital(name string) string {
	runes := []rune(name)
	for i, r := range runes {
		if !unicode.IsUpper(r) || i > 0 && i+1 < len(runes) && !unicode.IsUpper(runes[i+1]) {
			break
		}
		runes[i] = unicode.ToLower(r)
	}
	return string(runes)
}

// exportedName returns a name for a field that reflection can reach.
func exportedName(name string) string {
	if name = capital(strings.TrimLeft(name, "_")); token.IsExported(name) {
		return name
	}
	return "X" + name
}

// unused returns base, or base with the first number that makes it unused.
func unused(base string, used func(string) bool) string {
	name := base
	for n := 2; used(name) || token.IsKeyword(name); n++ {
		name = fmt.Sprintf("%s%d", base, n)
	}
	return name
}

// predeclared are Go's own names that generated code relies on.
var predeclared = []string{"any", "append", "bool", "error", "false", "float64", "int64", "len", "new", "nil", "string", "true", "uint64"}

var majorVersion = regexp.MustCompile(`^v[0-9]+$`)

// keyPackage returns what stands for a package in a task's name: for package
// main the last element of its import path, a major version aside.
func keyPackage(pkg *types.Package) string {
	name, test := strings.CutSuffix(pkg.Name(), "_test")
	if name != "main" {
		return pkg.Name()
	}
	importPath := strings.TrimSuffix(pkg.Path(), "_test")
	if base := path.Base(importPath); majorVersion.MatchString(base) && path.Dir(importPath) != "." {
		importPath = path.Dir(importPath)
	}
	if name = path.Base(importPath); test {
		name += "_test"
	}
	return name
}

// nameImports chooses the names under which a file imports the packages that
// its code mentions: their own, unless that is taken in the package.
func nameImports(f *filePlan, names map[string]string, taken func(string) bool) {
	f.Imports, f.Aliased = map[string]string{}, map[string]bool{}
	used := map[string]bool{}
	for _, importPath := range slices.Sorted(maps.Keys(names)) {
		name := unused(names[importPath], func(s string) bool {
			return used[s] || taken(s) || types.Universe.Lookup(s) != nil
		})
		used[name] = true
		f.Imports[importPath] = name
		f.Aliased[importPath] = name != path.Base(importPath)
	}
}

// importNamer returns the function that tells an import's name in a file.
func importNamer(p *packages.Package) func(*ast.ImportSpec) string {
	return func(spec *ast.ImportSpec) string { return importName(spec, p) }
}

// importedBy returns the package that a file of pkg imports, or nil if it is not
// known.
func importedBy(pkg *types.Package, spec *ast.ImportSpec) *types.Package {
	for _, imported := range pkg.Imports() {
		if imported.Path() == importPath(spec) {
			return imported
		}
	}
	return nil
}
