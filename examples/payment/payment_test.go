package payment_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/examples/payment"
	"github.com/idemgen/idemgen/runtime/idemtest"
)

// slowBank takes a minute for a charge.
type slowBank struct{ charges atomic.Int32 }

func (b *slowBank) Charge(context.Context, string, int64) (payment.Receipt, error) {
	b.charges.Add(1)
	time.Sleep(time.Minute)
	return payment.Receipt{ID: "r1"}, nil
}

func (b *slowBank) Find(context.Context, string) (payment.Receipt, error) {
	return payment.Receipt{}, payment.ErrNoCharge
}

func TestAnOrderIsChargedOnce(t *testing.T) {
	bank := &fakeBank{charges: map[string]payment.Receipt{}}
	pay := payment.NewIdempotentProcessPayment(idemtest.NewClient(t))
	task := payment.ProcessPayment{OrderID: 123, Amount: 9999, Bank: bank}

	first, err := pay.Run(t.Context(), task)
	require.NoError(t, err)
	second, err := pay.Run(t.Context(), task)
	require.NoError(t, err)

	assert.False(t, first.Duplicate)
	assert.True(t, second.Duplicate)
	assert.Len(t, bank.charges, 1)
}

func TestAnOrderIsChargedAgainAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bank := &slowBank{}
		pay := payment.NewIdempotentProcessPayment(idemtest.NewClient(t))
		task := payment.ProcessPayment{OrderID: 123, Amount: 9999, Bank: bank}

		for range 2 {
			_, err := pay.Run(t.Context(), task)
			require.NoError(t, err)
			time.Sleep(24 * time.Hour) // on the bubble's clock: no time at all
		}
		assert.Equal(t, int32(2), bank.charges.Load())
	})
}
