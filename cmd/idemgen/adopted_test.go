package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An adopted module is one of other people whose code a test copies, as a team
// would that takes a package over, and whose structs it annotates.
type adopted struct {
	path       string            // of the module, as go.mod requires it
	folder     string            // where it goes in the module that adopts it
	directives map[string]string // by file and type, as "rule.go Require"
}

var adoptions = []adopted{
	{"golang.org/x/mod", "mod", map[string]string{
		"module/module.go Version":     "//idem:task key=Path,Version ttl=7d",
		"modfile/rule.go Require":      "//idem:task key=Mod.Path,Mod.String() match=Indirect",
		"modfile/rule.go Replace":      "//idem:task key=hash(Old.Path,New.Path) name=mod.replace",
		"sumdb/note/note.go Signature": "//idem:task key=Name,Hash on-duplicate=fail",
	}},
	{"github.com/redis/go-redis/v9", "redis", map[string]string{
		"stream_commands.go XAddArgs":      "//idem:task key=Stream,ID on-duplicate=return-cached",
		"command.go GeoRadiusQuery":        "//idem:task key=Unit,Sort,Count match=Radius",
		"sortedset_commands.go ZRangeArgs": "//idem:task key=Key,Offset,Count",
		"internal/pool/pool.go Stats":      "//idem:task key=Hits,Misses",
		"options.go Options":               "//idem:task key=Network,Addr,DB,DialTimeout",
	}},
	{"go.yaml.in/yaml/v3", "yaml", map[string]string{
		"yaml.go Node":         "//idem:task key=Tag,Value,Line,Kind match=Anchor",
		"yamlh.go yaml_mark_t": "//idem:task key=index,line,column allow-empty",
	}},
}

// Annotations on structs that nobody here wrote give wrappers that compile beside
// their code, and work.
func TestStructsOfPublicModulesBecomeTasks(t *testing.T) {
	checkout, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	goMod, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	require.NoError(t, err)
	goSum, err := os.ReadFile(filepath.Join(checkout, "go.sum"))
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644))
	}
	write("go.mod", userModule(string(goMod), checkout))
	write("go.sum", string(goSum))
	write("main.go", adopter)
	for _, a := range adoptions {
		a.copyTo(t, dir)
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOFLAGS=-mod=mod -trimpath", "GOTOOLCHAIN=local") // trimmed, so that the cache serves the next run
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "go %s:\n%s", strings.Join(args, " "), out)
		return string(out)
	}

	assert.Empty(t, run("tool", "idemgen", "./..."))
	assert.Empty(t, run("tool", "idemgen", "check", "./..."))
	run("build", "./mod/sumdb/note")
	assert.Equal(t, `idempotency:module.Version:golang.org/x/mod:v0.1.0 success/1, then skipped/0
idempotency:modfile.Require:example.com/a:example.com/a@v1.0.0 success/1, then FINGERPRINT_MISMATCH
idempotency:redis.XAddArgs:orders:1-0 success/1, then success/1
idempotency:redis.Options:tcp:localhost%3A6379:0:5s success/1, then skipped/0
idempotency:yaml.Node:!!str:a%20b:3:8 success/1, then skipped/0
`, run("run", "."))
}

// copyTo copies the module's packages into a folder of the adopting module, less
// its tests, with its import paths changed and the directives in their places.
func (a adopted) copyTo(t *testing.T, dir string) {
	t.Helper()
	_, err := goCommand(t.Context(), "mod", "download", a.path) // where this machine does not have it yet
	require.NoError(t, err)
	from, err := goCommand(t.Context(), "list", "-m", "-f", "{{.Dir}}", a.path)
	require.NoError(t, err)
	from = strings.TrimSpace(from)
	placed := 0
	err = filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		_, isModule := os.Stat(filepath.Join(path, "go.mod"))
		switch {
		case entry.IsDir() && name != "." && (isModule == nil || strings.Contains(name, "testdata") || strings.HasPrefix(name, ".")):
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(dir, a.folder, name), 0o755)
		case filepath.Ext(name) != ".go", strings.HasSuffix(name, "_test.go"):
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		text := string(content)
		for _, end := range []string{`"`, `/`} {
			text = strings.ReplaceAll(text, `"`+a.path+end, `"example.com/shop/`+a.folder+end)
		}
		for at, directive := range a.directives {
			file, typeName, _ := strings.Cut(at, " ")
			declaration := "\ntype " + typeName + " struct"
			if file == name && strings.Contains(text, declaration) {
				text = strings.Replace(text, declaration, "\n"+directive+declaration, 1)
				placed++
			}
		}
		return os.WriteFile(filepath.Join(dir, a.folder, name), []byte(text), 0o644)
	})
	require.NoError(t, err)
	require.Equal(t, len(a.directives), placed, "%s has other structs than when this was written", a.path)
}

// adopter is the program that uses the adopted tasks.
const adopter = `package main

import (
	"context"
	"fmt"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"

	"example.com/shop/mod/modfile"
	"example.com/shop/mod/module"
	"example.com/shop/redis"
	"example.com/shop/yaml"
)

type wrapper[T any] interface {
	Run(context.Context, T) (idem.Result[int], error)
	Key(T) (string, error)
}

// twice runs a task and then a second one, and says what came of both.
func twice[T any](w wrapper[T], first, second T) {
	key, err := w.Key(first)
	if err != nil {
		panic(err)
	}
	fmt.Print(key)
	for i, task := range []T{first, second} {
		if i > 0 {
			fmt.Print(", then")
		}
		result, err := w.Run(context.Background(), task)
		if err != nil {
			fmt.Print(" ", idem.Code(err))
			continue
		}
		fmt.Print(" ", result.Status, "/", result.Value)
	}
	fmt.Println()
}

func count[T any](context.Context, T) (int, error) { return 1, nil }

func main() {
	client := idem.New(memstore.New())
	version := module.Version{Path: "golang.org/x/mod", Version: "v0.1.0"}
	twice(module.NewIdempotentVersion(client, count[module.Version]), version, version)
	require := modfile.Require{Mod: module.Version{Path: "example.com/a", Version: "v1.0.0"}}
	indirect := require
	indirect.Indirect = true
	twice(modfile.NewIdempotentRequire(client, count[modfile.Require]), require, indirect)
	add := redis.XAddArgs{Stream: "orders", ID: "1-0"}
	twice(redis.NewIdempotentXAddArgs(client, count[redis.XAddArgs]), add, add)
	options := redis.Options{Network: "tcp", Addr: "localhost:6379", DialTimeout: 5 * time.Second}
	twice(redis.NewIdempotentOptions(client, count[redis.Options]), options, options)
	node := yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: "a b", Line: 3}
	twice(yaml.NewIdempotentNode(client, count[yaml.Node]), node, node)
}
`
