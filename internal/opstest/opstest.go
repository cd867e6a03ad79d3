// Package opstest stores records in every state, for tests of what looks at them.
package opstest

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
)

// The keys of records in every state.
const (
	Running     = "idempotency:billing.Pay:17"
	Interrupted = "idempotency:transfer.TransferFunds:ada:bob:750:rent%20May"
	Released    = "idempotency:billing.Pay:18"
	Done        = "idempotency:billing.Pay:19"
	Failed      = "idempotency:billing.Pay@v2:20"
	Skipped     = "idempotency:webhook.Deliver:evt_1"
	Corrupt     = "idempotency:billing.Pay:21"
)

// ID is the execution's of all records.
const ID = "WlRkO8ndhPUn3ZbZLuyB9w"

// A Stored is a record with its key.
type Stored struct {
	Key    string
	Record idem.StoredRecord
	TTL    time.Duration
}

// Records are one in each state, of three tasks. What runs does so for some days to
// come.
func Records() []Stored {
	now := time.Now()
	const day = 24 * time.Hour
	started := func(ago time.Duration) (at, fence int64) {
		at = now.Add(-ago).UnixMicro()
		return at, at
	}
	var r []Stored
	add := func(key string, ago, ttl time.Duration, record idem.StoredRecord) {
		record.ID = ID
		record.Started, record.Fence = started(ago)
		record.Attempt = max(record.Attempt, 1)
		r = append(r, Stored{key, record, ttl})
	}
	add(Running, 90*time.Second, 3*day, idem.StoredRecord{
		State: idem.StateRunning, Waiting: true, Lease: 2 * day, Retention: 3 * day,
	})
	add(Interrupted, 3*time.Hour, 30*day-3*time.Hour+15*time.Second, idem.StoredRecord{
		State: idem.StateRunning, Attempt: 2, Lease: 15 * time.Second, Retention: 30*day + 15*time.Second, Fingerprint: "abc",
	})
	add(Released, 10*time.Minute, day, idem.StoredRecord{State: idem.StateReleased, Attempt: 3})
	add(Done, 2*time.Hour, 22*time.Hour, idem.StoredRecord{
		State: idem.StateDone, Status: idem.StatusSuccess, Took: 1500 * time.Millisecond,
		Codec: "json", HasValue: true, Value: []byte(`{"receipt":"R-19","note":"two\nlines"}`),
	})
	add(Failed, time.Hour, 23*time.Hour, idem.StoredRecord{
		State: idem.StateDone, Status: idem.StatusFailed, Took: 20 * time.Millisecond,
		Note: []byte(`{"reason":"card expired","metadata":{"code":"CARD_EXPIRED"}}`),
	})
	add(Skipped, time.Minute, day, idem.StoredRecord{State: idem.StateDone, Status: idem.StatusSkipped})
	return r
}

// Seed stores [Records], and under [Corrupt] something that is none.
func Seed(ctx context.Context, client redis.Cmdable) error {
	for _, s := range Records() {
		if err := client.Set(ctx, s.Key, s.Record.Bytes(), s.TTL).Err(); err != nil {
			return err
		}
	}
	return client.Set(ctx, Corrupt, "i2 running \x1b[31m\n", time.Hour).Err()
}

// Fill stores n finished records of a task named bulk.Work, each with a value of
// size bytes.
func Fill(ctx context.Context, client redis.UniversalClient, n, size int) error {
	done := idem.StoredRecord{
		State: idem.StateDone, Status: idem.StatusSuccess, ID: ID, Attempt: 1, Fence: 1, Started: time.Now().UnixMicro(),
		Codec: "json", HasValue: true, Value: make([]byte, size),
	}.Bytes()
	pipe := client.Pipeline()
	for i := range n {
		pipe.Set(ctx, fmt.Sprintf("idempotency:bulk.Work:%d", i), done, time.Hour)
		if pipe.Len() == 1000 || i == n-1 {
			if _, err := pipe.Exec(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
