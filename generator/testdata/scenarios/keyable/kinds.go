// Package keyable has a task for each rule of what can be part of a key.
package keyable

import (
	"context"
	"math/big"
	"net/netip"
	"time"
)

type (
	// ID is a named string.
	ID string
	// Level is a named integer.
	Level int8
	// Digest is a named byte array.
	Digest [4]byte
	// Raw is a named byte slice.
	Raw []byte
	// UUID is a byte array with a text.
	UUID [16]byte
	// Tag has a text only by its pointer.
	Tag struct{ s string }
	// Mode is a number with a text.
	Mode int
	// Words is a slice with a text.
	Words []string
	// Line is a struct of keyable fields.
	Line struct {
		SKU   string
		Count int
		_     int
		note  *string
		Cache map[string]int `idem:"-"`
	}
)

// MarshalText writes hex.
func (u UUID) MarshalText() ([]byte, error) { return u[:], nil }

// MarshalText writes the tag.
func (t *Tag) MarshalText() ([]byte, error) { return []byte(t.s), nil }

// MarshalText writes the mode.
func (m Mode) MarshalText() ([]byte, error) { return []byte("m"), nil }

// MarshalText joins the words.
func (w Words) MarshalText() ([]byte, error) { return nil, nil }

// Plain has the plain kinds.
//
//idem:task key=String,Named,Bool,Int,Int64,Small,Uint,Byte,Uintptr,Float,Float32
type Plain struct {
	String  string
	Named   ID
	Bool    bool
	Int     int
	Int64   int64
	Small   Level
	Uint    uint
	Byte    byte
	Uintptr uintptr
	Float   float64
	Float32 float32
}

// Times has instants and durations.
//
//idem:task key=At,In,MaybeAt,MaybeIn
type Times struct {
	At      time.Time
	In      time.Duration
	MaybeAt *time.Time
	MaybeIn *time.Duration
}

// Texts has types that say what they are.
//
//idem:task key=UUID,Addr,Tag,Mode,Words,Amount,MaybeUUID,MaybeTag,MaybeMode,MaybeWords
type Texts struct {
	UUID       UUID
	Addr       netip.Addr
	Tag        Tag
	Mode       Mode
	Words      Words
	Amount     *big.Int
	MaybeUUID  *UUID
	MaybeTag   *Tag
	MaybeMode  *Mode
	MaybeWords *Words
}

// Bytes has byte arrays and slices.
//
//idem:task key=Array,Slice,Digest,Raw,MaybeArray,MaybeSlice
type Bytes struct {
	Array      [8]byte
	Slice      []byte
	Digest     Digest
	Raw        Raw
	MaybeArray *[8]byte
	MaybeSlice *[]byte
}

// Lists has arrays, slices and structs of keyable values.
//
//idem:task key=Names,Pair,Lines,Line,Grid,Tags,MaybeLine,MaybeNames,Anonymous,Digests
type Lists struct {
	Names      []string
	Pair       [2]int
	Lines      []*Line
	Line       Line
	Grid       [][]float64
	Tags       []Tag
	MaybeLine  *Line
	MaybeNames *[]string
	Anonymous  struct{ A, B int }
	Digests    []Digest
}

// Hashed hashes.
//
//idem:task key=Tenant,hash(User,Action,At,Line) match=Note
type Hashed struct {
	Tenant, User, Action, Note string
	At                         time.Time
	Line                       Line
}

// Run does nothing.
func (Hashed) Run(context.Context) error { return nil }
