package generator

import (
	"fmt"
	"go/token"
	"go/types"
	"strings"
)

// Code is a piece of Go text, a type or an expression, in which the names of
// other packages are kept apart so that the printer can import them.
type Code []Token

// A Token is plain text, or, if Path is set, the name Text of package Path.
type Token struct {
	Path, Text string
}

// text returns plain text as code.
func text(format string, args ...any) Code {
	return Code{{Text: fmt.Sprintf(format, args...)}}
}

// qualified returns a name of another package as code.
func qualified(path, name string) Code {
	return Code{{Path: path, Text: name}}
}

// join returns the pieces, strings or Code, as one.
func join(pieces ...any) Code {
	var code Code
	for _, piece := range pieces {
		switch piece := piece.(type) {
		case string:
			code = append(code, Token{Text: piece})
		case Code:
			code = append(code, piece...)
		default:
			panic(fmt.Sprintf("generator: join of a %T", piece))
		}
	}
	return code
}

// String returns the code with the packages' full paths, as for a reader who
// sees no imports.
func (c Code) String() string {
	var b strings.Builder
	for _, t := range c {
		if t.Path != "" {
			b.WriteString(t.Path + ".")
		}
		b.WriteString(t.Text)
	}
	return b.String()
}

// typeCode writes a type as a file of package local names it, and notes the
// names of the packages that it mentions in imported.
func typeCode(t types.Type, local *types.Package, imported map[string]string) Code {
	const mark = "\x00" // in no identifier, path or quoted tag
	s := types.TypeString(t, func(p *types.Package) string {
		if p.Path() == local.Path() {
			return ""
		}
		imported[p.Path()] = p.Name()
		return mark + p.Path() + mark
	})
	var code Code
	for {
		before, rest, found := strings.Cut(s, mark)
		if before != "" {
			code = append(code, Token{Text: before})
		}
		if !found {
			return code
		}
		path, rest, _ := strings.Cut(rest, mark)
		rest = rest[len("."):]
		end := 0
		for i, r := range rest {
			if !token.IsIdentifier("a" + string(r)) {
				break
			}
			end = i + len(string(r))
		}
		code = append(code, Token{Path: path, Text: rest[:end]})
		s = rest[end:]
	}
}
