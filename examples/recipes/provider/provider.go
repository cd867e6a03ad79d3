// Package provider charges orders at a payment provider that has idempotency keys of
// its own.
//
// What it teaches: which key the provider gets (the execution's, the same for every
// attempt), why an attempt after the first asks before it charges, and which of the
// provider's answers are errors to try again and which are for good.
package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	idem "github.com/idemgen/idemgen/runtime"
)

//go:generate go tool idemgen

// ChargeOrder charges a customer for an order.
//
//idem:task key=OrderID ttl=7d on-duplicate=return-cached match=Cents
type ChargeOrder struct {
	OrderID string
	Cents   int64

	Provider *Provider `idem:"-"`
}

// Run charges, unless an attempt before this one has.
func (c ChargeOrder) Run(ctx context.Context) (Charge, error) {
	x := idem.FromContext(ctx)
	reference := idem.HashKey(x.Key) // the same for every attempt, and short enough for any provider
	if x.Attempt > 1 {
		charge, err := c.Provider.Find(ctx, reference)
		if !errors.Is(err, ErrNoCharge) {
			return charge, err
		}
	}
	charge, err := c.Provider.Charge(ctx, reference, c.Cents)
	if errors.Is(err, ErrDeclined) {
		return charge, idem.Fail("the card was declined", map[string]any{"code": "CARD_DECLINED"})
	}
	return charge, err
}

// A Charge is what the provider knows of a charge.
type Charge struct {
	ID    string `json:"id"`
	Cents int64  `json:"cents"`
}

// What the provider answers beside a charge.
var (
	ErrNoCharge = errors.New("the provider has no such charge")
	ErrDeclined = errors.New("the provider declined the card")
)

// A Provider is a client of the provider's API.
type Provider struct {
	URL    string
	Client *http.Client
}

// Charge makes a charge. The reference is the provider's idempotency key, and stands
// on the charge for as long as the provider keeps it.
func (p *Provider) Charge(ctx context.Context, reference string, cents int64) (Charge, error) {
	form := url.Values{"cents": {fmt.Sprint(cents)}, "reference": {reference}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/charges", strings.NewReader(form.Encode()))
	if err != nil {
		return Charge{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Idempotency-Key", reference)
	return p.do(req)
}

// Find looks for a charge by its reference. Its error is ErrNoCharge if there is none.
func (p *Provider) Find(ctx context.Context, reference string) (Charge, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/charges/"+reference, nil)
	if err != nil {
		return Charge{}, err
	}
	return p.do(req)
}

func (p *Provider) do(req *http.Request) (charge Charge, err error) {
	res, err := p.Client.Do(req)
	if err != nil {
		return charge, err
	}
	defer func() { _ = res.Body.Close() }()
	switch res.StatusCode {
	case http.StatusOK:
		return charge, json.NewDecoder(res.Body).Decode(&charge)
	case http.StatusNotFound:
		return charge, ErrNoCharge
	case http.StatusPaymentRequired:
		return charge, ErrDeclined
	}
	return charge, fmt.Errorf("the provider answers %s", res.Status)
}
