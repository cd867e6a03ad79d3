package ops

import (
	"context"
	"errors"
	"fmt"

	idem "github.com/idemgen/idemgen/runtime"
)

// ErrChanged is the error of Forget and Resolve where the key holds another record
// than the one that was seen: look again.
var ErrChanged = errors.New("ops: the record has changed since it was looked at")

// Forget lets a task be executed again: see [idem.Client.Forget], whose errors it
// has. seen is the record as Get or List returned it; if the key holds another one,
// or that one in another state, the error is [ErrChanged]. A record that cannot be
// read is not forgotten: its error is idem.ErrCorrupt.
func (i *Inspector) Forget(ctx context.Context, seen Record) error {
	return i.tasks.Forget(ctx, seen.Key, seen.stillIs)
}

// Resolve records an answer by hand for an execution that was interrupted, released,
// or never seen: see [idem.Client.Resolve], whose errors it has. seen is the record
// as Get or List returned it, or one with nothing but a key for an execution of which
// nothing is stored. If the key holds another one, or that one in another state, the
// error is [ErrChanged].
func (i *Inspector) Resolve(ctx context.Context, seen Record, answer idem.Answer) error {
	if _, err := idem.ParseKey(seen.Key); err != nil {
		return err
	}
	return i.tasks.Resolve(ctx, seen.Key, answer, seen.stillIs)
}

// stillIs tells whether a record is the one that was seen.
func (r Record) stillIs(found idem.Record[struct{}]) error {
	if found.ID == r.ID && found.State == r.State && found.Attempt == r.Attempt {
		return nil
	}
	return fmt.Errorf("%w: %s was %s and is %s", ErrChanged, r.Key, sighting(r.ID, r.State, r.Attempt),
		sighting(found.ID, found.State, found.Attempt))
}

// sighting says what tells one record of a key from another.
func sighting(id string, state idem.State, attempt int) string {
	if state == "" {
		return "not there"
	}
	return fmt.Sprintf("%s (attempt %d, execution %s)", state, attempt, id)
}
