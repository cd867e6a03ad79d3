package generator

import (
	"fmt"
	"strings"
)

// A stored is the shape of a stored value, read back from its text.
type stored struct {
	kind   string // string, int, …; "[]", "map" or "{}" for what holds others
	names  []string
	fields map[string]stored
	elem   *stored
}

// parseStored reads what a shaper wrote, and returns the rest of the text.
func parseStored(text string) (stored, string) {
	switch {
	case strings.HasPrefix(text, "[") || strings.HasPrefix(text, "map["):
		kind, rest, _ := strings.Cut(text, "[")
		elem, rest := parseStored(rest)
		return stored{kind: kind + "[]", elem: &elem}, strings.TrimPrefix(rest, "]")
	case strings.HasPrefix(text, "{"):
		s := stored{kind: "{}", fields: map[string]stored{}}
		rest := text[1:]
		for rest != "" && rest[0] != '}' {
			name, after, _ := strings.Cut(rest, " ")
			s.fields[name], rest = parseStored(after)
			s.names = append(s.names, name)
			rest = strings.TrimPrefix(rest, ", ")
		}
		return s, strings.TrimPrefix(rest, "}")
	}
	end := strings.IndexAny(text, ",}]")
	if end < 0 {
		end = len(text)
	}
	return stored{kind: text[:end]}, text[end:]
}

// unreadable returns why what was stored cannot be read back as what is stored
// now, or "". More fields are no harm, and neither are fewer; but one that goes
// while another of its kind comes has been renamed, and would come back empty.
func (s stored) unreadable(now stored, path string) string {
	if known := func(kind string) bool { return kind != "?" && kind != "..." }; !known(s.kind) || !known(now.kind) || now.kind == "any" {
		return ""
	}
	switch {
	case s.kind == "int" && now.kind == "float", isText(s.kind) && now.kind == "string":
		return ""
	case s.kind != now.kind:
		return fmt.Sprintf("%s is stored as %s, and would be read as %s", named(path), s.kind, now.kind)
	case s.elem != nil:
		return s.elem.unreadable(*now.elem, path+"[]")
	}
	for _, name := range s.names {
		below := strings.TrimPrefix(path+"."+name, ".")
		if field, kept := now.fields[name]; kept {
			if why := s.fields[name].unreadable(field, below); why != "" {
				return why
			}
			continue
		}
		for _, other := range now.names {
			if _, before := s.fields[other]; !before && now.fields[other].kind == s.fields[name].kind {
				return fmt.Sprintf("%s is stored under that name, and %s, where it would be read, would be empty", below, other)
			}
		}
	}
	return ""
}

func isText(kind string) bool { return kind == "text" || kind == "bytes" || kind == "string" }

func named(path string) string {
	switch {
	case path == "":
		return "the result"
	case path[0] == '[':
		return "result" + path
	}
	return path
}

// unreadableResult compares the schemas of two results.
func unreadableResult(old, now string) string {
	oldCodec, oldShape, _ := strings.Cut(old, " ")
	codec, shape, _ := strings.Cut(now, " ")
	if old == "" || now == "" {
		return "" // a record without a value is told as one
	}
	if oldCodec != codec {
		return fmt.Sprintf("the result is stored by codec %s, and would be read by %s", oldCodec, codec)
	}
	before, _ := parseStored(oldShape)
	after, _ := parseStored(shape)
	return before.unreadable(after, "")
}
