package idem

import (
	"unicode"
	"unicode/utf8"
)

const upperHex = "0123456789ABCDEF"

// appendEscaped appends s so that it can stand between two colons: ':', '%',
// braces (which choose a Cluster slot), space, control characters (which can
// break a terminal, C1 included) and bytes that are not UTF-8 become %XX each.
// In a list, the characters that build lists do too.
func appendEscaped(dst []byte, s string, inList bool) []byte {
	plain := 0 // s[plain:i] needs no escape
	for i := 0; i < len(s); {
		size := 1
		if c := s[i]; c < utf8.RuneSelf {
			if !escapedASCII(c, inList) {
				i++
				continue
			}
		} else {
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			if (r != utf8.RuneError || size > 1) && !unicode.IsControl(r) {
				i += size
				continue
			}
		}
		dst = append(dst, s[plain:i]...)
		for _, c := range []byte(s[i : i+size]) {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
		i += size
		plain = i
	}
	return append(dst, s[plain:]...)
}

func escapedASCII(c byte, inList bool) bool {
	switch c {
	case ':', '%', '{', '}', ' ', 0x7F:
		return true
	case ',', '[', ']':
		return inList
	}
	return c < ' '
}
