package idem

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	hashLen    = 32      // hex digits of a HashKey
	maxSafeInt = 1 << 53 // up to here every integer is a JavaScript number
	maxNesting = 1000    // levels of arrays and maps; a cyclic one has no end
)

var (
	errUnsafeInt   = errors.New("integers beyond 2^53 cannot be hashed: JavaScript has no such number; use a string")
	errNesting     = fmt.Errorf("values nested more than %d levels deep cannot be hashed: is one of them part of itself?", maxNesting)
	errInvalidUTF8 = errors.New("text that is not UTF-8 cannot be hashed: JSON has none")
)

// HashKey returns the first 32 hex digits of the SHA-256 of values written as
// one JSON array, byte for byte as ECMAScript's JSON.stringify writes strings,
// booleans, null, integers up to 2^53, finite doubles and arrays; maps with
// string keys are written with their keys sorted by UTF-16 code units, as
// JavaScript's sort and RFC 8785 do, save that keys which are array indices, such
// as "10", come first and by their number, as in every object of JavaScript. A
// service in another language that hashes the same array gets the same key.
//
// It panics on anything else; [HashKeyErr] returns the error instead.
func HashKey(values ...any) string {
	key, err := HashKeyErr(values...)
	if err != nil {
		panic(err)
	}
	return key
}

// HashKeyErr is [HashKey] for values that may be of a kind it refuses: structs,
// pointers, byte slices, funcs, larger integers, NaN, text that is not UTF-8.
func HashKeyErr(values ...any) (string, error) {
	buf := []byte{'['}
	for i, v := range values {
		if i > 0 {
			buf = append(buf, ',')
		}
		var err error
		if buf, err = appendJSON(buf, reflect.ValueOf(v), maxNesting); err != nil {
			return "", fmt.Errorf("idem: HashKey: value %d: %w", i+1, err)
		}
	}
	sum := sha256.Sum256(append(buf, ']'))
	return hex.EncodeToString(sum[:hashLen/2]), nil
}

// appendJSON writes v, which may contain nesting further levels.
func appendJSON(dst []byte, v reflect.Value, nesting int) ([]byte, error) {
	if nesting == 0 {
		return dst, errNesting
	}
	switch v.Kind() {
	case reflect.Invalid:
		return append(dst, "null"...), nil
	case reflect.String:
		return appendString(dst, v.String())
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if i := v.Int(); i > maxSafeInt || i < -maxSafeInt {
			return dst, errUnsafeInt
		}
		return strconv.AppendInt(dst, v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if v.Uint() > maxSafeInt {
			return dst, errUnsafeInt
		}
		return strconv.AppendUint(dst, v.Uint(), 10), nil
	case reflect.Float32, reflect.Float64:
		f := v.Float()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return dst, fmt.Errorf("%v cannot be hashed: JSON has no such number", f)
		}
		return appendNumber(dst, f, v.Type().Bits()), nil
	case reflect.Interface:
		return appendJSON(dst, v.Elem(), nesting-1)
	case reflect.Array, reflect.Slice:
		return appendArray(dst, v, nesting-1)
	case reflect.Map:
		return appendMap(dst, v, nesting-1)
	}
	return dst, fmt.Errorf("a %s cannot be hashed: pass its fields, or a text of it", v.Type())
}

func appendArray(dst []byte, v reflect.Value, nesting int) ([]byte, error) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return dst, fmt.Errorf("a %s cannot be hashed: pass it as text, in the same form in every language", v.Type())
	}
	if v.Kind() == reflect.Slice && v.IsNil() {
		return append(dst, "[]"...), nil
	}
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendJSON(dst, v.Index(i), nesting); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendMap(dst []byte, v reflect.Value, nesting int) ([]byte, error) {
	if v.Type().Key().Kind() != reflect.String {
		return dst, fmt.Errorf("a %s cannot be hashed: only maps with string keys can", v.Type())
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return compareKeys(a.String(), b.String()) })
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendString(dst, key.String()); err != nil {
			return dst, err
		}
		if dst, err = appendJSON(append(dst, ':'), v.MapIndex(key), nesting); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// compareKeys orders keys as a JavaScript object enumerates them that was filled
// in sorted order (ECMA-262, 10.1.11.1).
func compareKeys(a, b string) int {
	i, aIsIndex := arrayIndex(a)
	j, bIsIndex := arrayIndex(b)
	switch {
	case aIsIndex && bIsIndex:
		return cmp.Compare(i, j)
	case aIsIndex:
		return -1
	case bIsIndex:
		return 1
	}
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

// arrayIndex reads a canonical array index: an integer from 0 to 2^32-2.
func arrayIndex(s string) (uint64, bool) {
	i, err := strconv.ParseUint(s, 10, 32)
	return i, err == nil && i < math.MaxUint32 && strconv.FormatUint(i, 10) == s
}

// appendNumber writes a finite number as ECMAScript's Number::toString does
// (ECMA-262, 6.1.6.1.20).
func appendNumber(dst []byte, f float64, bits int) []byte {
	if f == 0 {
		return append(dst, '0') // minus zero too
	}
	abs, small, large := math.Abs(f), 1e-6, 1e21
	if bits == 32 { // the bounds as a float32 has them
		small, large = float64(float32(small)), float64(float32(large))
	}
	if abs >= small && abs < large {
		return strconv.AppendFloat(dst, f, 'f', -1, bits)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	if n := len(dst); dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
		dst[n-2] = dst[n-1] // e-07 is written e-7
		dst = dst[:n-1]
	}
	return dst
}

// appendString writes s as ECMAScript's QuoteJSONString does (ECMA-262,
// 25.5.2.3).
func appendString(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, errInvalidUTF8
	}
	dst = append(dst, '"')
	plain := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[plain:i]...)
		plain = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	return append(append(dst, s[plain:]...), '"'), nil
}
