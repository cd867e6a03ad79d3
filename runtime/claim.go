package idem

import (
	"context"
	"fmt"
	"time"
)

// claim gets an answer or a claim from the store: one round trip where nobody
// was first, or where somebody has finished; otherwise it contends, waits, and
// contends again. A promoted follower contends at once: it knows that somebody
// was there.
func (c *call) claim(ctx context.Context, l *lead, contendFirst bool) (_ outcome, err error) {
	claim := Claim{
		ID: newID(), Lease: c.settings.lease, Retention: c.settings.lease + c.settings.ttl,
		Fingerprint: c.print, OnCrash: c.settings.onCrash,
	}
	w := waiter{call: c}
	defer w.stop()
	mine := false // our claim may stand although we do not hold it
	defer func() {
		if err != nil && mine {
			c.abandon(claim)
		}
	}()
	for {
		switch {
		case c.client.open.Err() != nil:
			return outcome{}, c.fail(ErrClosed, "", nil)
		case ctx.Err() != nil:
			return outcome{}, c.gaveUp(ctx)
		}
		claim.Now = time.Now()
		own := w.bound(ctx)
		first := !contendFirst
		reply, err := c.step(own, claim, first)
		if err != nil {
			mine = mine || !isPermanent(err)
			switch {
			case over(ctx):
				return outcome{}, c.gaveUp(ctx)
			case own.Err() != nil:
				return outcome{}, c.timeout()
			}
			return outcome{}, &storeFailure{err}
		}
		rec, err := ParseRecord(reply.Record)
		if err != nil {
			return outcome{}, &storeFailure{err}
		}
		contendFirst = true
		switch {
		case reply.Owned:
			h, left := c.hold(ctx, l, claim, reply, rec)
			if h != nil {
				return outcome{held: h}, nil
			}
			// Too little is left of the lease to start a task: claim it anew once
			// it is stale.
			mine = true
			if !time.Now().Before(c.waitEnd()) {
				return outcome{}, &storeFailure{fmt.Errorf("it takes too long to answer for a lease of %v", claim.Lease)}
			}
			if err := c.sleep(ctx, left); err != nil {
				return outcome{}, err
			}
		case rec.State == StateDone:
			return outcome{answer: &rec}, nil
		case c.mismatch(rec):
			return outcome{}, c.fail(ErrMismatch, "", nil)
		case first: // running or released: only contending can tell more
		case rec.State == StateRunning:
			left := rec.LeaseLeft(reply.TTL)
			if left <= 0 && c.settings.onCrash == CrashFail {
				return outcome{}, c.interrupted(rec)
			}
			l.progress(&rec)
			if err := w.wait(ctx, left); err != nil {
				return outcome{}, err
			}
		case rec.ID == claim.ID: // somebody forgot our claim before we could use it
			claim.ID = newID()
		default:
			return outcome{}, &storeFailure{fmt.Errorf("it neither claimed a %s record nor said why not", rec.State)}
		}
	}
}

// step claims or, where somebody was there, contends.
func (c *call) step(ctx context.Context, claim Claim, first bool) (Reply, error) {
	if first {
		return c.client.store.Claim(ctx, c.key, claim)
	}
	return c.client.store.Contend(ctx, c.key, claim)
}

func (c *call) interrupted(rec StoredRecord) error {
	return c.fail(ErrInterrupted, fmt.Sprintf("attempt %d, started %s, did not finish: Resolve or Forget it",
		rec.Attempt, rec.startedAt().UTC().Format(time.RFC3339)), nil)
}

// hold starts to keep a claim. It returns nil and what is left of the lease where
// that is too little to start a task.
func (c *call) hold(ctx context.Context, l *lead, claim Claim, reply Reply, rec StoredRecord) (*held, time.Duration) {
	left := rec.Lease
	if reply.TTL > 0 { // a resend may have found the claim of a sending before it
		left = min(left, rec.LeaseLeft(reply.TTL))
	}
	h := &held{
		Lease:    Lease{Key: c.key, Record: unmarked(reply.Record), Retention: rec.Retention},
		record:   rec,
		from:     reply.From,
		began:    claim.Now,
		call:     c,
		lead:     l,
		deadline: claim.Now.Add(left - margin(rec.Lease)),
		index:    -1,
	}
	h.ctx, h.cancel = context.WithCancelCause(executing{ctx, Execution{
		Key: c.key, ID: rec.ID, Attempt: rec.Attempt, Fence: rec.Fence,
	}})
	if !c.client.heart.keep(h) {
		h.cancel(nil)
		return nil, time.Until(claim.Now.Add(left))
	}
	return h, left
}

// sleep returns after d, or with an error if there is nothing to wake up for.
func (c *call) sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return c.gaveUp(ctx)
	case <-c.client.open.Done():
		return c.fail(ErrClosed, "", nil)
	}
}
