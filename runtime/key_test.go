package idem_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// keyOf returns the key that write makes, which may be empty.
func keyOf(t *testing.T, write func(k *idem.KeyWriter)) (string, error) {
	t.Helper()
	task := idem.NewTask(idem.New(memstore.New()), idem.Spec[int, int]{
		Name:       "shop.Order",
		Key:        func(k *idem.KeyWriter, _ int) { write(k) },
		Run:        func(context.Context, int) (int, error) { return 0, nil },
		AllowEmpty: true,
	})
	return task.Key(0)
}

type upper string

func (u upper) MarshalText() ([]byte, error) {
	if u == "bad" {
		return nil, errors.New("no text")
	}
	return []byte(strings.ToUpper(string(u))), nil
}

func TestKeyText(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	for _, tt := range []struct {
		name  string
		write func(k *idem.KeyWriter)
		want  string // after "idempotency:shop.Order"
	}{
		{"an integer", func(k *idem.KeyWriter) { k.Part("ID").Int(-123) }, ":-123"},
		{"an unsigned integer", func(k *idem.KeyWriter) { k.Part("ID").Uint(math.MaxUint64) }, ":18446744073709551615"},
		{"a text", func(k *idem.KeyWriter) { k.Part("ID").String("A-17/é") }, ":A-17/é"},
		{"two texts, the first with a colon", func(k *idem.KeyWriter) { k.Part("A").String("a:b"); k.Part("B").String("c") }, ":a%3Ab:c"},
		{"two texts, the second with a colon", func(k *idem.KeyWriter) { k.Part("A").String("a"); k.Part("B").String("b:c") }, ":a:b%3Ac"},
		{"an empty text", func(k *idem.KeyWriter) { k.Part("ID").String("") }, ":"},
		{"nil", func(k *idem.KeyWriter) { k.Part("ID").Nil() }, ":%nil"},
		{"a text that looks like nil", func(k *idem.KeyWriter) { k.Part("ID").String("%nil") }, ":%25nil"},
		{"a text that would choose a slot", func(k *idem.KeyWriter) { k.Part("ID").String("{a}") }, ":%7Ba%7D"},
		{"space, control and C1 characters", func(k *idem.KeyWriter) { k.Part("ID").String(" \n\x1b\x7f\u009b") }, ":%20%0A%1B%7F%C2%9B"},
		{"bytes that are not UTF-8", func(k *idem.KeyWriter) { k.Part("ID").String("a\xffb\xc3") }, ":a%FFb%C3"},
		{"the replacement character itself", func(k *idem.KeyWriter) { k.Part("ID").String("\uFFFD") }, ":\uFFFD"},
		{"a bool", func(k *idem.KeyWriter) { k.Part("Ok").Bool(true) }, ":true"},
		{"a float", func(k *idem.KeyWriter) { k.Part("X").Float(0.1, 64) }, ":0.1"},
		{"a float32", func(k *idem.KeyWriter) { k.Part("X").Float(float64(float32(0.1)), 32) }, ":0.1"},
		{"minus zero", func(k *idem.KeyWriter) { k.Part("X").Float(math.Copysign(0, -1), 64) }, ":0"},
		{"infinity", func(k *idem.KeyWriter) { k.Part("X").Float(math.Inf(-1), 64) }, ":-Inf"},
		{"an instant", func(k *idem.KeyWriter) { k.Part("At").Time(time.Date(2026, 11, 24, 1, 2, 3, 40, berlin)) }, ":2026-11-24T00%3A02%3A03.00000004Z"},
		{"a duration", func(k *idem.KeyWriter) { k.Part("D").Duration(90 * time.Second) }, ":1m30s"},
		{"bytes", func(k *idem.KeyWriter) { k.Part("B").Bytes([]byte{0, 0xAB}, false) }, ":00ab"},
		{"what says its own text", func(k *idem.KeyWriter) { k.Part("U").Text(upper("a b"), false) }, ":A%20B"},
		{"an empty list", func(k *idem.KeyWriter) { k.Part("L").OpenSlice(0); k.Close() }, ":[]"},
		{"a list of an empty text", func(k *idem.KeyWriter) { k.Part("L").OpenSlice(1); k.String(""); k.Close() }, ":[%empty]"},
		{"a list whose texts look like lists", func(k *idem.KeyWriter) {
			k.Part("L").OpenSlice(2)
			k.String("a,b")
			k.String("[c]")
			k.Close()
		}, ":[a%2Cb,%5Bc%5D]"},
		{"a struct in an array", func(k *idem.KeyWriter) {
			k.Part("L").OpenArray()
			k.OpenStruct()
			k.Int(1)
			k.Nil()
			k.Close()
			k.Int(2)
			k.Close()
		}, ":[[1,%nil],2]"},
		{"a hash, as HashKey has it", func(k *idem.KeyWriter) {
			k.Part("hash").OpenHash()
			k.String("a")
			k.Int(1)
			k.OpenSlice(1)
			k.Bool(true)
			k.Close()
			k.Nil()
			k.CloseHash()
			k.Part("Z").Int(9)
		}, ":" + idem.HashKey("a", 1, []any{true}, nil) + ":9"},
		{"a hash over kinds that JSON lacks", func(k *idem.KeyWriter) {
			k.Part("hash").OpenHash()
			k.Duration(time.Hour)
			k.OpenStruct()
			k.String(`q"`)
			k.Int(1 << 60)
			k.Close()
			k.String("")
			k.CloseHash()
		}, ":" + idem.HashKey("1h0m0s", `[q",1152921504606846976]`, "")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := keyOf(t, tt.write)
			require.NoError(t, err)
			assert.Equal(t, "idempotency:shop.Order"+tt.want, got)
		})
	}
}

