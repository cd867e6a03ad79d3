package generator

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"go/build"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/tools/go/packages"
)

// A memory is where a run leaves word that all is as it should be. What a run finds
// depends on the program, what it is asked, what the go command lists, and the files
// it reads. As long as all of those are as they were, the next run is over as soon as
// the go command has listed the packages.
type memory struct {
	file string // one for each folder and patterns; empty for no memory
	now  state
}

// A state is all that a run depends on, and what it found.
type state struct {
	Program   string            `json:"program"`   // a hash of it
	Packages  map[string]string `json:"packages"`  // hashes of what was listed of them, less generated files
	Folders   map[string]string `json:"folders"`   // hashes of the names in them, less generated files
	Generated []string          `json:"generated"` // files in the folders, sorted
	Files     map[string]string `json:"files"`     // hashes of what was read; empty for what could not be

	Unchanged []string     `json:"unchanged"`
	Notes     []Diagnostic `json:"notes"`
	Tasks     []Task       `json:"tasks"`
}

// memorable is how long a memory is kept that nothing has renewed.
const memorable = 30 * 24 * time.Hour

// memoryFor returns the memory for runs like this one. There is none where findings
// depend on more, or a package may not be listed as it is.
func memoryFor(cfg Config, folders []*folder) memory {
	if cfg.Cache == "" || cfg.Against != "" {
		return memory{}
	}
	program, err := programHash()
	if err != nil {
		return memory{}
	}
	m := memory{
		file: filepath.Join(cfg.Cache, "runs", hashOf(cfg.Dir, cfg.Patterns, cfg.Tags)),
		now: state{
			Program:  hashOf(program, build.Default.GOARCH),
			Packages: map[string]string{},
			Folders:  map[string]string{},
		},
	}
	var roots []*packages.Package
	for _, f := range folders {
		m.now.Folders[f.dir] = hashOf(f.others)
		m.now.Generated = append(m.now.Generated, f.generated...)
		for _, u := range f.units {
			roots = append(roots, u.pkg)
		}
	}
	slices.Sort(m.now.Generated)
	whole := true
	packages.Visit(roots, nil, func(p *packages.Package) {
		whole = whole && len(p.Errors) == 0
		m.now.Packages[p.ID] = listedHash(p)
	})
	if !whole {
		return memory{}
	}
	return m
}

// listedHash identifies what the go command lists of a package. Generated files may
// come and go, and with them imports.
func listedHash(p *packages.Package) string {
	renamed := map[string]string{}
	for path, imported := range p.Imports {
		if imported.ID != path {
			renamed[path] = imported.ID
		}
	}
	own := func(names []string) []string {
		return slices.DeleteFunc(slices.Clone(names), isGeneratedName)
	}
	return hashOf(p.Name, p.PkgPath, p.ForTest, own(p.GoFiles), own(p.IgnoredFiles), p.OtherFiles, renamed)
}

// programHash identifies this very program.
func programHash() (string, error) {
	name, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// hashOf identifies values that JSON can tell apart.
func hashOf(values ...any) string {
	text, _ := json.Marshal(values)
	return contentHash(text, nil)
}

// contentHash identifies what reading a file gave.
func contentHash(content []byte, err error) string {
	if err != nil {
		return ""
	}
	h := sha256.Sum256(content)
	return hex.EncodeToString(h[:16])
}

// recall returns what the last run found, if nothing has changed since.
func (m memory) recall(dir string) (*Outcome, bool) {
	if m.file == "" {
		return nil, false
	}
	content, err := os.ReadFile(m.file)
	var past state
	if err != nil || json.Unmarshal(content, &past) != nil || !m.now.resembles(past) {
		return nil, false
	}
	var changed atomic.Bool
	atOnce(slices.Collect(maps.Keys(past.Files)), func(name string) {
		if contentHash(os.ReadFile(name)) != past.Files[name] {
			changed.Store(true)
		}
	})
	return &Outcome{Dir: dir, Tasks: past.Tasks, Notes: past.Notes, Unchanged: past.Unchanged}, !changed.Load()
}

// resembles reports whether a run would read the same files now as in the past, when
// it had perhaps not yet written what imports more packages.
func (now state) resembles(past state) bool {
	for id, hash := range past.Packages {
		if now.Packages[id] != hash {
			return false
		}
	}
	return now.Program == past.Program && maps.Equal(now.Folders, past.Folders) && slices.Equal(now.Generated, past.Generated)
}

// of returns the memory with what a run has read and found.
func (m memory) of(o *Outcome, read map[string]string) memory {
	m.now.Files, m.now.Unchanged, m.now.Notes, m.now.Tasks = read, slices.Clone(o.Unchanged), o.Notes, o.Tasks
	return m
}

// keep leaves word of a run whose changes were made. That it cannot does not matter.
func (m memory) keep(made []Change) {
	if m.file == "" {
		return
	}
	for _, c := range made {
		m.now.Generated = slices.DeleteFunc(m.now.Generated, func(name string) bool { return name == c.Path })
		if c.New == nil {
			m.now.Files[c.Path] = ""
			continue
		}
		m.now.Generated, m.now.Unchanged = append(m.now.Generated, c.Path), append(m.now.Unchanged, c.Path)
		m.now.Files[c.Path] = contentHash(c.New, nil)
	}
	slices.Sort(m.now.Generated)
	slices.SortFunc(m.now.Unchanged, func(a, b string) int { // as folders come
		return cmp.Or(strings.Compare(filepath.Dir(a), filepath.Dir(b)), strings.Compare(a, b))
	})
	dir := filepath.Dir(m.file)
	content, err := json.Marshal(m.now)
	if err != nil || os.MkdirAll(dir, 0o755) != nil {
		return
	}
	if written, err := writeBeside(m.file, content); err == nil && os.Rename(written, m.file) != nil {
		_ = os.Remove(written)
	}
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > memorable {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
