// Package results has results that duplicates get back as they were, or of which
// somebody said that it does not matter.
package results

import (
	"context"
	"encoding/json"
	"math/big"
	"net/netip"
	"net/url"
	"sync"
	"time"
)

// Receipt has everything that survives JSON.
type Receipt struct {
	base
	ID      string `json:"id,omitempty"`
	Cents   int64  `json:",string"`
	At      time.Time
	Took    time.Duration
	Amount  *big.Int
	Amounts []big.Int
	Raw     json.RawMessage
	Number  json.Number
	Body    []byte
	ByAddr  map[netip.Addr][]*Line
	ByCount map[int]Line
	Parent  *Receipt
	Dash    int `json:"-,"`
	mu      sync.Mutex
	_       int
	nothing struct{}

	cache map[string]int //idem:lossy it is filled again when needed
	// Link is for people.
	//
	//idem:lossy nobody follows it
	Link url.URL
}

type base struct{ Shown string }

// Line is a line.
type Line struct {
	SKU   string
	Count uint64
}

// Pay is a task.
//
//idem:task key=ID on-duplicate=return-cached
type Pay struct{ ID string }

// Run pays.
func (Pay) Run(context.Context) (*Receipt, error) { return nil, nil }

// Count returns nothing that is stored, so that it may be anything.
//
//idem:task key=ID
type Count struct{ ID string }

// Run counts.
func (Count) Run(context.Context) (func(), error) { return nil, nil }

// Box holds what is not known yet.
type Box[T any] struct{ Content T }

// Wrap is generic.
//
//idem:task key=ID on-duplicate=return-cached
type Wrap[T any] struct{ ID string }

// Run wraps.
func (Wrap[T]) Run(context.Context) (Box[T], error) { return Box[T]{}, nil }
