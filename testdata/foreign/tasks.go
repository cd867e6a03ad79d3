package main

import (
	"context"
	"crypto/ed25519"
	"net/http"
	"net/netip"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

//go:generate go tool idemgen

// ProcessEntry handles one entry of a Redis stream. Its ID is a field of the
// embedded message.
//
//idem:task key=Stream,ID on-duplicate=fail
type ProcessEntry struct {
	redis.XMessage
	Stream string
	Client redis.UniversalClient `idem:"-"`
}

// Run returns how many fields the entry has.
func (e ProcessEntry) Run(context.Context) (int, error) { return len(e.Values), nil }

// FetchPage makes a request, identified by fields of what it embeds a pointer to.
//
//idem:task key=Method,URL.Host,URL.Path on-duplicate=fail
type FetchPage struct {
	*http.Request
}

// Run returns the request's host.
func (p *FetchPage) Run(context.Context) (string, error) { return p.URL.Host, nil }

// Enrol registers a device: a named byte array with a text of its own, a named
// byte slice without one, an address, and a pointer to a named byte array.
//
//idem:task key=Device,Key,Addr,Parent on-duplicate=fail match=all
type Enrol struct {
	Device uuid.UUID
	Key    ed25519.PublicKey
	Addr   netip.Addr
	Parent *uuid.UUID
	Header http.Header `idem:"-"`
}

// Run returns a new ID.
func (Enrol) Run(context.Context) (uuid.NullUUID, error) {
	return uuid.NullUUID{UUID: uuid.Max, Valid: true}, nil
}
