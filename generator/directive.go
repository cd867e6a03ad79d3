package generator

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

// A declaration is an annotated type.
type declaration struct {
	spec       *ast.TypeSpec
	annotation *annotation
}

// readDirectives returns the annotated types of a file in the order of their
// source, and reports everything that looks like a directive and is none.
func readDirectives(r *reporter, file *ast.File) []declaration {
	docs := typeDocs(file)
	var found []declaration
	last := map[*ast.TypeSpec]token.Pos{}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if !strings.HasPrefix(c.Text, "//") {
				if group != file.Doc {
					reportBlockComment(r, c)
				}
				continue
			}
			d, ok := ast.ParseDirective(c.Slash, c.Text)
			if !ok || d.Tool != "idem" {
				reportLookAlike(r, c)
				continue
			}
			if d.Name == "lossy" {
				reportLossy(r, file, c, d)
				continue
			}
			if d.Name != "task" {
				reportUnknownDirective(r, c, d)
				continue
			}
			spec, ok := docs[c]
			if !ok {
				r.at(c.Slash, codeMisplaced, "%s", misplaced(r, file, c))
				continue
			}
			if first, again := last[spec]; again {
				r.at(c.Slash, codeTwoTasks, "type %s already has a directive, at %s: one type is one task, so remove one of the two", spec.Name.Name, r.position(first))
				continue
			}
			last[spec] = c.Slash
			found = append(found, declaration{spec, parseAnnotation(r, c, d)})
		}
	}
	return found
}

// typeDocs maps each comment in a doc comment of a package-level type to it.
func typeDocs(file *ast.File) map[*ast.Comment]*ast.TypeSpec {
	docs := map[*ast.Comment]*ast.TypeSpec{}
	add := func(group *ast.CommentGroup, spec *ast.TypeSpec) {
		if group != nil {
			for _, c := range group.List {
				docs[c] = spec
			}
		}
	}
	for _, decl := range file.Decls {
		decl, ok := decl.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			continue
		}
		for _, spec := range decl.Specs {
			spec := spec.(*ast.TypeSpec)
			add(spec.Doc, spec)
			if !decl.Lparen.IsValid() {
				add(decl.Doc, spec)
			}
		}
	}
	return docs
}

var (
	lookAlike    = regexp.MustCompile(`(?i)^//[ \t]*(idem|idemgen)[ \t]*:[ \t]*task\b`)
	inBlock      = regexp.MustCompile(`(?im)^(?:/\*)?[ \t*]*(?://)?[ \t]*(idem:task)\b`)
	goodExample  = "//idem:task key=OrderID"
	notDirective = "is not a directive: write " + goodExample + ", without spaces before or around the colon and in lower case"
)

// reportLookAlike reports a line comment that was meant as a directive.
func reportLookAlike(r *reporter, c *ast.Comment) {
	if text := lookAlike.FindString(c.Text); text != "" {
		r.at(c.Slash, codeLookAlike, "%q %s", text, notDirective)
	}
}

// reportBlockComment reports a directive inside /* … */.
func reportBlockComment(r *reporter, c *ast.Comment) {
	for _, at := range inBlock.FindAllStringSubmatchIndex(c.Text, -1) {
		r.at(inBlockPos(r.fset, c, at[2]), codeLookAlike, "a directive inside a block comment is not read: write it as a line of its own, %s", goodExample)
	}
}

// inBlockPos returns where an offset in the text of a block comment is in the
// file, whose carriage returns that text lacks.
func inBlockPos(fset *token.FileSet, c *ast.Comment, offset int) token.Pos {
	before := c.Text[:offset]
	lines := strings.Count(before, "\n")
	if lines == 0 {
		return c.Slash + token.Pos(offset)
	}
	first := fset.PositionFor(c.Slash, false).Line
	return fset.File(c.Slash).LineStart(first+lines) + token.Pos(offset-strings.LastIndexByte(before, '\n')-1)
}

// reportUnknownDirective reports an //idem: directive that is not task. What
// //idem:direct says is for go vet.
func reportUnknownDirective(r *reporter, c *ast.Comment, d ast.Directive) {
	if d.Name == "direct" {
		return
	}
	if strings.EqualFold(d.Name, "task") || lookAlike.MatchString(c.Text) {
		r.at(c.Slash, codeLookAlike, "%q %s", "//idem:"+d.Name, notDirective)
		return
	}
	r.at(c.Slash, codeLookAlike, "//idem:%s is not a directive of idemgen%s", d.Name, didYouMean(d.Name, []string{"task", "direct", "lossy"}))
}

// misplaced says why a directive that is no type's doc comment is not read.
func misplaced(r *reporter, file *ast.File, c *ast.Comment) string {
	const want = "a directive stands directly above a package-level struct type"
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if contains(decl.Doc, c) {
				return want + ", not above func " + decl.Name.Name
			}
			if within(decl, c) {
				return want + ", not inside func " + decl.Name.Name + ": move the type out of the function"
			}
		case *ast.GenDecl:
			if contains(decl.Doc, c) {
				if decl.Tok == token.TYPE {
					return want + ", not above a group: move it into the parentheses, above the type it means"
				}
				return want + ", not above " + decl.Tok.String()
			}
			if inLiteral(decl, c) {
				return want + ", not inside a func: move the type out of it"
			}
			if within(decl, c) || sameLine(r.fset, decl.End(), c.Slash) {
				return want + ": move it to the line above the type's name"
			}
		}
		if decl, ok := decl.(*ast.GenDecl); ok && decl.Pos() > c.End() && decl.Tok == token.TYPE {
			name := decl.Specs[0].(*ast.TypeSpec).Name.Name
			return want + ": remove what stands between it and type " + name + ", a blank line perhaps"
		}
		if decl.Pos() > c.End() {
			break
		}
	}
	return want + "; no type follows here"
}

// inLiteral reports whether a comment is in the body of a func without a name.
func inLiteral(decl ast.Decl, c *ast.Comment) bool {
	found := false
	ast.Inspect(decl, func(n ast.Node) bool {
		if literal, ok := n.(*ast.FuncLit); ok && within(literal.Body, c) {
			found = true
		}
		return !found
	})
	return found
}

func contains(group *ast.CommentGroup, c *ast.Comment) bool {
	return group != nil && group.Pos() <= c.Pos() && c.End() <= group.End()
}

func within(n ast.Node, c *ast.Comment) bool {
	return n.Pos() <= c.Pos() && c.Pos() < n.End()
}

func sameLine(fset *token.FileSet, a, b token.Pos) bool {
	return fset.PositionFor(a, false).Line == fset.PositionFor(b, false).Line
}
