// Package transfer moves money between two accounts of a ledger.
//
// What it teaches:
//
//   - A key of four fields: what a transfer is, not who asks for it.
//   - Amounts are integers of cents, not floats. A float has no exact cents:
//     0.1+0.2 is 0.30000000000000004, so one transfer computed in two ways would
//     have two keys, and would be made twice.
//   - on-crash=fail: where nobody can tell whether an interrupted transfer was
//     booked, no caller may simply try again. They get idem.ErrInterrupted until
//     an operator has looked, and says Resolve (it was booked) or Forget (it was
//     not).
//   - The fence: a ledger that remembers the highest one it has seen refuses an
//     owner who was overtaken without knowing it, for instance because its
//     machine was suspended.
package transfer

import (
	"context"
	"errors"
	"sync"

	idem "github.com/idemgen/idemgen/runtime"
)

//go:generate go tool idemgen

// TransferFunds moves an amount from one account to another.
//
//idem:task key=From,To,Cents,Reference ttl=30d on-crash=fail
type TransferFunds struct {
	From      string
	To        string
	Cents     int64
	Reference string // as on the statement: tells two equal transfers apart

	Ledger *Ledger `idem:"-"`
}

// Run books the transfer.
func (t TransferFunds) Run(ctx context.Context) error {
	x := idem.FromContext(ctx)
	return t.Ledger.Book(x.Key, x.Fence, t.From, t.To, t.Cents)
}

// Errors of a ledger.
var (
	ErrStale = errors.New("a later owner has booked under this key")
	ErrFunds = errors.New("not enough money") // an ordinary error: there may be more tomorrow
)

// A Ledger holds accounts.
type Ledger struct {
	mu       sync.Mutex
	accounts map[string]int64
	fences   map[string]int64
}

// NewLedger returns a ledger with these accounts, in cents.
func NewLedger(accounts map[string]int64) *Ledger {
	return &Ledger{accounts: accounts, fences: map[string]int64{}}
}

// Cents returns what an account holds.
func (l *Ledger) Cents(account string) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.accounts[account]
}

// Book compares the fence and moves the money in one step: in a database, one
// transaction.
func (l *Ledger) Book(key string, fence int64, from, to string, cents int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case fence <= l.fences[key]:
		return ErrStale
	case l.accounts[from] < cents:
		return ErrFunds
	}
	l.fences[key] = fence
	l.accounts[from] -= cents
	l.accounts[to] += cents
	return nil
}
