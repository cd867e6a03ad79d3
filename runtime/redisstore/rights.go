package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
)

// The probe's records expire by themselves.
const (
	maxProbeKeys   = 100_000 // of which each primary with a slot has some
	probeLease     = 100 * time.Millisecond
	probeRetention = 2 * time.Second
)

// checkRights tries each step of the store: on a Cluster, where every server has
// users of its own, at each primary. What Redis answers to a step that it refuses
// is a finding; an error is one of the network.
func (c *checker) checkRights(ctx context.Context) error {
	keys, err := c.probeKeys(ctx)
	if err != nil {
		return err
	}
	for _, node := range slices.Sorted(maps.Keys(keys)) {
		key := keys[node]
		if err := c.checkSteps(ctx, node, key); err != nil {
			return err
		}
		publisher := redis.Cmdable(c.store.client)
		if master := c.masters[node]; master != nil {
			publisher = master
		}
		if err := c.wakeUps(node, publisher.Publish(ctx, key, "").Err()); err != nil {
			return err
		}
	}
	limited, stop := context.WithTimeout(ctx, probeRetention)
	defer stop()
	_, cancel, err := c.store.Subscribe(limited, c.store.probeKey+":"+rand.Text())
	if err == nil {
		cancel()
	}
	return c.wakeUps("", err)
}

// probeKeys returns a key for each primary that answers, by the primary's name.
func (c *checker) probeKeys(ctx context.Context) (map[string]string, error) {
	key := c.store.probeKey + ":" + rand.Text()
	cluster, ok := c.store.client.(*redis.ClusterClient)
	if !ok {
		return map[string]string{"": key}, nil
	}
	keys := make(map[string]string)
	for n := 0; n < maxProbeKeys && len(keys) < len(c.masters); n++ {
		key := key + strconv.Itoa(n)
		master, err := cluster.MasterForKey(ctx, key)
		if err != nil {
			return nil, err
		}
		if name := master.Options().Addr; c.masters[name] != nil {
			keys[name] = key
		}
	}
	return keys, nil
}

func (c *checker) checkSteps(ctx context.Context, node, key string) error {
	s := c.store
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
			f := Finding{
				Subject: "rights",
				Problem: fmt.Sprintf("%s is refused, so tasks do not run as they should: %v", step.name, err),
				Remedy:  "grant the rights that the documentation of package redisstore lists; for keys of another prefix, see WithProbeKey",
			}
			if !isDenied(err) {
				f.Subject, f.Remedy = "refusal", "mend what Redis complains of"
			}
			c.add(node, f)
		case s.replicas.count == 0:
			return err
		}
	}
	return nil
}

// wakeUps tells of a refusal to publish or to subscribe, without which waiters
// poll. Any other error it returns.
func (c *checker) wakeUps(node string, err error) error {
	silent := errors.Is(err, context.DeadlineExceeded)
	if !isReply(err) && !silent {
		return err
	}
	if silent {
		err = errors.New("there is no answer")
	}
	c.add(node, Finding{
		Subject: "wake-ups",
		Problem: fmt.Sprintf("those who wait for an execution poll for its end, since publishing or subscribing is refused: %v", err),
		Remedy:  "grant +publish, +subscribe and +unsubscribe, and channels of the keys' names (&)",
	})
	return nil
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
