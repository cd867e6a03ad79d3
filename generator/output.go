package generator

import (
	"go/ast"
	"go/build/constraint"
	"path/filepath"
	"slices"
	"strings"
)

// outputName returns the file that is generated from a source file.
func outputName(source string) string {
	base := strings.TrimSuffix(source, ".go")
	if base, isTest := strings.CutSuffix(base, "_test"); isTest {
		return base + "_idem_test.go"
	}
	return base + "_idem.go"
}

// sourceName returns the file from which a generated file was generated.
func sourceName(generated string) string {
	if base, isTest := strings.CutSuffix(generated, "_idem_test.go"); isTest {
		return base + "_test.go"
	}
	return strings.TrimSuffix(generated, "_idem.go") + ".go"
}

// buildConstraint returns the constraint under which a source file is compiled:
// that of its //go:build line, and those that the generated file does not have by
// itself, of the source's name and of cgo.
func buildConstraint(f viewFile) string {
	var all constraint.Expr
	add := func(x constraint.Expr) {
		if all == nil {
			all = x
		} else {
			all = &constraint.AndExpr{X: all, Y: x}
		}
	}
	for _, tag := range nameConstraints(filepath.Base(f.name)) {
		add(&constraint.TagExpr{Tag: tag})
	}
	if f.cgo {
		add(&constraint.TagExpr{Tag: "cgo"})
	}
	implied := all
	for _, group := range f.syntax.Comments {
		if group.Pos() > f.syntax.Package {
			break
		}
		for _, c := range group.List {
			if !constraint.IsGoBuild(c.Text) {
				continue
			}
			if x, err := constraint.Parse(c.Text); err == nil && (implied == nil || x.String() != implied.String()) {
				add(x)
			}
		}
	}
	if all == nil {
		return ""
	}
	return all.String()
}

// importsC reports whether a file is compiled only where cgo is.
func importsC(syntax *ast.File) bool {
	return slices.ContainsFunc(syntax.Imports, func(spec *ast.ImportSpec) bool { return importPath(spec) == "C" })
}

// nameConstraints returns the tags that a file name stands for, as the go
// command reads it, up to the first dot: name_GOOS_GOARCH.go, name_GOOS.go or
// name_GOARCH.go, with or without _test.
func nameConstraints(base string) []string {
	base, _, _ = strings.Cut(base, ".")
	base = strings.TrimSuffix(base, "_test")
	words := strings.Split(base, "_")
	if len(words) < 2 {
		return nil
	}
	words = words[1:] // linux.go is no constraint
	last := words[len(words)-1]
	switch {
	case len(words) > 1 && knownOS[words[len(words)-2]] && knownArch[last]:
		return words[len(words)-2:]
	case knownOS[last], knownArch[last]:
		return []string{last}
	}
	return nil
}

// knownOS and knownArch are the names that the go command knows in file names,
// from its internal/syslist.
var (
	knownOS = set("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos")

	knownArch = set("386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm")
)

func set(words string) map[string]bool {
	all := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		all[word] = true
	}
	return all
}
