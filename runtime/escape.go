package idem

import (
	"fmt"
	"strconv"
	"strings"
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

// unescape returns the text that appendEscaped has written.
func unescape(s string) (string, error) {
	if !strings.Contains(s, "%") {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if len(s) < i+3 {
			return "", fmt.Errorf("its %q is cut off", s[i:])
		}
		c, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if err != nil {
			return "", fmt.Errorf("its %q is no escape", s[i:i+3])
		}
		b.WriteByte(byte(c))
		i += 2
	}
	return b.String(), nil
}