func TestValuesThatCannotBeInAKey(t *testing.T) {
	for _, tt := range []struct {
		name  string
		write func(k *idem.KeyWriter)
		want  string
	}{
		{"NaN", func(k *idem.KeyWriter) { k.Part("Price").Float(math.NaN(), 64) }, "idem: task shop.Order: key part Price: NaN"},
		{"a text that fails", func(k *idem.KeyWriter) { k.Part("U").Text(upper("bad"), false) }, "key part U: no text"},
		{"a method that fails", func(k *idem.KeyWriter) { k.Part("Ref()").Fail(errors.New("no ref")) }, "key part Ref(): no ref"},
		{"a hash over an unsafe integer", func(k *idem.KeyWriter) { k.Part("hash(ID)").OpenHash(); k.Int(1 << 60); k.CloseHash() }, "key part hash(ID): integers beyond 2^53"},
		{"a hash over an infinity", func(k *idem.KeyWriter) { k.Part("h").OpenHash(); k.Float(math.Inf(1), 64); k.CloseHash() }, "JSON has none"},
		{"a hash over bytes as text", func(k *idem.KeyWriter) { k.Part("h").OpenHash(); k.String("\xff"); k.CloseHash() }, "not UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := keyOf(t, tt.write)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestKeysWhoseEveryPartIsZeroAreRefused(t *testing.T) {
	task := func(write func(k *idem.KeyWriter)) *idem.Task[int, int] {
		return idem.NewTask(idem.New(memstore.New()), idem.Spec[int, int]{
			Name: "shop.Order",
			Key:  func(k *idem.KeyWriter, _ int) { write(k) },
			Run:  func(context.Context, int) (int, error) { return 0, errors.New("must not run") },
		})
	}
	for name, write := range map[string]func(k *idem.KeyWriter){
		"a text":       func(k *idem.KeyWriter) { k.Part("A").String("") },
		"nil":          func(k *idem.KeyWriter) { k.Part("A").Nil() },
		"numbers":      func(k *idem.KeyWriter) { k.Part("A").Int(0); k.Part("B").Float(0, 64); k.Part("C").Bool(false) },
		"a zero array": func(k *idem.KeyWriter) { k.Part("A").Bytes(make([]byte, 16), true) },
		"an instant":   func(k *idem.KeyWriter) { k.Part("A").Time(time.Time{}) },
		"a hash":       func(k *idem.KeyWriter) { k.Part("A").OpenHash(); k.String(""); k.Int(0); k.CloseHash() },
		"a text value": func(k *idem.KeyWriter) { k.Part("A").Text(upper(""), true) },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := task(write).Run(t.Context(), 0)
			require.ErrorIs(t, err, idem.ErrEmptyKey)
			assert.Equal(t, "EMPTY_KEY", idem.Code(err))
			assert.ErrorContains(t, err, "shop.Order")
		})
	}
	for name, write := range map[string]func(k *idem.KeyWriter){
		"one of two is set": func(k *idem.KeyWriter) { k.Part("A").String(""); k.Part("B").Int(1) },
		"a constant":        func(k *idem.KeyWriter) { k.Part("A").Const("nightly") },
		"bytes that are 0":  func(k *idem.KeyWriter) { k.Part("A").Bytes([]byte{0}, false) },
	} {
		t.Run("but not "+name, func(t *testing.T) {
			_, err := task(write).Key(0)
			assert.NoError(t, err)
		})
	}
}

