// Package client has the name of a parameter of generated code.
package client

// Stamp is a comparable struct with a text.
type Stamp struct{ T int }

// MarshalText writes it.
func (s Stamp) MarshalText() ([]byte, error) { return nil, nil }

// Reply is a result.
type Reply struct{ OK bool }
