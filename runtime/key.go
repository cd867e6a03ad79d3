package idem

import (
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"time"
)

// maxKeyLen is the longest key, in bytes, that is stored as it was written; a
// longer one ends in a SHA-256 of what it replaces.
const maxKeyLen = 512

// Marks that no text can produce: a text's own '%' is always written as "%25",
// and none of these starts with two hex digits.
const (
	markNil    = "%nil"    // a nil pointer
	markEmpty  = "%empty"  // an empty text inside a list
	markSHA256 = "%sha256" // the rest of a long key, followed by 64 hex digits
)

// A KeyWriter writes the parts of a key, or of a match fingerprint, as text. A
// [Spec]'s Key and Match functions are given one: they name each part with
// [KeyWriter.Part] and write exactly one value for it.
//
// The text is injective: two different lists of values of the same types never
// give the same key. The first error stops nothing but is remembered and
// returned by whoever asked for the key.
type KeyWriter struct {
	buf    []byte
	part   string // the name of the part being written, for errors
	depth  int    // lists open around the next value
	first  bool   // the next value is the first of its list
	filled bool   // some part is not the zero value of its type
	err    error

	json   bool // inside a hash: values are written as JSON
	hash   int  // where the open hash starts in buf
	quoted int  // where the struct inside a hash starts in buf
	below  int  // the depth at which that struct was opened, 0 if none is open
}

var keyWriters = sync.Pool{New: func() any { return &KeyWriter{buf: make([]byte, 0, 256)} }}

// newKeyWriter returns a writer that starts with head; free gives it back.
func newKeyWriter(head string) *KeyWriter {
	k := keyWriters.Get().(*KeyWriter)
	*k = KeyWriter{buf: append(k.buf[:0], head...)}
	return k
}

func (k *KeyWriter) free() {
	if cap(k.buf) <= 64<<10 { // do not keep what one huge part needed
		keyWriters.Put(k)
	}
}

// key returns what was written as a key, shortened if it is too long.
func (k *KeyWriter) key() string {
	if len(k.buf) <= maxKeyLen {
		return string(k.buf)
	}
	cut := maxKeyLen - len(markSHA256) - 2*sha256.Size
	for cut > 0 && (k.buf[cut]&0xC0 == 0x80 || k.buf[cut-1] == '%' || k.buf[cut-2] == '%') {
		cut-- // never inside a rune or an escape
	}
	sum := sha256.Sum256(k.buf[cut:])
	return string(k.buf[:cut]) + markSHA256 + hex.EncodeToString(sum[:])
}

