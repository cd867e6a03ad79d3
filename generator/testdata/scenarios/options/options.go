// Package options states every option there is.
package options

import "context"

// Full states all of them.
//
//idem:task key=ID,Region ttl=1w2d on-duplicate=return-cached on-error=store on-crash=fail wait=0 lease=2500ms match=Total,Currency name=shop.charge prefix=pay version=3 method=Charge wrapper=Charging codec=Gob allow-empty // every one
type Full struct {
	ID, Region, Currency string
	Total                int64
}

// Charge is the method.
func (f Full) Charge(context.Context) (string, error) { return f.ID, nil }

// Daily has a constant as its key.
//
//idem:task `key="nightly report, all"` ttl=90m
type Daily struct{ Verbose bool }

// Run reports.
func (Daily) Run(context.Context) error { return nil }

// Report has a constant without spaces.
//
//idem:task key="nightly-report" match=all
type Report struct {
	Format string
	Log    func(string) `idem:"-"`
	Pages  int
}

// Run reports.
func (r *Report) Run(context.Context) error { return nil }

// Gob is a codec of this package.
var Gob gob

type gob struct{}

func (gob) Name() string                { return "gob" }
func (gob) Marshal(any) ([]byte, error) { return nil, nil }
func (gob) Unmarshal([]byte, any) error { return nil }
