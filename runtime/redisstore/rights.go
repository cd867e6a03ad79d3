package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// The probe's records expire by themselves.
const (
	probeLease     = 100 * time.Millisecond
	probeRetention = 2 * time.Second
)

// checkRights tries each step of the store on a key of its own. What Redis
// answers to a step that it refuses is a finding; an error is one of the network.
func (c *checker) checkRights(ctx context.Context) error {
	s := c.store
	key := s.probeKey + ":" + rand.Text()
	owner, other := probe(), probe()
	own := owner.Record().Bytes()
	steps := []struct {
		name string
		try  func() error
	}{
		{"claim", func() error { _, err := s.Claim(ctx, key, owner); return err }},
		{"contend", func() error { _, err := s.Contend(ctx, key, other); return err }}, // sets the mark
		{"heartbeat", func() error { return s.heartbeat(ctx, key, own) }},
		{"lookup", func() error { _, err := s.Lookup(ctx, key); return err }},
		{"complete", func() error {
			done := idem.StoredRecord{State: idem.StateDone, Status: idem.StatusSuccess, ID: owner.ID, Attempt: 1}
			_, err := s.Replace(ctx, key, idem.Swap{Old: own, New: done.Bytes(), TTL: probeRetention})
			return err
		}},
	}
	for _, step := range steps {
		err := step.try()
		switch {
		case err == nil, errors.Is(err, idem.ErrLeaseLost):
		case isReply(err):
			c.add("", Finding{
				Subject: "rights",
				Problem: fmt.Sprintf("%s is refused, so tasks do not run as they should: %v", step.name, err),
				Remedy:  "grant the rights that the documentation of package redisstore lists; for keys of another prefix, see WithProbeKey",
			})
		case s.replicas.count == 0:
			return err
		}
	}
	return c.checkWakeUps(ctx, key)
}

// checkWakeUps tries to publish and to subscribe, without which waiters poll.
func (c *checker) checkWakeUps(ctx context.Context, key string) error {
	err := c.store.client.Publish(ctx, key, "").Err()
	if err == nil {
		var cancel func()
		if _, cancel, err = c.store.Subscribe(ctx, key); err == nil {
			cancel()
		}
	}
	if isReply(err) {
		c.add("", Finding{
			Subject: "wake-ups",
			Problem: fmt.Sprintf("those who wait for an execution poll for its end, since publishing or subscribing is refused: %v", err),
			Remedy:  "grant +publish, +subscribe and +unsubscribe, and channels of the keys' names (&)",
		})
		return nil
	}
	return err
}

// heartbeat beats for one claim.
func (s *Store) heartbeat(ctx context.Context, key string, record []byte) (err error) {
	lease := idem.Lease{Key: key, Record: record, Retention: probeRetention}
	s.Heartbeat(ctx, []idem.Lease{lease}, func(_ int, e error) { err = e })
	return err
}

func probe() idem.Claim {
	return idem.Claim{
		ID: rand.Text(), Now: time.Now(), Lease: probeLease, Retention: probeRetention, OnCrash: idem.CrashRetry,
	}
}
