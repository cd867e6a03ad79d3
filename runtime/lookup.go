package idem

import "context"

// Lookup tells what is stored for task's key: also of an execution that runs,
// was interrupted, or was released without an answer. Its errors are
// ErrNotFound, ErrCorrupt and ErrUnavailable.
func (t *Task[T, R]) Lookup(ctx context.Context, task T) (Record[R], error) {
	c, err := t.call(ctx, task)
	if err != nil {
		return Record[R]{}, err
	}
	stored, reply, err := c.lookup(ctx)
	if err != nil {
		return Record[R]{}, err
	}
	if stored == nil {
		return Record[R]{}, c.fail(ErrNotFound, "", nil)
	}
	seen := c.sighting(stored, reply.TTL)
	r := Record[R]{
		Key: seen.Key, ID: seen.ID, State: seen.State, Attempt: seen.Attempt,
		StartedAt: seen.StartedAt, FinishedAt: seen.FinishedAt, ExpiresAt: seen.ExpiresAt,
	}
	if stored.State != StateDone {
		return r, nil
	}
	n, err := stored.note()
	if err != nil {
		return r, c.fail(ErrCorrupt, "its reason and metadata are no JSON", err)
	}
	r.Result = Result[R]{Status: stored.Status, Reason: n.Reason, Metadata: n.Metadata}
	if stored.HasValue && !t.void {
		r.Result.Value, err = t.value(c, stored)
	}
	return r, err
}

// lookup returns what is stored, read and as it is, or nil and an empty reply.
func (c *call) lookup(ctx context.Context) (*StoredRecord, Reply, error) {
	reply, err := c.client.store.Lookup(ctx, c.key)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, reply, c.gaveUp(ctx)
	case err != nil:
		return nil, reply, c.storeError(err)
	case reply.Record == nil:
		return nil, reply, nil
	}
	r, err := ParseRecord(reply.Record)
	if err != nil {
		return nil, reply, c.storeError(err)
	}
	return &r, reply, nil
}
