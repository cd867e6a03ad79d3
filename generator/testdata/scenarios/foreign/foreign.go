// Package foreign has tasks over types of other people's packages.
package foreign

import (
	"context"
	"encoding/json"
	"math/big"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// UUID is as google/uuid declares it.
type UUID [16]byte

// MarshalText writes the canonical form.
func (u UUID) MarshalText() ([]byte, error) { return []byte("…"), nil }

// Proxy embeds and holds such types.
//
//idem:task key=Method,URL.Host,RawQuery,Opt.Addr,Cookie.Expires,ID,Trace,From,Amount,Weight,Reply.Code
type Proxy struct {
	*http.Request
	*url.URL
	redis.UniversalClient

	Opt    *redis.Options
	Cookie http.Cookie
	ID     UUID
	Trace  *UUID
	From   netip.AddrPort
	Amount big.Int
	Weight json.Number
	Reply  struct{ Code int }
	once   *sync.Once
}

// Run has a result of another package.
func (p *Proxy) Run(context.Context) (*redis.StringCmd, error) { p.once.Do(func() {}); return nil, nil }

// Expire returns a map of such types.
//
//idem:task key=Key,In
type Expire struct {
	redis.Z
	Key string
	In  time.Duration
}

// Run expires.
func (e Expire) Run(context.Context) (map[http.ConnState][]redis.Z, error) { return nil, nil }
