package generator

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// blankBodies overwrites the bodies of a file's functions with spaces, so that
// parsing it takes a fraction of the time. Lines stay where they are. Where the
// text is not regular, it stays as it is.
func blankBodies(src []byte) {
	s := bodyScanner{src: src}
	if !s.scan() {
		return
	}
	for _, b := range s.bodies {
		for i := b[0]; i < b[1]; i++ {
			if src[i] != '\n' {
				src[i] = ' '
			}
		}
	}
}

// A bodyScanner goes through a file's text once, without knowing more of Go than
// its comments, literals and brackets.
type bodyScanner struct {
	src    []byte
	at     int
	open   []byte   // the brackets around at
	bodies [][2]int // where bodies start and end, less their braces

	header bool // at is behind a func at the start of a line, outside of brackets
	body   int  // where the body around at starts; 0 for none
	last   int  // where the last token outside of brackets ends
	word   []byte
}

// scan finds the bodies, or reports that the text is not regular.
func (s *bodyScanner) scan() bool {
	for s.at < len(s.src) {
		if !s.token() {
			return false
		}
	}
	return len(s.open) == 0
}

// token passes one token, comment or space.
func (s *bodyScanner) token() bool {
	start := s.at
	c := s.src[start]
	s.at++
	switch {
	case c == '\n':
		s.newline()
		return true
	case c == ' ', c == '\t', c == '\r':
		return true
	case c == '/' && bytes.HasPrefix(s.src[s.at:], []byte("/")):
		return s.to("\n", 0)
	case c == '/' && bytes.HasPrefix(s.src[s.at:], []byte("*")):
		s.at++
		return s.to("*/", 2)
	case c == '`':
		return s.to("`", 1)
	case c == '"', c == '\'':
		return s.quoted(c)
	case isLetter(c):
		for s.at < len(s.src) && isLetter(s.src[s.at]) {
			s.at++
		}
		if len(s.open) > 0 {
			return true
		}
		s.word = s.src[start:s.at]
		if string(s.word) == "func" && (start == 0 || s.src[start-1] == '\n') {
			s.header = true
		}
	case c == '(', c == '[', c == '{':
		if c == '{' && s.header && len(s.open) == 0 && !s.isType() {
			s.header, s.body = false, s.at
		}
		s.open = append(s.open, c)
		return true
	case c == ')', c == ']', c == '}':
		return s.closing(c)
	default:
		s.word = nil
	}
	s.last = s.at
	return true
}

// closing passes a closing bracket.
func (s *bodyScanner) closing(c byte) bool {
	n := len(s.open) - 1
	if n < 0 || strings.IndexByte("([{", s.open[n]) != strings.IndexByte(")]}", c) {
		return false
	}
	s.open = s.open[:n]
	if n > 0 {
		return true
	}
	if s.body > 0 {
		s.bodies = append(s.bodies, [2]int{s.body, s.at - 1})
		s.body = 0
	}
	s.word, s.last = nil, s.at
	return true
}

// isType reports whether a brace belongs to a type in a func's header.
func (s *bodyScanner) isType() bool {
	return string(s.word) == "struct" || string(s.word) == "interface"
}

// newline ends a func that has no body, as one in assembler.
func (s *bodyScanner) newline() {
	if len(s.open) > 0 || !s.header {
		return
	}
	if end := s.src[s.last-1]; isLetter(end) || end == ')' || end == ']' || end == '}' {
		s.header = false
	}
}

// to goes behind the next occurrence of an end, less what it leaves of that.
func (s *bodyScanner) to(end string, length int) bool {
	n := bytes.Index(s.src[s.at:], []byte(end))
	if n < 0 {
		s.at = len(s.src)
		return length == 0
	}
	s.at += n + length
	return true
}

// quoted goes behind a literal that one line holds.
func (s *bodyScanner) quoted(quote byte) bool {
	for s.at < len(s.src) {
		switch c := s.src[s.at]; c {
		case quote:
			s.at++
			s.word, s.last = nil, s.at
			return true
		case '\\':
			s.at++
		case '\n':
			return false
		}
		s.at++
	}
	return false
}

func isLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c >= utf8.RuneSelf
}
