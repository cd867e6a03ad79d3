package generator

import (
	"go/ast"
	"go/token"
	"strings"
)

// A lossyReader finds //idem:lossy comments. It reads the lines around a field
// from its file, since packages that are only imported have no comments in their
// syntax trees, and as go vet sees them no syntax trees either.
type lossyReader struct {
	fset    *token.FileSet
	content func(name string) ([]byte, error)
	lines   map[string][]string // by file
}

// at reports whether the field or method at pos may lose what it holds: a comment
// beside it or above it says why.
func (l *lossyReader) at(pos token.Pos) bool {
	p := l.fset.PositionFor(pos, false)
	if strings.HasSuffix(p.Filename, ".cgo1.go") {
		p = l.fset.PositionFor(pos, true)
	}
	lines, known := l.lines[p.Filename]
	if !known {
		content, _ := l.content(p.Filename) // an unreadable file allows nothing
		lines = strings.Split(string(content), "\n")
		l.lines[p.Filename] = lines
	}
	if p.Line < 1 || p.Line > len(lines) {
		return false
	}
	if _, comment, found := strings.Cut(lines[p.Line-1], "//idem:lossy"); found && isReason(comment) {
		return true
	}
	for i := p.Line - 2; i >= 0; i-- {
		line := strings.TrimSpace(lines[i])
		if !strings.HasPrefix(line, "//") {
			break
		}
		if comment, found := strings.CutPrefix(line, "//idem:lossy"); found && isReason(comment) {
			return true
		}
	}
	return false
}

// isReason reports whether a directive's arguments say why.
func isReason(args string) bool {
	words := strings.TrimSpace(args)
	return words != args && words != "" && !strings.HasPrefix(words, "//")
}

// reportLossy reports an //idem:lossy that says nothing, or stands on nothing.
func reportLossy(r *reporter, file *ast.File, c *ast.Comment, d ast.Directive) {
	if !isReason(" " + d.Args) {
		r.at(c.Slash, codeLossy, "//idem:lossy needs a reason: write //idem:lossy why it does not matter that a duplicate does not get this")
		return
	}
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			found = found || contains(n.Doc, c) || contains(n.Comment, c)
		case *ast.FuncDecl:
			found = found || n.Recv != nil && contains(n.Doc, c)
		}
		return !found
	})
	if !found {
		r.at(c.Slash, codeLossy, "//idem:lossy stands on nothing: write it above a field of a result, or above the method that returns the result")
	}
}
