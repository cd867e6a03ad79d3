package idemhttp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/runtime/idemhttp"
)

func TestAKeyIsAQuotedStringOrTheSameTextBare(t *testing.T) {
	for value, want := range map[string]string{
		`"8e03978e-40d5-43dd-bc93-6894a57f9324"`: "8e03978e-40d5-43dd-bc93-6894a57f9324",
		`8e03978e-40d5-43dd-bc93-6894a57f9324`:   "8e03978e-40d5-43dd-bc93-6894a57f9324",
		` "a" `:                                  "a",
		"\ta\t":                                  "a",
		`"a b, c; d"`:                            "a b, c; d",
		`"a \"quoted\" \\ slash"`:                `a "quoted" \ slash`,
		`order_1:refund/2+3==`:                   "order_1:refund/2+3==",
		`'a'`:                                    "'a'",
		`" "`:                                    " ",
	} {
		key, err := idemhttp.ParseKey(value, 255)
		assert.NoError(t, err, value)
		assert.Equal(t, want, key, value)
	}
}

func TestAMalformedKeySaysWhy(t *testing.T) {
	for value, want := range map[string]string{
		``:                                    "it is empty",
		`  `:                                  "it is empty",
		`""`:                                  "it is empty",
		`"a`:                                  "the closing quote is missing",
		`"`:                                   "the closing quote is missing",
		`"a\"`:                                "the closing quote is missing",
		`"a\`:                                 `a '\' in a quoted key stands before '"' or '\' only`,
		`"a\n"`:                               `a '\' in a quoted key stands before '"' or '\' only`,
		`"a";p=1`:                             "something follows the closing quote",
		`"a", "b"`:                            "something follows the closing quote",
		`a, b`:                                `a key with ',' in it must be quoted, and there must be only one`,
		`a;p=1`:                               `a key with ';' in it must be quoted, and there must be only one`,
		`a b`:                                 `a key with ' ' in it must be quoted, and there must be only one`,
		`a"b`:                                 `a key with '"' in it must be quoted, and there must be only one`,
		"a\x00b":                              "it has a character that is not printable ASCII",
		"schlüssel":                           "it has a character that is not printable ASCII",
		"\"a\x7f\"":                           "it has a character that is not printable ASCII",
		"\"a\nb\"":                            "it has a character that is not printable ASCII",
		strings.Repeat("k", 256):              "it has 256 characters, and at most 255 are allowed",
		`"` + strings.Repeat(`\"`, 256) + `"`: "it has 256 characters, and at most 255 are allowed",
	} {
		_, err := idemhttp.ParseKey(value, 255)
		assert.EqualError(t, err, want, value)
	}
}

// Whatever is accepted has one quoted form, which is read as the same key.
func FuzzKey(f *testing.F) {
	for _, value := range []string{`abc`, `"abc"`, `"a\"b\\"`, `"a`, `a, b`, `"a";p`, ``, `" "`, "\x7f", `"ü"`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		key, err := idemhttp.ParseKey(value, 255)
		if err != nil {
			assert.Empty(t, key)
			assert.NotContains(t, err.Error(), "\n")
			return
		}
		require.NotEmpty(t, key)
		require.LessOrEqual(t, len(key), 255)
		for _, c := range []byte(key) {
			require.True(t, c >= ' ' && c <= '~')
		}
		again, err := idemhttp.ParseKey(`"`+strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(key)+`"`, 255)
		require.NoError(t, err)
		require.Equal(t, key, again)
	})
}
