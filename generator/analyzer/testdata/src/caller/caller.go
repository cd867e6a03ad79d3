// Package caller calls the tasks of another package.
package caller

import (
	"context"

	"github.com/idemgen/idemgen/generator/analyzer/testdata/src/wrapped"
)

type outer struct{ *wrapped.Pay }

type own struct{ wrapped.Pay }

func (own) Run(context.Context) error { return nil }

func call(ctx context.Context) {
	_ = wrapped.Pay{ID: 1}.Run(ctx) // want `bypasses wrapped.IdempotentPay`
	_ = outer{}.Run(ctx)            // want `bypasses wrapped.IdempotentPay`
	_ = own{}.Run(ctx)
	_ = own{}.Pay.Run(ctx) // want `bypasses wrapped.IdempotentPay`

	s := &wrapped.Send[int]{}
	_, _ = s.Deliver(ctx) // want `bypasses wrapped.Sending`
	_ = s.Run(ctx)

	_ = wrapped.Pay{}.Run(ctx) //idem:direct the caller holds a lock
	//idem:direct the caller holds a lock
	_ = wrapped.Pay{}.Run(ctx)
	_ = wrapped.Pay{}.Run(ctx) //idem:direct // want `//idem:direct needs a reason`
}
