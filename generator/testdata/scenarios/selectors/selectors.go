// Package selectors leads selectors through structs, pointers and methods.
package selectors

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Base is embedded.
type Base struct {
	Tenant string
	region string
}

// Zone returns the region.
func (b Base) Zone() string { return b.region }

// Trace is embedded by pointer.
type Trace struct{ Span string }

// Root returns a span.
func (t *Trace) Root() string { return t.Span }

// Named is embedded as an interface.
type Named interface{ Title() string }

// Address is selected through.
type Address struct{ City *string }

// Country tells the country.
func (a *Address) Country() string { return "?" }

// Customer is selected through.
type Customer struct {
	ID      int
	Address *Address
	home    Address
}

// Code returns a key of its own.
func (c Customer) Code() (fmt.Stringer, error) { return nil, nil }

// Order selects in every way there is.
//
//idem:task key=Tenant,region,Span,Base.Tenant,Customer.ID,Customer.Address.City,Customer.home.City,Zone(),Root(),Title(),Total(),Checked(),When(),Parts(),Customer.Address.Country(),hash(Total(),Checked(),Customer.ID)
type Order struct {
	Base
	*Trace
	Named
	Customer *Customer
	items    []int
}

// Total adds up.
func (o Order) Total() int64 { return int64(len(o.items)) }

// Checked may fail.
func (o *Order) Checked() (string, error) { return "", errors.New("no") }

// When is a time.
func (o Order) When() (time.Time, error) { return time.Time{}, nil }

// Parts is a list.
func (o Order) Parts() [3][]byte { return [3][]byte{} }

// Run has a pointer receiver.
func (o *Order) Run(context.Context) (*Customer, error) { return o.Customer, nil }
