package main

import (
	"context"
	"errors"
)

// A contestant is one way to execute a task once and to give a duplicate the first
// one's result.
type contestant struct {
	name string
	role role
	does traits
	open func(addr string) (*runner, error)
}

// A role is what a contestant is there for.
type role string

const (
	subject     role = "subject"     // idemgen
	protocol    role = "protocol"    // the same commands without idemgen around them
	floor       role = "floor"       // the least that can be asked of Redis
	alternative role = "alternative" // what else people use
	outer       role = "outer limit" // another client of Redis
)

// traits are what a contestant does, for the table that says what it does not do.
type traits struct {
	First, Duplicate int    // round trips
	Exclusive        string // where it keeps two callers from executing at once
	WakeUp           string // where those who wait learn of the end at once
	Replay           bool   // a duplicate gets the result, as a part of the deal
	Renewal          bool   // an execution may last longer than its lock by itself
	CompareAndSet    bool   // a result is refused once somebody else has taken over
	Fence            bool   // a number that grows with every claim, for others to compare
}

var contestants = []contestant{
	idemgen,
	protocolPool, protocolAuto,
	floorPool, floorAuto,
	redislockFirst, redislockLook,
	redsyncLock,
	fiberMiddleware,
	rueidisProtocol,
}

// A runner is a contestant at work.
type runner struct {
	first     func(ctx context.Context, id string) error
	duplicate func(ctx context.Context, id string) error
	close     func() error
}

var (
	errNotFirst     = errors.New("a first execution was taken for a duplicate")
	errNotDuplicate = errors.New("a duplicate was executed")
)

// once is for contestants that find out by themselves which of the two a caller is.
func once(do func(ctx context.Context, id string) (replayed bool, err error), closing func() error) *runner {
	return &runner{
		first: func(ctx context.Context, id string) error {
			replayed, err := do(ctx, id)
			if err == nil && replayed {
				return errNotFirst
			}
			return err
		},
		duplicate: func(ctx context.Context, id string) error {
			replayed, err := do(ctx, id)
			if err == nil && !replayed {
				return errNotDuplicate
			}
			return err
		},
		close: closing,
	}
}
