package sidebyside_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/examples/recipes/sidebyside"
	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// A bank counts how often each order is charged.
type bank struct {
	mu      sync.Mutex
	charges map[string]int
}

func (b *bank) charge(_ context.Context, orderID string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.charges[orderID]++
	return fmt.Sprintf("receipt for %s, charge %d", orderID, b.charges[orderID]), nil
}

func TestOldAndNewProcessesChargeAnOrderOnce(t *testing.T) {
	server := redistest.Start(t)
	b := &bank{charges: map[string]int{}}
	old := sidebyside.ByHand{Redis: server.Client(), Charge: b.charge}
	store := redisstore.New(server.Client())
	t.Cleanup(func() { require.NoError(t, store.Close()) })

	const orders, each = 10, 3 // of either kind
	var running sync.WaitGroup
	for i := range orders * each {
		orderID := strconv.Itoa(i % orders)
		want := fmt.Sprintf("receipt for %s, charge 1", orderID)
		running.Go(func() {
			receipt, err := old.Run(t.Context(), orderID)
			assert.NoError(t, err)
			assert.Equal(t, want, receipt)
		})
		running.Go(func() { // a client of its own, as in a process of its own
			charge := sidebyside.NewIdempotentChargeOrder(idem.New(store), sidebyside.Both(old))
			res, err := charge.Run(t.Context(), sidebyside.ChargeOrder{OrderID: orderID})
			assert.NoError(t, err)
			assert.Equal(t, want, res.Value)
		})
	}
	running.Wait()
	assert.Len(t, b.charges, orders)

	// The old code is gone. What it alone has charged still counts.
	_, err := old.Run(t.Context(), "old")
	require.NoError(t, err)
	charge := sidebyside.NewIdempotentChargeOrder(idem.New(store), sidebyside.After(old))
	for _, orderID := range []string{"old", "new", "new"} {
		res, err := charge.Run(t.Context(), sidebyside.ChargeOrder{OrderID: orderID})
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprintf("receipt for %s, charge 1", orderID), res.Value)
	}

	// So are its results, and the records of the deploys before count.
	require.NoError(t, server.Client().Del(t.Context(), "result:charge:old", "result:charge:0").Err())
	charge = sidebyside.NewIdempotentChargeOrder(idem.New(store), sidebyside.Alone(old))
	for _, orderID := range []string{"old", "new", "0", "newer"} {
		_, err := charge.Run(t.Context(), sidebyside.ChargeOrder{OrderID: orderID})
		require.NoError(t, err)
	}
	for orderID, n := range b.charges {
		assert.Equal(t, 1, n, "charges of order %s", orderID)
	}
}
