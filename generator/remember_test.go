package generator_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/generator"
)

// A rememberingModule is a module whose wrappers are generated with a memory.
type rememberingModule struct {
	t          *testing.T
	dir, cache string
}

func newRememberingModule(t *testing.T) rememberingModule {
	t.Setenv("GOFLAGS", "")
	m := rememberingModule{t, t.TempDir(), t.TempDir()}
	m.write("go.mod", "module example.com/p\n\ngo 1.26.0\n\nrequire (\n\texample.com/money v1.0.0\n\tgithub.com/idemgen/idemgen v1.0.0\n)\n\n"+
		"replace (\n\texample.com/money => ./money\n\tgithub.com/idemgen/idemgen => ./idemgen\n)\n")
	m.write("idemgen/go.mod", "module github.com/idemgen/idemgen\n\ngo 1.26.0\n")
	m.write("idemgen/runtime/runtime.go", "package idem // all that matters here is that the go command finds it\n")
	m.write("money/go.mod", "module example.com/money\n\ngo 1.26.0\n")
	m.write("money/money.go", "package money\n\ntype Amount struct {\n\tCents int\n\tnote string //idem:lossy for people\n}\n")
	m.write("shop/ids.go", "package shop\n\ntype ID int\n")
	m.write("vote.go", `package p

import (
	"context"

	"example.com/money"
	"example.com/p/shop"
)

//idem:task key=ID,At on-duplicate=return-cached
type Vote struct {
	ID shop.ID
	At float64
}

func (v Vote) Run(context.Context) (money.Amount, error) { return money.Amount{}, nil }
`)
	return m
}

func (m rememberingModule) write(name, content string) {
	m.t.Helper()
	name = filepath.Join(m.dir, name)
	require.NoError(m.t, os.MkdirAll(filepath.Dir(name), 0o700))
	require.NoError(m.t, os.WriteFile(name, []byte(content), 0o600))
}

func (m rememberingModule) edit(name, from, to string) {
	m.t.Helper()
	content, err := os.ReadFile(filepath.Join(m.dir, name))
	require.NoError(m.t, err)
	require.Contains(m.t, string(content), from)
	m.write(name, string(bytes.ReplaceAll(content, []byte(from), []byte(to))))
}

func (m rememberingModule) run(cache string, tags string) *generator.Outcome {
	m.t.Helper()
	outcome, err := generator.Run(m.t.Context(), generator.Config{Dir: m.dir, Patterns: []string{"./..."}, Cache: cache, Tags: tags})
	require.NoError(m.t, err)
	return outcome
}

// remembered is the file that holds the one run there was.
func (m rememberingModule) remembered() string {
	m.t.Helper()
	files, err := filepath.Glob(filepath.Join(m.cache, "runs", "*"))
	require.NoError(m.t, err)
	require.Len(m.t, files, 1)
	return files[0]
}

// Whatever is changed, a run that remembers finds what one finds that does not.
func TestARunThatRemembersFindsWhatAnyOtherFinds(t *testing.T) {
	m := newRememberingModule(t)
	for _, change := range []struct {
		name string
		make func()
	}{
		{"nothing generated", func() {}},
		{"generated", func() { require.Empty(t, m.run(m.cache, "").Write()) }},
		{"nothing changed", func() {}},
		{"an option", func() { m.edit("vote.go", "key=ID", "ttl=1h key=ID") }},
		{"and back", func() { m.edit("vote.go", "ttl=1h key=ID", "key=ID") }},
		{"spaces in a wrapper", func() { m.edit("vote_idem.go", "import", "\nimport") }},
		{"a wrapper removed", func() { require.NoError(t, os.Remove(filepath.Join(m.dir, "vote_idem.go"))) }},
		{"generated again", func() { require.Empty(t, m.run(m.cache, "").Write()) }},
		{"a type of a package that is imported", func() { m.edit("shop/ids.go", "int", "string") }},
		{"and back, too", func() { m.edit("shop/ids.go", "string", "int") }},
		{"a type of another module, less its comment", func() { m.edit("money/money.go", "//idem:lossy", "//") }},
		{"with its comment", func() { m.edit("money/money.go", "// for", "//idem:lossy for") }},
		{"a new task", func() {
			m.write("shop/order.go", "package shop\n\n//idem:task key=Number\ntype Order struct{ Number ID }\n")
		}},
		{"generated with it", func() { require.Empty(t, m.run(m.cache, "").Write()) }},
		{"its source hidden", func() { m.edit("shop/order.go", "package", "//go:build later\n\npackage") }},
		{"its source gone", func() { require.NoError(t, os.Remove(filepath.Join(m.dir, "shop/order.go"))) }},
		{"an orphan removed", func() { require.Empty(t, m.run(m.cache, "").Write()) }},
		{"a test's task", func() {
			m.write("shop/order_test.go", "package shop\n\n//idem:task key=Number\ntype Order struct{ Number ID }\n")
		}},
		{"generated for it", func() { require.Empty(t, m.run(m.cache, "").Write()) }},
		{"another module's place", func() {
			m.write("francs/go.mod", "module example.com/money\n\ngo 1.26.0\n")
			m.write("francs/money.go", "package money\n\ntype Amount struct{ Francs string }\n")
			m.edit("go.mod", "./money", "./francs")
		}},
		{"a code that does not compile", func() { m.edit("vote.go", "ID shop.ID", "ID shop.Id") }},
		{"that compiles", func() { m.edit("vote.go", "shop.Id", "shop.ID") }},
		{"a memory that is torn", func() { require.NoError(t, os.WriteFile(m.remembered(), []byte(`{"program":`), 0o600)) }},
	} {
		change.make()
		want := m.run("", "")
		for _, when := range []string{"", ", and once more"} {
			got := m.run(m.cache, "")
			assert.Equal(t, formatted(want), formatted(got), "%s%s", change.name, when)
			assert.Equal(t, want.Breaks, got.Breaks, "%s%s", change.name, when)
			assert.Equal(t, want.Changes, got.Changes, "%s%s", change.name, when)
			assert.Equal(t, want.Unchanged, got.Unchanged, "%s%s", change.name, when)
			assert.Equal(t, want.Tasks, got.Tasks, "%s%s", change.name, when)
		}
	}
}

// What a run finds is in its memory right after it has written, and comes from there.
func TestARunIsRememberedAsSoonAsItHasWritten(t *testing.T) {
	m := newRememberingModule(t)
	require.Empty(t, m.run(m.cache, "").Write())
	content, err := os.ReadFile(m.remembered())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(m.remembered(), bytes.ReplaceAll(content, []byte(`"ttl":"24h"`), []byte(`"ttl":"25h"`)), 0o600))

	outcome := m.run(m.cache, "")
	require.Len(t, outcome.Tasks, 1)
	assert.Equal(t, "25h", outcome.Tasks[0].TTL, "as the memory says, not the source")
	assert.Equal(t, []string{filepath.Join(m.dir, "vote_idem.go")}, outcome.Unchanged)
	assert.Equal(t, "24h", m.run(m.cache, "other").Tasks[0].TTL, "with other tags it is another run")
}
