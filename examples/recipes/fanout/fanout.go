// Package fanout delivers an event to many endpoints.
//
// What it teaches: one task that starts many, each with a key of its own. Where some
// of them fail, the whole is tried again, and those that were done are duplicates.
package fanout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	idem "github.com/idemgen/idemgen/runtime"
)

//go:generate go tool idemgen

// PublishEvent delivers an event to every endpoint.
//
//idem:task key=EventID ttl=7d
type PublishEvent struct {
	EventID   string
	Body      string
	Endpoints []string

	Deliver *IdempotentDeliverEvent `idem:"-"`
}

// Run delivers to all at once. Its error says which failed.
func (p PublishEvent) Run(ctx context.Context) error {
	failed := make([]error, len(p.Endpoints))
	var deliveries sync.WaitGroup
	for i, endpoint := range p.Endpoints {
		deliveries.Go(func() {
			_, err := p.Deliver.Run(ctx, DeliverEvent{EventID: p.EventID, Endpoint: endpoint, Body: p.Body})
			if err != nil && !errors.Is(err, idem.ErrFailed) { // one that failed for good need not be tried again
				failed[i] = fmt.Errorf("%s: %w", endpoint, err)
			}
		})
	}
	deliveries.Wait()
	return errors.Join(failed...)
}

// DeliverEvent delivers an event to one endpoint.
//
//idem:task key=EventID,Endpoint ttl=14d
type DeliverEvent struct {
	EventID  string
	Endpoint string
	Body     string
}

// Run sends the event, with an ID by which the endpoint knows it again.
func (d DeliverEvent) Run(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Endpoint, strings.NewReader(d.Body))
	if err != nil {
		return idem.Fail("the endpoint is no URL", nil)
	}
	req.Header.Set("Idempotency-Key", idem.HashKey(idem.FromContext(ctx).Key))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	switch {
	case res.StatusCode == http.StatusGone:
		return idem.Fail("the endpoint is gone", nil)
	case res.StatusCode >= http.StatusMultipleChoices:
		return errors.New(res.Status)
	}
	return nil
}