func TestALongKeyEndsInAHashOfWhatItReplaces(t *testing.T) {
	key := func(s string) string {
		k, err := keyOf(t, func(k *idem.KeyWriter) { k.Part("A").String(s) })
		require.NoError(t, err)
		return k
	}
	long := strings.Repeat("x", 1<<20)
	a, b := key(long+"a"), key(long+"b")
	assert.Len(t, a, 512)
	assert.NotEqual(t, a, b)
	assert.Equal(t, a, key(long+"a"))
	assert.Regexp(t, `^idempotency:shop\.Order:x+%sha256[0-9a-f]{64}$`, a)

	exact := strings.Repeat("x", 512-len("idempotency:shop.Order:"))
	assert.Equal(t, "idempotency:shop.Order:"+exact, key(exact), "512 bytes fit")

	for i := range 4 { // the cut never splits a rune or an escape
		k := key(strings.Repeat("x", i) + strings.Repeat("é", 300))
		assert.True(t, utf8.ValidString(k), k)
		k = key(strings.Repeat("x", i) + strings.Repeat(":", 300))
		assert.Regexp(t, `^idempotency:shop\.Order:x*(%3A)*%sha256`, k)
	}
}

func TestPrefixNameAndVersionAreEscapedParts(t *testing.T) {
	c := idem.New(memstore.New(), idem.WithPrefix("a:b"))
	spec := idem.Spec[int, int]{
		Name: "shop.Pair[int,x y]",
		Key:  func(k *idem.KeyWriter, id int) { k.Part("id").Int(int64(id)) },
		Run:  func(context.Context, int) (int, error) { return 0, nil },
	}
	key, err := idem.NewTask(c, spec).Key(1)
	require.NoError(t, err)
	assert.Equal(t, "a%3Ab:shop.Pair[int,x%20y]:1", key)

	spec.Prefix, spec.Version = "own", 3
	key, err = idem.NewTask(c, spec).Key(1)
	require.NoError(t, err)
	assert.Equal(t, "own:shop.Pair[int,x%20y]@v3:1", key)
}

func TestKeyBuildingAllocatesTwiceAtMost(t *testing.T) {
	task := idem.NewTask(idem.New(memstore.New()), idem.Spec[string, int]{
		Name: "shop.Order",
		Key: func(k *idem.KeyWriter, id string) {
			k.Part("A").String(id)
			k.Part("B").Int(7)
			k.Part("C").Time(time.Time{})
		},
		Run: func(context.Context, string) (int, error) { return 0, nil },
	})
	allocs := testing.AllocsPerRun(1000, func() { _, _ = task.Key("order-17") })
	assert.LessOrEqual(t, allocs, 2.0)
}

func FuzzKeysAreInjective(f *testing.F) {
	f.Add("a:b", "c", "a", "b:c")
	f.Add("", "", "%empty", "")
	f.Add("[", "]", "a,b", "\xff")
	f.Add("\u009b", "%C2%9B", "{x}", " ")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		parts := func(a, b string) string {
			k, err := keyOf(t, func(k *idem.KeyWriter) { k.Part("A").String(a); k.Part("B").String(b) })
			require.NoError(t, err)
			return k
		}
		list := func(values ...string) string {
			k, err := keyOf(t, func(k *idem.KeyWriter) {
				k.Part("L").OpenSlice(len(values))
				for _, v := range values {
					k.String(v)
				}
				k.Close()
			})
			require.NoError(t, err)
			return k
		}
		if len(a)+len(b) > 100 { // a shortened key has fewer parts
			return
		}
		same := a == c && b == d
		assert.Equal(t, same, parts(a, b) == parts(c, d))
		assert.Equal(t, same, list(a, b) == list(c, d))
		assert.NotEqual(t, list(a), list(a, b))
		assert.NotEqual(t, list(), list(a))
		for _, r := range parts(a, b) {
			if r <= ' ' || r == '{' || r == '}' || (r >= 0x7F && r <= 0x9F) {
				t.Fatalf("%q stands in %q", r, parts(a, b))
			}
		}
		require.Len(t, strings.Split(parts(a, b), ":"), 4, "%q %q", a, b)
	})
}
