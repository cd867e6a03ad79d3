package transfer_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/examples/transfer"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

// crash leaves in the store what a process leaves that claims a key and dies.
// The fake clock of a synctest bubble makes the lease run out at once.
func crash(t *testing.T, store idem.Store, key string) {
	t.Helper()
	claim := idem.Claim{ID: "crashed", Now: time.Now(), Lease: 15 * time.Second, Retention: 24 * time.Hour}
	_, err := store.Claim(t.Context(), key, claim)
	require.NoError(t, err)
	time.Sleep(claim.Lease)
}

func TestAnInterruptedTransferWaitsForAnOperator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		send := transfer.NewIdempotentTransferFunds(idem.New(store))
		ledger := transfer.NewLedger(map[string]int64{"ada": 100})
		task := transfer.TransferFunds{From: "ada", To: "bob", Cents: 100, Reference: "gift", Ledger: ledger}
		key, err := send.Key(task)
		require.NoError(t, err)
		crash(t, store, key)

		_, err = send.Run(t.Context(), task)
		require.ErrorIs(t, err, idem.ErrInterrupted)
		record, err := send.Lookup(t.Context(), task)
		require.NoError(t, err)
		assert.Equal(t, idem.StateInterrupted, record.State)

		// The operator finds nothing in the ledger: Forget, and it runs.
		require.NoError(t, send.Forget(t.Context(), task))
		res, err := send.Run(t.Context(), task)
		require.NoError(t, err)
		assert.False(t, res.Duplicate)
		assert.Equal(t, int64(100), ledger.Cents("bob"))
	})
}

func TestAnInterruptedTransferThatWasBookedIsResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		send := transfer.NewIdempotentTransferFunds(idem.New(store))
		ledger := transfer.NewLedger(map[string]int64{"ada": 0, "bob": 100})
		task := transfer.TransferFunds{From: "ada", To: "bob", Cents: 100, Reference: "gift", Ledger: ledger}
		key, err := send.Key(task)
		require.NoError(t, err)
		crash(t, store, key)

		require.NoError(t, send.Resolve(t.Context(), task))
		res, err := send.Run(t.Context(), task)
		require.NoError(t, err)
		assert.True(t, res.Duplicate)
		assert.Equal(t, int64(100), ledger.Cents("bob"), "not booked again")
	})
}

func TestAnOvertakenOwnerIsRefusedByTheLedger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := memstore.New()
		send := transfer.NewIdempotentTransferFunds(idem.New(store), idem.WithOnCrash(idem.CrashRetry))
		ledger := transfer.NewLedger(map[string]int64{"ada": 100})
		task := transfer.TransferFunds{From: "ada", To: "bob", Cents: 50, Reference: "gift", Ledger: ledger}
		key, err := send.Key(task)
		require.NoError(t, err)
		asleep := time.Now().UnixMicro() // the fence of the owner that falls asleep now
		crash(t, store, key)

		_, err = send.Run(t.Context(), task)
		require.NoError(t, err)
		require.ErrorIs(t, ledger.Book(key, asleep, "ada", "bob", 50), transfer.ErrStale)
		assert.Equal(t, int64(50), ledger.Cents("bob"))
	})
}
