package idemriver_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/idemgen/idemgen/internal/postgrestest"
	"github.com/idemgen/idemgen/internal/queuetest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemqueue"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/runtime/idemriver"
)

const soon = 50 * time.Millisecond

// A chargeArgs is a job; its task is an order.
type chargeArgs struct {
	Order int  `json:"order"`
	Bad   bool `json:"bad"`
}

func (chargeArgs) Kind() string { return "charge" }

func order(job *river.Job[chargeArgs]) (queuetest.Order, error) {
	if job.Args.Bad {
		return queuetest.Order{}, errors.New("it is bad")
	}
	return queuetest.Order{ID: job.Args.Order}, nil
}

// retrySoon is a client's retry policy.
type retrySoon struct{}

func (retrySoon) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(soon) }

// A queue is a client of River that charges the orders of a shop.
type queue struct {
	*queuetest.Shop
	t      *testing.T
	driver *riverpgxv5.Driver
	client *river.Client[pgx.Tx]
}

func open(t *testing.T, url string) *queue {
	t.Helper()
	q := attach(t, queuetest.New(t), url)
	require.NoError(t, q.client.Start(context.Background()))
	t.Cleanup(func() { require.NoError(t, q.client.Stop(context.Background())) })
	return q
}

func connect(t *testing.T, url string) *riverpgxv5.Driver {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return riverpgxv5.New(pool)
}

func migrate(t *testing.T, url string) {
	t.Helper()
	migrator, err := rivermigrate.New(connect(t, url), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	_, err = migrator.Migrate(t.Context(), rivermigrate.DirectionUp, nil)
	require.NoError(t, err)
}

// attach returns the queue in a database, with a client that has not started.
func attach(t *testing.T, shop *queuetest.Shop, url string) *queue {
	t.Helper()
	q := &queue{Shop: shop, t: t, driver: connect(t, url)}
	var err error
	q.client, err = river.NewClient(q.driver, charging(shop.Charge, func(*river.Config) {}))
	require.NoError(t, err)
	return q
}

// charging returns how a client works a shop's jobs.
func charging(charge *idem.Task[queuetest.Order, string], change func(*river.Config)) *river.Config {
	workers := river.NewWorkers()
	river.AddWorker(workers, idemriver.NewWorker(order, charge.Run, idemqueue.WithDelay(soon)))
	config := &river.Config{
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}},
		Workers: workers, RetryPolicy: retrySoon{}, Logger: slog.New(slog.DiscardHandler),
		FetchPollInterval: soon, FetchCooldown: soon,
	}
	change(config)
	return config
}

func (q *queue) insert(args chargeArgs, maxAttempts int) *rivertype.JobRow {
	q.t.Helper()
	res, err := q.client.Insert(q.t.Context(), args, &river.InsertOpts{MaxAttempts: maxAttempts})
	require.NoError(q.t, err)
	return res.Job
}

// becomes waits until a job satisfies is.
func (q *queue) becomes(what string, job *rivertype.JobRow, is func(*rivertype.JobRow) bool) *rivertype.JobRow {
	q.t.Helper()
	var now *rivertype.JobRow
	q.Eventually(what, func() bool {
		var err error
		now, err = q.client.JobGet(q.t.Context(), job.ID)
		return err == nil && is(now)
	})
	return now
}

func in(state rivertype.JobState) func(*rivertype.JobRow) bool {
	return func(job *rivertype.JobRow) bool { return job.State == state }
}

// All tests share a server, which takes the longest of all to start.
func TestRiver(t *testing.T) {
	url := postgrestest.Start(t)
	migrate(t, url)
	t.Run("worker", func(t *testing.T) { testWorker(t, url) })
	t.Run("processes", func(t *testing.T) { testProcesses(t, url) })
}

func testWorker(t *testing.T, url string) {
	q := open(t, url)

	t.Run("what is inserted twice runs once", func(t *testing.T) {
		var jobs []*rivertype.JobRow
		for range 5 {
			jobs = append(jobs, q.insert(chargeArgs{Order: 1}, 5))
		}
		for _, job := range jobs {
			q.becomes("completed", job, in(rivertype.JobStateCompleted))
		}
		assert.Equal(t, 1, q.Runs(1))
	})

	t.Run("a worker that fails or panics is retried", func(t *testing.T) {
		q.Behave(2, func(run int) error {
			switch run {
			case 1:
				return queuetest.ErrBroken
			case 2:
				panic("a bug")
			}
			return nil
		})
		job := q.becomes("completed", q.insert(chargeArgs{Order: 2}, 5), in(rivertype.JobStateCompleted))
		assert.Equal(t, 3, q.Runs(2))
		assert.Equal(t, 3, job.Attempt)
		require.Len(t, job.Errors, 2)
		assert.Equal(t, queuetest.ErrBroken.Error(), job.Errors[0].Error)
	})

	t.Run("one in progress is snoozed and then completed", func(t *testing.T) {
		finish := q.Occupy(3)
		job := q.insert(chargeArgs{Order: 3}, 1)
		q.becomes("worked several times", job, func(now *rivertype.JobRow) bool {
			var meta struct{ Snoozes int }
			return assert.NoError(t, json.Unmarshal(now.Metadata, &meta)) && meta.Snoozes >= 3
		})
		finish()
		job = q.becomes("completed", job, in(rivertype.JobStateCompleted))
		assert.Equal(t, 1, job.Attempt, "waiting is no failed attempt")
		assert.Empty(t, job.Errors)
		assert.Zero(t, q.Runs(3))
	})

	t.Run("what no retry mends is cancelled", func(t *testing.T) {
		q.Interrupt(4)
		q.Behave(5, func(int) error { return idem.Fail("no money", nil) })
		for reason, args := range map[string]chargeArgs{
			"the execution was interrupted": {Order: 4},
			"no money":                      {Order: 5},
			"does not decode: it is bad":    {Order: 6, Bad: true},
		} {
			job := q.becomes("cancelled", q.insert(args, 5), in(rivertype.JobStateCancelled))
			assert.Equal(t, 1, job.Attempt)
			require.Len(t, job.Errors, 1)
			assert.Contains(t, job.Errors[0].Error, reason)
		}
		assert.Zero(t, q.Runs(4))

		// A person has looked, and lets it run.
		require.NoError(t, q.Charge.Forget(t.Context(), queuetest.Order{ID: 4}))
		job := q.becomes("completed", q.insert(chargeArgs{Order: 4}, 5), in(rivertype.JobStateCompleted))
		assert.Equal(t, 1, job.Attempt)
		assert.Equal(t, 1, q.Runs(4))
	})
}

func TestArgsAreTheTaskWhereItIsAJob(t *testing.T) {
	args, err := idemriver.Args(&river.Job[chargeArgs]{Args: chargeArgs{Order: 7}})
	require.NoError(t, err)
	assert.Equal(t, chargeArgs{Order: 7}, args)
}

func TestATaskHasItsJobsContext(t *testing.T) {
	type key struct{}
	var got any
	worker := idemriver.NewWorker(order, func(ctx context.Context, _ queuetest.Order) (idem.Result[string], error) {
		got = ctx.Value(key{})
		return idem.Result[string]{}, nil
	})
	require.NoError(t, worker.Work(context.WithValue(t.Context(), key{}, "the job's"), &river.Job[chargeArgs]{}))
	assert.Equal(t, "the job's", got)
}
