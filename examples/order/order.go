// Package order creates orders for clients that repeat a request until they get
// an answer.
//
// What it teaches: a handler task. The struct is plain data, as it came off the
// wire, and the code that does the work is given to the wrapper, with whatever
// it needs in its closure. The client chooses the key; match=all catches one that
// uses a key again for another order, which would otherwise be taken for a
// duplicate and dropped.
package order

//go:generate go tool idemgen

// CreateOrder is a client's request for an order.
//
//idem:task key=IdempotencyKey ttl=1h match=all
type CreateOrder struct {
	IdempotencyKey string // chosen by the client, new for each order
	Customer       string
	Lines          []Line
}

// A Line is an article and how many of it.
type Line struct {
	SKU   string
	Count int
}
