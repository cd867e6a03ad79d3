package idem_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
)

// hostile are texts that try to end their part, to pass for another kind of value, to
// choose a Cluster slot, or to write to a terminal.
var hostile = []string{
	"", ":", "::", "%", "%3A", "%nil", "%empty", "%25nil", "a:b", "{a}", "}{", "[", "]", "[]", ",", "a,b", "[a,b]", " ", "\n", "\r\nDEL k",
	"\x00", "\x1b[31m", "\u009b31m", "\xff", "\xc3", "\xc3\xa9", "é", "\uFFFD", "\u2028", "\u202e", "%sha256", "true", "0", "*", "?", "@v2",
	strings.Repeat("x", 511), strings.Repeat("x", 512), strings.Repeat("%", 300), strings.Repeat("é", 300),
}

// Two texts, as two parts, as two elements of a list, and as a list and a part:
// different ones never share a key, whatever is in them, nor do the three shapes.
func FuzzDifferentValuesHaveDifferentKeys(f *testing.F) {
	for i, a := range hostile {
		for j, b := range hostile {
			f.Add(a, b, hostile[(i+j)%len(hostile)], hostile[(i*j)%len(hostile)])
		}
	}
	shapes := []func(k *idem.KeyWriter, a, b string){
		func(k *idem.KeyWriter, a, b string) { k.Part("A").String(a); k.Part("B").String(b) },
		func(k *idem.KeyWriter, a, b string) {
			k.Part("L").OpenSlice(2)
			k.String(a)
			k.String(b)
			k.Close()
			k.Part("B").Nil()
		},
		func(k *idem.KeyWriter, a, b string) {
			k.Part("L").OpenSlice(1)
			k.String(a)
			k.Close()
			k.Part("B").String(b)
		},
	}
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		for _, write := range shapes {
			one, err := keyOf(t, func(k *idem.KeyWriter) { write(k, a, b) })
			require.NoError(t, err)
			two, err := keyOf(t, func(k *idem.KeyWriter) { write(k, c, d) })
			require.NoError(t, err)
			require.Equal(t, a == c && b == d, one == two, "%q", one)
			require.LessOrEqual(t, len(one), 512)
			require.True(t, utf8.ValidString(one), "%q", one)
			require.True(t, strings.HasPrefix(one, "idempotency:shop.Order:"), "%q", one)
			require.NotContains(t, one, "{")
			require.NotContains(t, one, "}")
			require.Negative(t, strings.IndexFunc(one, func(r rune) bool { return r == ' ' || unicode.IsControl(r) }), "%q", one)
		}
	})
}
