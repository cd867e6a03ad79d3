// Package outputs has tasks that store fields.
package outputs

import (
	"context"
	"net/http"
)

// Fetch fills its outputs.
//
//idem:task key=URL on-duplicate=return-cached match=all
type Fetch struct {
	URL    string
	Client *http.Client `idem:"-"`

	Status  int         `idem:"out"`
	Header  http.Header `idem:"out" json:"h"`
	etag    string      `idem:"out"`
	Etag    string      `idem:"out"`
	ετικέτα *string     `idem:"out"`
	结果      []string    `idem:"out"`
}

// Run fetches.
func (f *Fetch) Run(context.Context) error {
	f.Status, f.etag, f.Etag, f.ετικέτα, f.结果 = 200, "", "", nil, nil
	return nil
}

// Sort is generic and has an output.
//
//idem:task key=Name
type Sort[K ~string, V any] struct {
	Name K
	Rows []V `idem:"out"`
}

// Run sorts.
func (s *Sort[K, V]) Run(context.Context) error { return nil }

type sortOutput struct{}

var _ sortOutput

// Errors has a type parameter with the name of what generated code declares.
//
//idem:task key=Name
type Errors[err, result, record any] struct {
	Name string
	Rows []err    `idem:"out"`
	More []result `idem:"out"`
	Rest []record `idem:"out"`
}

// Run collects.
func (e *Errors[err, result, record]) Run(context.Context) error { return nil }

// URL is the name of two types, but for its case: the other one is in a test.
//
//idem:task key=ID
type URL struct {
	ID     int
	Status int `idem:"out"`
}

// Run opens.
func (u *URL) Run(context.Context) error { return nil }
