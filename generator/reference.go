package generator

import (
	"fmt"
	"strings"
)

// A keyableKind is one rule of what can be part of a key, with an example.
type keyableKind struct {
	Kind    string
	Value   string // a Go expression
	Encoded string // its part of the key
}

// keyableKinds are the rules in their order: the first that fits counts.
var keyableKinds = []keyableKind{
	{"`time.Time`: in UTC, to the nanosecond", "`time.Date(2026, 1, 2, 4, 4, 5, 0, cet)`", "`2026-01-02T03%3A04%3A05Z`"},
	{"`time.Duration`", "`90 * time.Minute`", "`1h30m0s`"},
	{"anything with `MarshalText`, also where an embedded type promotes it", "`netip.MustParseAddr(\"192.0.2.1\")`", "`192.0.2.1`"},
	{"strings, and named types of them", "`\"a:b c\"`", "`a%3Ab%20c`"},
	{"booleans", "`true`", "`true`"},
	{"signed integers", "`-42`", "`-42`"},
	{"unsigned integers", "`uint8(255)`", "`255`"},
	{"floats, written as JavaScript does; NaN is an error at run time", "`0.1`", "`0.1`"},
	{"byte arrays and slices", "`[4]byte{0xde, 0xad, 0xbe, 0xef}`", "`deadbeef`"},
	{"pointers to these", "`&seven`", "`7`"},
	{"a nil pointer, also one on the way to the field", "`(*int)(nil)`", "`%nil`"},
	{"slices of these", "`[]string{\"a\", \"b,c\", \"\"}`", "`[a,b%2Cc,%empty]`"},
	{"arrays of these", "`[2]int{1, 2}`", "`[1,2]`"},
	{"structs of these: every field, but blank ones and those tagged `idem:\"-\"`", "`Line{SKU: \"A1\", Count: 2}`", "`[A1,2]`"},
	{"`hash(a,b)`: the first 32 hex digits of a SHA-256, as `idem.HashKey` gives them", "`\"u1\"`, `7`", "`c197786025fdfa5e8603a8af45239ab6`"},
	{"a quoted constant", "`\"nightly report\"`", "`nightly%20report`"},
}

// notKeyableKinds are the kinds that no rule fits.
var notKeyableKinds = [][2]string{
	{"interfaces", "two values of different types could have one text: write a method that returns what identifies the value"},
	{"maps", "they have no order: write a method that returns what matters in a fixed order"},
	{"funcs and channels", "they are no data: tag the field `idem:\"-\"`"},
	{"complex numbers", "write a method that returns two floats"},
	{"structs with unexported fields of another package", "select the fields that matter, or write a method"},
	{"types that contain themselves", "their keys would have no end: select the fields that matter"},
	{"type parameters whose constraint mixes kinds", "constrain them to one kind, as `~string`"},
}

// AnnotationHelp returns the text of `idemgen help annotations`.
func AnnotationHelp() string {
	var b strings.Builder
	b.WriteString("A task is a struct type with a directive directly above it:\n\n")
	b.WriteString("\t//idem:task key=OrderID ttl=24h on-duplicate=skip\n\ttype ProcessPayment struct { OrderID, Amount int }\n\n")
	b.WriteString("Options:\n\n")
	for _, o := range options {
		name := o.Name + "=…"
		if o.Flag {
			name = o.Name
		}
		fmt.Fprintf(&b, "  %s\n", name)
		for _, line := range fold(plain(sentence(o.Meaning))) {
			fmt.Fprintf(&b, "      %s\n", line)
		}
		for _, line := range fold(plain(o.Values) + "; default: " + plain(o.Default)) {
			fmt.Fprintf(&b, "      %s\n", line)
		}
	}
	b.WriteString("\n")
	for _, s := range prose {
		fmt.Fprintf(&b, "%s:\n\n", s.title)
		for _, line := range s.lines {
			for i, folded := range fold(plain(line)) {
				b.WriteString(map[bool]string{true: "  - ", false: "    "}[i == 0] + folded + "\n")
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("What can be part of a key, and how it is written; the first that fits counts:\n\n")
	for _, k := range keyableKinds {
		for i, line := range fold(plain(k.Kind)) {
			b.WriteString(map[bool]string{true: "  - ", false: "    "}[i == 0] + line + "\n")
		}
		fmt.Fprintf(&b, "      %s gives %s\n", plain(k.Value), plain(k.Encoded))
	}
	b.WriteString("\nWhat cannot, and what to do instead:\n\n")
	for _, k := range notKeyableKinds {
		for i, line := range fold(plain(k[0] + ": " + k[1])) {
			b.WriteString(map[bool]string{true: "  - ", false: "    "}[i == 0] + line + "\n")
		}
	}
	return b.String()
}

// AnnotationReference returns docs/annotations.md.
func AnnotationReference() string {
	var b strings.Builder
	b.WriteString("<!-- Generated from the table in generator/options.go by `go test ./generator -update`; do not edit. -->\n\n")
	b.WriteString("# Annotations\n\nA task is a struct type with a directive directly above it, in Go's own form for directives:\n\n")
	b.WriteString("```go\n//idem:task key=OrderID ttl=24h on-duplicate=skip\ntype ProcessPayment struct {\n\tOrderID, Amount int\n}\n```\n\n")
	b.WriteString("## Options\n\n| option | values | default | meaning |\n|---|---|---|---|\n")
	for _, o := range options {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", o.Name, o.Values, o.Default, o.Meaning)
	}
	b.WriteString("\n")
	for _, s := range prose {
		fmt.Fprintf(&b, "## %s\n\n", s.title)
		for _, line := range s.lines {
			fmt.Fprintf(&b, "- %s\n", sentence(line))
		}
		b.WriteString("\n")
	}
	b.WriteString("## What can be part of a key\n\nThe first rule that fits counts. A key is\n`<prefix>:<name>[@v<version>]:<part>[:<part>…]`; the right column is one part of it.\n\n")
	b.WriteString("| kind | value | written |\n|---|---|---|\n")
	for _, k := range keyableKinds {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", k.Kind, k.Value, k.Encoded)
	}
	b.WriteString("\nWhat is not keyable, and what to do instead:\n\n")
	for _, k := range notKeyableKinds {
		fmt.Fprintf(&b, "- %s: %s\n", k[0], k[1])
	}
	return b.String()
}

// sentence starts text with a capital and ends it with a full stop.
func sentence(s string) string {
	s = capital(s)
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// fold breaks text into lines that leave room for an indent on a terminal.
func fold(s string) []string {
	const width = 74
	var lines []string
	for word := range strings.FieldsSeq(s) {
		last := len(lines) - 1
		if last < 0 || len([]rune(lines[last]))+1+len([]rune(word)) > width {
			lines = append(lines, word)
		} else {
			lines[last] += " " + word
		}
	}
	return lines
}
