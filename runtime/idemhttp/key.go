package idemhttp

import (
	"errors"
	"fmt"
	"strings"
)

// parseKey reads the value of an Idempotency-Key header. It may be a string of
// RFC 9651, as the draft has it, or the same text bare, as many clients send it:
// visible ASCII without '"', '\', ',' and ';'. Both forms are one key.
func parseKey(value string, limit int) (string, error) {
	value = strings.Trim(value, " \t")
	if value == "" {
		return "", errors.New("it is empty")
	}
	var key string
	var err error
	if value[0] == '"' {
		key, err = parseString(value)
	} else {
		key, err = value, checkBare(value)
	}
	switch {
	case err != nil:
		return "", err
	case key == "":
		return "", errors.New("it is empty")
	case len(key) > limit:
		return "", fmt.Errorf("it has %d characters, and at most %d are allowed", len(key), limit)
	}
	return key, nil
}

// parseString reads an sf-string (RFC 9651, 4.2.5) that is all of value: the draft
// defines no parameters.
func parseString(value string) (string, error) {
	var b strings.Builder
	for i := 1; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '"' && i == len(value)-1:
			return b.String(), nil
		case c == '"':
			return "", errors.New("something follows the closing quote")
		case c == '\\':
			if i++; i == len(value) || value[i] != '"' && value[i] != '\\' {
				return "", errors.New(`a '\' in a quoted key stands before '"' or '\' only`)
			}
			c = value[i]
		case c < ' ' || c > '~':
			return "", errNotASCII
		}
		b.WriteByte(c)
	}
	return "", errors.New("the closing quote is missing")
}

var errNotASCII = errors.New("it has a character that is not printable ASCII")

func checkBare(value string) error {
	for i := range len(value) {
		switch c := value[i]; {
		case c < ' ' || c > '~':
			return errNotASCII
		case strings.IndexByte(` "\,;`, c) >= 0:
			return fmt.Errorf("a key with %q in it must be quoted, and there must be only one", c)
		}
	}
	return nil
}