// fingerprint returns 128 bits of the SHA-256 of what was written.
func (k *KeyWriter) fingerprint() string {
	sum := sha256.Sum256(k.buf)
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// Part starts the next part; name is what errors call it.
func (k *KeyWriter) Part(name string) *KeyWriter {
	k.part = name
	k.buf = append(k.buf, ':')
	return k
}

// Fail remembers that a value could not be had, for instance because a key
// method returned err.
func (k *KeyWriter) Fail(err error) {
	if k.err == nil && err != nil {
		k.err = fmt.Errorf("%s: %w", k.part, err)
	}
}

// Const writes a constant, which is never counted as empty.
func (k *KeyWriter) Const(s string) {
	k.filled = true
	k.text(s)
}

// String writes a string.
func (k *KeyWriter) String(s string) {
	k.filled = k.filled || s != ""
	k.text(s)
}

// Bool writes "true" or "false".
func (k *KeyWriter) Bool(b bool) {
	k.filled = k.filled || b
	k.next()
	k.buf = strconv.AppendBool(k.buf, b)
}

// Int writes a signed integer in decimal. Inside a hash, where JavaScript must
// be able to write the same number, more than 2^53 either way is an error.
func (k *KeyWriter) Int(i int64) {
	k.filled = k.filled || i != 0
	k.next()
	if k.json && (i > maxSafeInt || i < -maxSafeInt) {
		k.Fail(errUnsafeInt)
	}
	k.buf = strconv.AppendInt(k.buf, i, 10)
}

// Uint writes an unsigned integer in decimal, with the limit of [KeyWriter.Int]
// inside a hash.
func (k *KeyWriter) Uint(u uint64) {
	k.filled = k.filled || u != 0
	k.next()
	if k.json && u > maxSafeInt {
		k.Fail(errUnsafeInt)
	}
	k.buf = strconv.AppendUint(k.buf, u, 10)
}

// Float writes a floating point number as ECMAScript writes it: the shortest
// text that reads back as the same number, and "0" for minus zero, which is
// equal to zero. bits is 32 or 64. NaN is an error, since it is not even equal
// to itself; inside a hash so is an infinity, which JSON lacks.
func (k *KeyWriter) Float(f float64, bits int) {
	k.filled = k.filled || f != 0
	k.next()
	switch {
	case math.IsNaN(f):
		k.Fail(errors.New("NaN identifies nothing: it is not equal to itself"))
	case math.IsInf(f, 0) && k.json:
		k.Fail(errors.New("an infinity cannot be hashed: JSON has none"))
	case math.IsInf(f, 0):
		k.buf = strconv.AppendFloat(k.buf, f, 'g', -1, bits)
	default:
		k.buf = appendNumber(k.buf, f, bits)
	}
}

// Time writes an instant in UTC, in RFC 3339 form with up to nine digits of a
// second, so that equal instants in different zones are one key.
func (k *KeyWriter) Time(t time.Time) {
	k.filled = k.filled || !t.IsZero()
	var a [len(time.RFC3339Nano) + 8]byte
	k.bytes(t.UTC().AppendFormat(a[:0], time.RFC3339Nano))
}

// Duration writes a duration as [time.Duration.String] does, for instance
// "1h0m0s"; no two durations share a text.
func (k *KeyWriter) Duration(d time.Duration) {
	k.filled = k.filled || d != 0
	k.text(d.String())
}

// Bytes writes a byte array or slice in lower-case hex. An array's zero value
// is all zeros, a slice's is the empty one: isArray tells which rule counts.
func (k *KeyWriter) Bytes(b []byte, isArray bool) {
	if !k.filled {
		if !isArray {
			k.filled = len(b) > 0
		} else {
			for _, c := range b {
				if c != 0 {
					k.filled = true
					break
				}
			}
		}
	}
	k.text(hex.EncodeToString(b))
}

// Text writes what a value says of itself. zero tells whether the value is the
// zero value of its type, which its text need not show.
func (k *KeyWriter) Text(m encoding.TextMarshaler, zero bool) {
	k.filled = k.filled || !zero
	text, err := m.MarshalText()
	if err != nil {
		k.Fail(err)
	}
	k.bytes(text)
}

// Nil writes a nil pointer, which differs from every value.
func (k *KeyWriter) Nil() {
	k.next()
	if k.json {
		k.buf = append(k.buf, "null"...)
		return
	}
	k.buf = append(k.buf, markNil...)
}

// OpenSlice starts a slice of n elements; write each, then [KeyWriter.Close].
func (k *KeyWriter) OpenSlice(n int) {
	k.filled = k.filled || n > 0
	k.OpenArray()
}

// OpenArray starts an array; write its elements, then [KeyWriter.Close].
func (k *KeyWriter) OpenArray() {
	k.next()
	k.buf = append(k.buf, '[')
	k.depth++
	k.first = true
}

// OpenStruct starts a struct; write its fields, then [KeyWriter.Close]. Inside
// a hash a struct counts as one string, its key text.
func (k *KeyWriter) OpenStruct() {
	k.OpenArray()
	if k.json {
		k.json, k.below, k.quoted = false, k.depth, len(k.buf)-1
	}
}

// Close ends the innermost open slice, array or struct.
func (k *KeyWriter) Close() {
	k.buf = append(k.buf, ']')
	if k.below == k.depth && k.below > 0 {
		text := string(k.buf[k.quoted:])
		k.buf, _ = appendString(k.buf[:k.quoted], text) // escaped text is valid UTF-8
		k.json, k.below = true, 0
	}
	k.depth--
	k.first = false
}

// OpenHash starts a hash over the values written until [KeyWriter.CloseHash].
// They become one part: [HashKey] of the same values, with the key text of
// those kinds that JSON lacks.
func (k *KeyWriter) OpenHash() {
	k.next()
	k.hash = len(k.buf)
	k.buf = append(k.buf, '[')
	k.depth++
	k.first, k.json = true, true
}

// CloseHash ends the hash.
func (k *KeyWriter) CloseHash() {
	k.buf = append(k.buf, ']')
	sum := sha256.Sum256(k.buf[k.hash:])
	k.buf = hex.AppendEncode(k.buf[:k.hash], sum[:hashLen/2])
	k.depth--
	k.first, k.json = false, false
}

// next writes what parts a value from the one before it.
func (k *KeyWriter) next() {
	if k.depth > 0 && !k.first {
		k.buf = append(k.buf, ',')
	}
	k.first = false
}

func (k *KeyWriter) text(s string) {
	k.next()
	switch {
	case k.json:
		var err error
		if k.buf, err = appendString(k.buf, s); err != nil {
			k.Fail(err)
		}
	case k.depth > 0 && s == "":
		k.buf = append(k.buf, markEmpty...)
	default:
		k.buf = appendEscaped(k.buf, s, k.depth > 0)
	}
}

func (k *KeyWriter) bytes(b []byte) { k.text(string(b)) }
