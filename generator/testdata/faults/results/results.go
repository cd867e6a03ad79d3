// Package results has results of which a duplicate would not get everything.
package results

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"time"
)

type Receipt struct {
	ID     string
	secret string
	Note   string `json:"-"`
	Err    error
	Value  fmt.Stringer
	Any    any
	Fields map[string]any
	Undo   func()
	Done   chan struct{}
	Root   complex128
	Lines  []Line
	Points map[Point]string
	Tags   map[bool]string
	Amount big.Int
	Rate   float64
	Stamp  Stamp
	Base
	*hidden
	After time.Time
	Twice
	inner struct{ A int }

	// Who holds no more than the log needs.
	//
	//idem:lossy nobody reads it again
	Who error
	How error //idem:lossy nobody reads it again
}

type Line struct{ Price map[string][]price }

type price struct{ Cents, cents int }

type Point struct{ X, Y int }

type Stamp struct {
	time.Time
	Zone string
}

type Base struct{ ID string }

type hidden struct{ Shown int }

type Twice struct {
	A int `json:"a"`
	B int `json:"a"`
}

//idem:task key=ID on-duplicate=return-cached
type Pay struct{ ID string }

func (Pay) Run(context.Context) (*Receipt, error) { return nil, nil }

//idem:task key=ID on-duplicate=return-cached
type Fetch struct{ ID string }

func (Fetch) Run(context.Context) (*http.Response, error) { return nil, nil }

//idem:task key=ID on-duplicate=return-cached
type Lossy struct{ ID string }

// Run fetches.
//
//idem:lossy only the header is read
func (Lossy) Run(context.Context) (*http.Response, error) { return nil, nil }

//idem:task key=ID on-duplicate=return-cached
type Any struct{ ID string }

func (Any) Run(context.Context) (error, error) { return errors.New("x"), nil }

//idem:task key=ID
type Out struct {
	ID   string
	Body func() `idem:"out"`
	Tree Tree   `idem:"out"`
}

func (*Out) Run(context.Context) error { return nil }

type Tree struct {
	Left, Right *Tree
	depth       int
}

type Text struct{ N int }

func (Text) MarshalText() ([]byte, error) { return nil, nil }

type JSON struct{ N int }

func (JSON) MarshalJSON() ([]byte, error) { return nil, nil }

//idem:task key=ID on-duplicate=return-cached
type OneWay struct{ ID string }

func (OneWay) Run(context.Context) (struct {
	Text Text
	JSON JSON
	Keys map[Text]int
	Size big.Int
}, error) {
	panic("no")
}

//idem:lossy
type Nothing struct {
	A int //idem:lossy
}

//idem:lossy it stands on no field
var _ int
