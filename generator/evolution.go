package generator

import (
	"context"
	"fmt"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A committed file is a generated file as it was before this run.
type committedFile struct {
	path    string
	content []byte
}

// onDisk returns the generated files of a folder as they are.
func (f *folder) onDisk(s *sources) []committedFile {
	var files []committedFile
	for _, path := range f.generated {
		if content, err := s.content(path); err == nil {
			files = append(files, committedFile{path, content})
		}
	}
	return files
}

// inRevision returns the generated files of a folder as they were in a revision
// of its git repository.
func (f *folder) inRevision(ctx context.Context, revision string) ([]committedFile, error) {
	listed, err := git(ctx, f.dir, "ls-tree", "--name-only", "-z", revision, "./")
	if err != nil {
		return nil, err
	}
	var files []committedFile
	for name := range strings.SplitSeq(listed, "\x00") {
		if !isGeneratedName(name) {
			continue
		}
		content, err := git(ctx, f.dir, "show", revision+":./"+name)
		if err != nil {
			return nil, err
		}
		if hasHeader([]byte(content)) {
			files = append(files, committedFile{filepath.Join(f.dir, name), []byte(content)})
		}
	}
	return files, nil
}

// git returns what git prints in a directory.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %s", args[0], strings.TrimSpace(stderr.String()+" "+err.Error()))
	}
	return string(out), nil
}

// A pastTask is a task as a generated file speaks of it.
type pastTask struct {
	schema
	file string
}

// breaks compares the tasks of a folder with what generated files said of them
// before, and returns what would no longer be the same.
func (r *run) breaks(f *folder, before []committedFile) []Diagnostic {
	var past []pastTask
	for _, file := range before {
		if f.ignored[sourceName(file.path)] {
			continue // not seen in this build configuration
		}
		for _, s := range readSchemas(file.content) {
			past = append(past, pastTask{s, file.path})
		}
	}
	var found []Diagnostic
	var moved, fresh []foundTask
	take := func(t foundTask, is func(pastTask) bool) bool {
		i := slices.IndexFunc(past, func(was pastTask) bool { return was.Type == t.plan.TypeName && is(was) })
		if i < 0 {
			return false
		}
		found = append(found, r.compareSchemas(t, past[i].schema)...)
		past = slices.Delete(past, i, i+1)
		return true
	}
	for _, t := range r.found {
		if t.faulty || filepath.Dir(t.position.Filename) != f.dir {
			continue
		}
		if !take(t, func(was pastTask) bool { return was.file == outputName(t.position.Filename) }) {
			moved = append(moved, t)
		}
	}
	for _, t := range moved { // to another file, or it is new
		if !take(t, func(was pastTask) bool { return isTestFile(was.file) == isTestFile(t.position.Filename) }) {
			fresh = append(fresh, t)
		}
	}
	return append(found, r.renamed(fresh, past)...)
}

func isTestFile(name string) bool { return strings.HasSuffix(name, "_test.go") }

const (
	runsTwice = "a task that was executed before the deploy and is retried after it would not be found, and run again"
	waysOut   = "keep it as it was, or start afresh with version=%d, or, if you have read this and it may be, run idemgen -accept"
)

// compareSchemas reports what differs between a task and what was said of it.
func (r *run) compareSchemas(t foundTask, was schema) []Diagnostic {
	now := t.plan.Schema
	if now.Version > was.Version {
		return nil // a new key space, on purpose
	}
	ways := fmt.Sprintf(waysOut, max(was.Version, 1)+1)
	var found []Diagnostic
	if was.key() != now.key() {
		found = append(found, problemAt(r.position(t.annotation.at("key")), codeKeysChange,
			"the keys of %s change, from %s to %s: %s; %s", t.plan.TypeName, was.key(), now.key(), runsTwice, ways))
	}
	if why := unreadableResult(was.Result, now.Result); why != "" {
		found = append(found, problemAt(t.position, codeResultsChange,
			"stored results of %s cannot be read back: %s; a duplicate of a task that was executed before the deploy would not get its result; %s", t.plan.TypeName, why, ways))
	}
	return found
}

// renamed reports a task that has the key of one that is gone, if it is plain
// which.
func (r *run) renamed(fresh []foundTask, gone []pastTask) []Diagnostic {
	if len(fresh) != 1 || len(gone) != 1 {
		return nil
	}
	t, was, now := fresh[0], gone[0], fresh[0].plan.Schema
	if was.Parts != now.Parts || was.Name == now.Name {
		return nil
	}
	return []Diagnostic{problemAt(
		t.position, codeKeysChange,
		"the keys of %s change, from %s to %s, if it is %s renamed: %s; write name=%s to keep them, or, if it is another task, run idemgen -accept",
		t.plan.TypeName, was.key(), now.key(), was.Type, runsTwice, was.ownName(),
	)}
}

func (r *run) position(pos token.Pos) token.Position {
	return r.sources.fset.PositionFor(pos, false)
}
