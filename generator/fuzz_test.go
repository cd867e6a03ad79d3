package generator

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// Whatever a directive says, it is understood or reported inside the comment.
func FuzzDirectivesAreUnderstoodOrReported(f *testing.F) {
	for _, args := range []string{
		"key=OrderID ttl=24h", `key="a b"`, "`key=\"a b\"` // c", "key=hash(a,b),C.D,E()", "key=", "=", "key = x", "key=a, b",
		`"key=A"`, "key=hash(", "match=all key=)", "ttl=1w2d", "// key", "`", "\"", "version=1 name=a.b prefix={",
	} {
		f.Add(args)
	}
	f.Fuzz(func(t *testing.T, args string) {
		source := "package p\n\n//idem:task " + args + "\ntype T struct{ OrderID int }\n"
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "p.go", source, parser.ParseComments)
		if err != nil || len(file.Comments) != 1 || len(file.Comments[0].List) != 1 {
			return
		}
		r := &reporter{fset: fset}
		c := file.Comments[0].List[0]
		d, ok := ast.ParseDirective(c.Slash, c.Text)
		if !ok {
			return
		}
		a := parseAnnotation(r, c, d)
		for _, found := range r.found {
			if found.Pos < c.Pos() || found.Pos > c.End() {
				t.Fatalf("%q: %s: outside of the comment", args, found.Format(""))
			}
		}
		if len(r.found) == 0 && len(a.Key) == 0 {
			t.Fatalf("%q: no key, and nothing reported", args)
		}
	})
}

// Whatever a comment above a struct is, it is a directive, or reported, or nothing
// that could be taken for one. What is reported stands inside of it.
func FuzzCommentsAreDirectivesOrReported(f *testing.F) {
	for _, comment := range []string{
		"//idem:task key=OrderID", "// idem:task key=OrderID", "//idem:Task", "//idem:lossy", "//idem:lossy why", "//idem:direct",
		"//idemgen:task key=A", "/*idem:task key=A*/", "/*\n * idem:task key=A\n*/", "//idem:tasks", "//idem:task\n//idem:task", "//IDEM:TASK",
	} {
		f.Add(comment)
	}
	f.Fuzz(func(t *testing.T, comment string) {
		source := "package p\n\n" + comment + "\ntype T struct{ OrderID int }\n"
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, "p.go", source, parser.ParseComments)
		if err != nil || len(file.Decls) != 1 || len(file.Comments) != 1 {
			return
		}
		r := &reporter{fset: fset}
		declarations := readDirectives(r, file)
		for _, found := range r.found {
			if found.Pos < file.Comments[0].Pos() || found.Pos > file.Comments[0].End() {
				t.Fatalf("%q: %s: outside of the comment", comment, found.Format(""))
			}
			if found.Code == "" {
				t.Fatalf("%q: %s: has no code", comment, found.Format(""))
			}
		}
		if strings.HasPrefix(comment, "//idem:task ") && len(declarations)+len(r.found) == 0 {
			t.Fatalf("%q: neither read nor reported", comment)
		}
	})
}

// A generated file may be damaged by hand or by a merge: what it says of the past
// is read, whatever it is.
func FuzzSchemasAreReadWhateverTheyAre(f *testing.F) {
	for _, text := range []string{
		"//idem:schema Pay key=billing.Pay@v2(OrderID int, Tenant string)\n//idem:schema Pay result=json {id string, lines [{n int}]}",
		"//idem:schema Pay result=json [", "//idem:schema Pay key=@v", "//idem:schema Pay result=json {a {b ]}", "//idem:schema  =",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range readSchemas([]byte(text)) {
			if why := unreadableResult(s.Result, s.Result); why != "" {
				t.Fatalf("%q is not readable as itself: %s", s.Result, why)
			}
			_ = unreadableResult(s.Result, "json {id string}")
			if s.Version >= 0 && len(s.comments()) == 0 {
				t.Fatal("nothing is left of it")
			}
		}
	})
}
