package outbox_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/examples/recipes/outbox"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemtest"
)

func TestAMessageThatIsSentTwiceCountsOnce(t *testing.T) {
	shop, warehouse := outbox.NewDB(nil), outbox.NewDB(map[string]int{"tea": 10, "jam": 10})
	reserve := outbox.NewIdempotentReserveStock(idemtest.NewClient(t))
	for _, o := range []outbox.Order{{ID: "o1", SKU: "tea", Count: 2}, {ID: "o2", SKU: "jam", Count: 1}} {
		require.NoError(t, outbox.PlaceOrder(shop, o))
	}
	var sent []string
	crash := errors.New("the relay died before it noted that it had sent")
	send := func(ctx context.Context, m outbox.Message) error {
		sent = append(sent, m.ID)
		_, err := reserve.Run(ctx, outbox.ReserveStock{
			MessageID: m.ID, SKU: m.Order.SKU, Count: m.Order.Count, Warehouse: warehouse,
		})
		if len(sent) == 1 && err == nil {
			return crash
		}
		return err
	}
	require.ErrorIs(t, outbox.Relay(t.Context(), shop, send), crash)
	require.NoError(t, outbox.Relay(t.Context(), shop, send))
	assert.Equal(t, []string{"o1", "o1", "o2"}, sent)
	assert.Equal(t, 8, warehouse.Stock("tea"))
	assert.Equal(t, 9, warehouse.Stock("jam"))
	require.NoError(t, outbox.Relay(t.Context(), shop, send))
	assert.Len(t, sent, 3, "the outbox is empty")
}

// The answer in Redis is lost, or was never written, after the transaction was
// committed.
func TestAnAttemptAfterOneThatHasCommittedChangesNothing(t *testing.T) {
	warehouse := outbox.NewDB(map[string]int{"tea": 10})
	reserve := outbox.NewIdempotentReserveStock(idemtest.NewClient(t))
	task := outbox.ReserveStock{MessageID: "o1", SKU: "tea", Count: 2, Warehouse: warehouse}
	_, err := reserve.Run(t.Context(), task)
	require.NoError(t, err)
	require.NoError(t, reserve.Forget(t.Context(), task))
	res, err := reserve.Run(t.Context(), task)
	require.NoError(t, err)
	assert.False(t, res.Duplicate, "it ran again")
	assert.Equal(t, 8, warehouse.Stock("tea"))
}

func TestAnOwnerThatWasOvertakenIsRefused(t *testing.T) {
	warehouse := outbox.NewDB(map[string]int{"tea": 10})
	client := idemtest.NewClient(t)
	var owner idem.Execution
	task := outbox.ReserveStock{MessageID: "o1", SKU: "tea", Count: 2, Warehouse: warehouse}
	key, err := outbox.NewIdempotentReserveStock(client).Key(task)
	require.NoError(t, err)
	_, err = outbox.NewIdempotentReserveStock(client).Run(t.Context(), task)
	require.NoError(t, err)
	require.NoError(t, warehouse.Tx(func(rows *outbox.Rows) error {
		owner.Fence = rows.Executions[key]
		return nil
	}))
	require.Positive(t, owner.Fence)

	enter := func(fence int64) (first bool, err error) {
		err = warehouse.Tx(func(rows *outbox.Rows) error {
			first, err = rows.Enter(key, fence)
			return err
		})
		return first, err
	}
	_, err = enter(owner.Fence - 1)
	require.ErrorIs(t, err, outbox.ErrStale)
	first, err := enter(owner.Fence + 1)
	require.NoError(t, err)
	assert.False(t, first)
}
