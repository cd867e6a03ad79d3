package generator

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// A unit is one package as the compiler sees it, of which only some files are
// looked at for tasks: a package's test files are seen together with its other
// files, but those are looked at once, without the tests.
type unit struct {
	pkg      *packages.Package
	files    []string // what is compiled together, less what idemgen generated
	own      []string // those of files whose tasks are this unit's
	siblings []string // further files, whose names count if they are of the same package
}

// A folder is one directory of the listed packages.
type folder struct {
	dir       string
	units     []unit
	built     map[string]bool // the files that this build configuration compiles
	ignored   map[string]bool // and those that it does not
	generated []string        // the files in it that idemgen generated
	others    []string        // the names of all else in it
}

// load lists the packages that the patterns name, with what they import. It
// reads no types: most packages have no tasks.
func load(ctx context.Context, cfg Config) ([]*folder, []Diagnostic, error) {
	roots, err := listPackages(ctx, cfg, nil)
	if err != nil {
		return nil, nil, err
	}
	folders := map[string]*folder{}
	folderOf := func(dir string) *folder {
		if folders[dir] == nil {
			folders[dir] = &folder{dir: dir, built: map[string]bool{}, ignored: map[string]bool{}}
		}
		return folders[dir]
	}
	if hide := damaged(roots); len(hide) > 0 {
		for _, p := range roots { // which is not told of what is hidden
			for _, name := range p.IgnoredFiles {
				folderOf(p.Dir).ignored[name] = true
			}
			if slices.ContainsFunc(hide, func(name string) bool { return filepath.Dir(name) == p.Dir }) {
				folderOf(p.Dir) // what is hidden may be all that it holds
			}
		}
		overlay, err := hideFiles(hide)
		if err != nil {
			return nil, nil, err
		}
		defer func() { _ = os.Remove(overlay) }()
		if roots, err = listPackages(ctx, cfg, []string{"-overlay=" + overlay}); err != nil {
			return nil, nil, err
		}
	}
	var problems []Diagnostic
	for _, p := range roots {
		switch {
		case isTestMain(p), folders[p.Dir] != nil && !hasFiles(p):
		case !hasFiles(p):
			problems = append(problems, unreadable(p)...)
		default:
			folderOf(p.Dir).add(p)
		}
	}
	all := slices.SortedFunc(maps.Values(folders), func(a, b *folder) int { return strings.Compare(a.dir, b.dir) })
	for _, f := range all {
		problems = append(problems, f.finish()...)
	}
	return all, problems, nil
}

// listPackages asks the go command for the packages.
func listPackages(ctx context.Context, cfg Config, flags []string) ([]*packages.Package, error) {
	if cfg.Tags != "" {
		flags = append(flags, "-tags="+cfg.Tags)
	}
	patterns := make([]string, len(cfg.Patterns))
	for i, pattern := range cfg.Patterns {
		if strings.HasSuffix(pattern, ".go") { // a file stands for its package
			pattern = "file=" + pattern
		}
		patterns[i] = pattern
	}
	roots, err := packages.Load(&packages.Config{
		Context: ctx,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps |
			packages.NeedModule | packages.NeedForTest,
		Dir:        cfg.Dir,
		BuildFlags: flags,
		Tests:      true,
	}, patterns...)
	if err != nil {
		_, message, found := strings.Cut(err.Error(), "stderr: ") // what the go command said
		if !found {
			message = err.Error()
		}
		return nil, fmt.Errorf("cannot list the packages: %s", strings.TrimSpace(message))
	}
	return roots, nil
}

// isTestMain reports whether p is the main package that go test makes up, whose
// only file is elsewhere. A folder may be named as it is.
func isTestMain(p *packages.Package) bool {
	madeUp := len(p.GoFiles) == 0 || filepath.Dir(p.GoFiles[0]) != p.Dir
	return madeUp && p.Name == "main" && strings.HasSuffix(p.ID, ".test") && p.ForTest == "" ||
		len(p.GoFiles) == 1 && filepath.Base(p.GoFiles[0]) == "_testmain.go"
}

// hasFiles reports whether p has Go files, be they for another configuration.
func hasFiles(p *packages.Package) bool {
	return len(p.GoFiles)+len(p.IgnoredFiles)+len(p.OtherFiles) > 0
}

// add adds the unit that p is to its folder.
func (f *folder) add(p *packages.Package) {
	inPackage := p.ForTest != "" && p.ForTest == p.PkgPath
	if p.ForTest != "" && !inPackage && !strings.HasSuffix(p.PkgPath, "_test") {
		return // compiled once more for another package's tests
	}
	for _, name := range p.IgnoredFiles {
		if strings.HasSuffix(name, ".go") {
			f.ignored[name] = true
		}
	}
	u := unit{pkg: p}
	for _, name := range p.GoFiles {
		f.built[name] = true
		if isGeneratedFile(name, os.ReadFile) {
			continue
		}
		u.files = append(u.files, name)
		if !inPackage || strings.HasSuffix(name, "_test.go") {
			u.own = append(u.own, name)
		}
	}
	f.units = append(f.units, u)
}

// finish gives the package the names of its test files, and finds what idemgen
// generated. It reports files with tasks that the go command left out.
func (f *folder) finish() []Diagnostic {
	slices.SortFunc(f.units, func(a, b unit) int { return strings.Compare(a.pkg.ID, b.pkg.ID) })
	for i := range f.units {
		f.units[i].siblings = slices.Sorted(maps.Keys(f.ignored))
		pkg := f.units[i].pkg
		if pkg.ForTest != "" {
			continue
		}
		for _, test := range f.units {
			if test.pkg.PkgPath == pkg.PkgPath && test.pkg.ForTest == pkg.PkgPath {
				f.units[i].siblings = append(f.units[i].siblings, test.own...)
			}
		}
	}
	var problems []Diagnostic
	entries, _ := os.ReadDir(f.dir)
	for _, entry := range entries {
		name := filepath.Join(f.dir, entry.Name())
		if isGeneratedFile(name, os.ReadFile) {
			f.generated = append(f.generated, name)
			continue
		}
		f.others = append(f.others, entry.Name())
		if !entry.IsDir() {
			problems = append(problems, f.unlisted(name)...)
		}
	}
	return problems
}

// damaged returns the generated files of packages that the go command could not
// list, imported ones too: conflict markers or a package clause of the past may
// be the reason.
func damaged(roots []*packages.Package) []string {
	var hide []string
	for p := range packages.Postorder(roots) {
		if len(p.Errors) == 0 {
			continue
		}
		entries, _ := os.ReadDir(p.Dir)
		for _, entry := range entries {
			if name := filepath.Join(p.Dir, entry.Name()); isGeneratedFile(name, os.ReadFile) {
				hide = append(hide, name)
			}
		}
	}
	slices.Sort(hide)
	return slices.Compact(hide)
}

// hideFiles writes an overlay for the go command in which files do not exist.
func hideFiles(names []string) (string, error) {
	replace := map[string]string{}
	for _, name := range names {
		replace[filepath.ToSlash(name)] = ""
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp("", "idemgen-*.json")
	if err != nil {
		return "", err
	}
	_, err = f.Write(overlay)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return f.Name(), err
}
