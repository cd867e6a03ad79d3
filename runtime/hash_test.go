package idem_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
)

// The expected texts come from Node 20:
//
//	crypto.createHash('sha256').update(JSON.stringify(values)).digest('hex').slice(0, 32)
func TestHashKeyIsWhatNodeDerives(t *testing.T) {
	type name string
	for _, tt := range []struct {
		name   string
		values []any
		want   string
	}{
		{"no values", nil, "4f53cda18c2baa0c0354bb5f9a3ecbe5"},
		{"strings", []any{"a", name("b")}, "0473ef2dc0d324ab659d3580c1134e9d"},
		{"one string with a comma", []any{"a,b"}, "55b5df8aaaa93a650824a2d585abef4f"},
		{"escapes", []any{"\"\\\b\f\n\r\t\x00\x1f\x7f"}, "6c280d1ca344abdab71aa5d1078d45fc"},
		{"html and line separators", []any{"<&>\u2028\u2029"}, "f3ae4620046a2f4526156af610b322ac"},
		{"beyond ASCII", []any{"é😀"}, "425d60485afdbc79eb785d7c25878346"},
		{"booleans and null", []any{true, false, nil}, "4d0f18de2133118249c26acc481838d4"},
		{"integers", []any{0, int8(-1), uint64(1 << 53), int64(-1 << 53)}, "895172e5a5a23c404f382595efe83310"},
		{
			"doubles",
			[]any{0.1, 1e21, 123456789012345680000.0, 1e-6, 1e-7, 1.5e-10, 5e-324, math.MaxFloat64, 100.0},
			"1cfc315644c07764893b00dae6e57ca9",
		},
		{"a float32 as its shortest text", []any{float32(0.1), 1e21, 123456789012345680000.0, float32(1e-6), 1e-7, 1.5e-10, 5e-324, math.MaxFloat64, 100}, "1cfc315644c07764893b00dae6e57ca9"},
		{"minus zero", []any{math.Copysign(0, -1)}, "d0bca111f8628137adc4c16f123496dc"},
		{"nested arrays", []any{[]any{1, []any{"a", [0]int{}}}}, "fd4208d080c91416e2bfc1a3fa7234ea"},
		{"maps whose keys look like indices", []any{map[string]int{"b": 1, "10": 2, "9": 3, "01": 4, "-1": 5, "4294967294": 6, "4294967295": 7}}, "e0157d48e9f3b0a07c2e6f72b6d3e354"},
		{"maps with their keys sorted", []any{map[string]any{"b": []bool{true}, "a": 1}}, "eaa151895a5bb46b663fabeb92bc1c05"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := idem.HashKeyErr(tt.values...)
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.want, idem.HashKey(tt.values...))
		})
	}
}

func TestHashKeyRefusesWhatOtherLanguagesWriteDifferently(t *testing.T) {
	s := "pointed to"
	for _, tt := range []struct {
		name  string
		value any
		want  string
	}{
		{"an integer over 2^53", int64(1<<53 + 1), "2^53"},
		{"an integer under -2^53", int64(-1<<53 - 1), "2^53"},
		{"an unsigned integer over 2^53", uint64(1<<53 + 1), "2^53"},
		{"NaN", math.NaN(), "NaN"},
		{"infinity", []float64{math.Inf(1)}, "+Inf"},
		{"text that is not UTF-8", "\xff", "UTF-8"},
		{"a key that is not UTF-8", map[string]int{"\xff": 1}, "UTF-8"},
		{"bytes", []byte("a"), "[]uint8"},
		{"a struct", time.Time{}, "time.Time"},
		{"a pointer", &s, "*string"},
		{"a map by integers", map[int]int{1: 1}, "map[int]int"},
		{"a func", func() {}, "func()"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := idem.HashKeyErr("first", tt.value)
			require.ErrorContains(t, err, "idem: HashKey: value 2: ")
			require.ErrorContains(t, err, tt.want)
			assert.Panics(t, func() { idem.HashKey(tt.value) })
		})
	}
}

func TestHashKeyOfACycleIsAnError(t *testing.T) {
	list := []any{nil}
	list[0] = list
	_, err := idem.HashKeyErr(list)
	require.ErrorContains(t, err, "part of itself")
	tree := map[string]any{}
	tree["tree"] = tree
	_, err = idem.HashKeyErr(tree)
	require.ErrorContains(t, err, "part of itself")
}
