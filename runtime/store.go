package idem

import (
	"context"
	"errors"
	"time"
)

// A Store keeps one record per key and changes it in the atomic steps of the
// protocol. It knows nothing of tasks, results or policies, only what a
// record's header says ([ParseRecord]), and is used by many goroutines at once.
// Package storetest says, as tests, what every method must do.
//
// No method blocks past the end of its context. What a method had already sent
// by then may still take effect. Errors are what the store itself says, with
// two exceptions: ErrCorrupt, for a key that holds something else than a record
// with an expiry, and [Permanent] errors.
type Store interface {
	// Claim writes c's record if the key is absent. The reply's record is what
	// the key holds now; it is Owned if that is c's own record, written now or
	// by an earlier sending of the same claim.
	Claim(ctx context.Context, key string, c Claim) (Reply, error)

	// Contend claims a key that is released, absent, or stale where c.OnCrash
	// is CrashRetry: c's record replaces the old one with its attempt plus one
	// and a fence above its own. A record that c does not match is left alone,
	// whatever its state. A record that carries c's own ID is c's
	// already: Owned as it stands while its lease lives, claimed anew once it
	// is stale, left alone if it was released. Every other running record gets
	// its waiting mark set.
	Contend(ctx context.Context, key string, c Claim) (Reply, error)

	// Heartbeat sets the expiry of each held claim to its retention again, if
	// the key still holds that claim's record (waiting mark aside). It reports
	// each claim once, as soon as it is known: nil, ErrLeaseLost if the key
	// holds something else, or the error that kept it from knowing. Reports of
	// one call are never concurrent. It returns after the last one.
	Heartbeat(ctx context.Context, held []Lease, report func(i int, err error))

	// Replace is the compare-and-set behind complete, release, forget and
	// resolve: it puts s.New in place of s.Old, and tells whether New stands
	// now. An error beside true is a warning about how safely it stands.
	Replace(ctx context.Context, key string, s Swap) (bool, error)

	// Lookup returns what the key holds; the reply's record is nil if nothing.
	Lookup(ctx context.Context, key string) (Reply, error)

	// Subscribe returns once no later wake-up for key can be missed. A value
	// arrives on wake after every Replace of a marked record, and may arrive
	// for less. cancel ends the subscription.
	Subscribe(ctx context.Context, key string) (wake <-chan struct{}, cancel func(), err error)
}

// A Claim is what a caller asks a store for: to become a key's owner.
type Claim struct {
	ID          string    // the execution's ID and the claim's token
	Now         time.Time // the caller's clock: the start, and the fence of a fresh key
	Lease       time.Duration
	Retention   time.Duration // lease + ttl: the running record's expiry
	Fingerprint string        // of the match fields, or empty; see Matches
	OnCrash     CrashPolicy
}

// Record returns the running record that claims an absent key: attempt 1, with
// the caller's clock in microseconds as its fence, or the nearest number that can
// be one.
func (c Claim) Record() StoredRecord {
	now := min(max(c.Now.UnixMicro(), 1), maxFence/2)
	return StoredRecord{
		State: StateRunning, ID: c.ID, Attempt: 1, Fence: now, Started: now,
		Lease: c.Lease, Retention: c.Retention, Fingerprint: c.Fingerprint,
	}
}

// Over returns the running record that claims a key in place of old: one
// attempt and at least one fence later.
func (c Claim) Over(old StoredRecord) StoredRecord {
	r := c.Record()
	r.Attempt = old.Attempt + 1
	r.Fence = max(old.Fence+1, r.Fence)
	return r
}

// Matches tells whether r may belong to the same task as c: their fingerprints
// are equal, or one of them has none, as after Forget or where match was added
// to a task that is in use.
func (c Claim) Matches(r StoredRecord) bool {
	return c.Fingerprint == "" || r.Fingerprint == "" || c.Fingerprint == r.Fingerprint
}

// A Reply is what a store answers.
type Reply struct {
	Record []byte        // the key's value after the step, to be read only; nil if it is absent
	Owned  bool          // the record is the caller's own claim
	From   State         // what an owned record replaced: running, released or, if nothing, ""
	TTL    time.Duration // until the key expires; zero where Claim cannot know
}

// A Lease is a claim as its owner holds it.
type Lease struct {
	Key       string
	Record    []byte // without the waiting mark
	Retention time.Duration
}

// A Swap is one compare-and-set.
type Swap struct {
	// Old is the record to be replaced. A running one is compared without its
	// waiting mark, and if it carries the mark those who wait are woken.
	Old []byte
	// New takes its place. Where the key holds New already, a sending before
	// this one has done the work, and Replace says true.
	New []byte
	// TTL is New's expiry.
	TTL time.Duration
	// IfAbsent also writes New where the key is absent.
	IfAbsent bool
}

// Permanent marks a store's error as one that no retry will mend, for instance
// a missing right, so that nobody waits for it to pass.
func Permanent(err error) error { return &permanentError{err} }

type permanentError struct{ error }

func (e *permanentError) Unwrap() error { return e.error }

func isPermanent(err error) bool {
	var p *permanentError
	return errors.As(err, &p) || errors.Is(err, ErrCorrupt)
}
