package generator

import (
	"go/token"
	"strconv"
	"strings"
)

// A selector is one part of a key as the directive states it: a field, a
// method's result, a hash of such, or a constant.
type selector struct {
	Text     string   // as written, without spaces
	Path     []string // the names of a field or method
	Call     bool     // the last name is a method's
	Hash     []selector
	Constant string // if none of the others is set

	offset int       // in the option's value
	pos    token.Pos // in the file, set by the reader of the directive
}

// parseKey reads the value of the key option.
func parseKey(value string, bad badFunc) []selector {
	if strings.ContainsAny(value[:1], "\"`'") {
		constant, err := strconv.Unquote(value)
		if err != nil || value[0] == '\'' {
			bad(0, codeSelector, "%s is not a quoted constant: write key=\"nightly-report\", or with spaces the whole argument in backquotes: `key=\"nightly report\"`", value)
			return nil
		}
		if constant == "" {
			bad(0, codeSelector, "the constant is empty: a key must say what the task is")
			return nil
		}
		return []selector{{Text: value, Constant: constant}}
	}
	return parseSelectors(value, 0, true, bad)
}

// parseMatch reads the value of the match option.
func parseMatch(value string, bad badFunc) []selector {
	return parseSelectors(value, 0, false, bad)
}

// parseSelectors reads selectors parted by commas; offset is where value starts
// in the option's value.
func parseSelectors(value string, offset int, hashes bool, bad badFunc) []selector {
	var selectors []selector
	seen := map[string]bool{}
	for _, piece := range splitList(value) {
		at := offset + piece.offset
		s, ok := parseSelector(piece.text, at, hashes, bad)
		if !ok {
			continue
		}
		if seen[s.Text] {
			bad(at, codeListedTwice, "%s is listed twice: write it once", s.Text)
			continue
		}
		seen[s.Text] = true
		s.offset = at
		selectors = append(selectors, s)
	}
	return selectors
}

// parseSelector reads one selector.
func parseSelector(s string, at int, hashes bool, bad badFunc) (selector, bool) {
	switch {
	case s == "":
		bad(at, codeSelector, "a selector is missing: write fields parted by single commas, as OrderID,Customer.ID")
		return selector{}, false
	case strings.HasPrefix(s, "hash("):
		if !hashes {
			bad(at, codeSelector, "hash(…) is for keys: list the fields themselves")
			return selector{}, false
		}
		return parseHash(s, at, bad)
	case strings.ContainsAny(s[:1], "\"`'"):
		bad(at, codeSelector, "a constant cannot be mixed with selectors: every key of this task already starts with its name")
		return selector{}, false
	}
	path, call := strings.CutSuffix(s, "()")
	names := strings.Split(path, ".")
	for _, name := range names {
		if token.IsIdentifier(name) && name != "_" {
			continue
		}
		if open := strings.IndexByte(s, '('); open > 0 && !strings.HasSuffix(s, "()") {
			bad(at+open, codeSelector, "%q is not a selector: a method is written as %s() and takes no arguments", s, s[:open])
		} else {
			bad(at, codeSelector, "%q is not a selector: write Field, Field.Sub or Method()", s)
		}
		return selector{}, false
	}
	return selector{Text: s, Path: names, Call: call}, true
}

// parseHash reads hash(a,b,…).
func parseHash(s string, at int, bad badFunc) (selector, bool) {
	inner, closed := strings.CutSuffix(s[len("hash("):], ")")
	switch {
	case !closed:
		bad(at, codeSelector, "%q is not closed: write hash(a,b)", s)
		return selector{}, false
	case strings.TrimSpace(inner) == "":
		bad(at, codeSelector, "hash() needs the fields to hash: write hash(a,b)")
		return selector{}, false
	case strings.Contains(inner, "hash("):
		bad(at+strings.LastIndex(s, "hash("), codeSelector, "a hash cannot contain a hash: list the fields in one")
		return selector{}, false
	}
	failed := false
	values := parseSelectors(inner, at+len("hash("), false, func(offset int, c code, format string, args ...any) {
		failed = true
		bad(offset, c, format, args...)
	})
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = v.Text
	}
	return selector{Text: "hash(" + strings.Join(texts, ",") + ")", Hash: values}, !failed
}

// piece is one element of a list and where it starts.
type piece struct {
	text   string
	offset int
}

// splitList splits at the commas outside parentheses and drops the spaces
// around each element.
func splitList(s string) []piece {
	var pieces []piece
	depth, start := 0, 0
	add := func(end int) {
		element := s[start:end]
		trimmed := strings.TrimLeft(element, " \t")
		pieces = append(pieces, piece{strings.TrimSpace(element), start + len(element) - len(trimmed)})
		start = end + 1
	}
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		case ',':
			if depth <= 0 {
				add(i)
			}
		}
	}
	add(len(s))
	return pieces
}
