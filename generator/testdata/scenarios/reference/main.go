// Reference prints the keys of the examples in docs/annotations.md, one part a
// line, in the order of that table.
package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// Line is a struct of keyable fields.
type Line struct {
	SKU    string
	Count  int
	_      int
	Logger func() `idem:"-"`
}

// Kinds has a field for each kind.
//
//idem:task key=Time,Duration,Text,String,Bool,Int,Uint,Float,Bytes,Pointer,Nil,Slice,Array,Struct,hash(User,Count) allow-empty
type Kinds struct {
	Time         time.Time
	Duration     time.Duration
	Text         netip.Addr
	String       string
	Bool         bool
	Int          int
	Uint         uint8
	Float        float64
	Bytes        [4]byte
	Pointer, Nil *int
	Slice        []string
	Array        [2]int
	Struct       Line
	User         string
	Count        int
}

// Run does nothing.
func (Kinds) Run(context.Context) error { return nil }

// Report has a constant key.
//
//idem:task `key="nightly report"`
type Report struct{}

// Run does nothing.
func (Report) Run(context.Context) error { return nil }

func main() {
	client := idem.New(memstore.New())
	seven := 7
	printParts(NewIdempotentKinds(client).Key(Kinds{
		Time:     time.Date(2026, 1, 2, 4, 4, 5, 0, time.FixedZone("CET", 3600)),
		Duration: 90 * time.Minute,
		Text:     netip.MustParseAddr("192.0.2.1"),
		String:   "a:b c",
		Bool:     true,
		Int:      -42,
		Uint:     255,
		Float:    0.1,
		Bytes:    [4]byte{0xde, 0xad, 0xbe, 0xef},
		Pointer:  &seven,
		Slice:    []string{"a", "b,c", ""},
		Array:    [2]int{1, 2},
		Struct:   Line{SKU: "A1", Count: 2},
		User:     "u1",
		Count:    7,
	}))
	printParts(NewIdempotentReport(client).Key(Report{}))
}

// printParts prints the parts of a key, which follow its prefix and name.
func printParts(key string, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, part := range strings.Split(key, ":")[2:] {
		fmt.Println(part)
	}
}
