package idemriver_test

import (
	"context"
	"testing"
	"time"

	"github.com/idemgen/idemgen/internal/queuetest"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { queuetest.Main(m, serve) }

// serve is a worker's main. It leaves the upkeep of the database to the test.
func serve(ctx context.Context, w *queuetest.Worker) error {
	pool, err := pgxpool.New(ctx, w.Queue)
	if err != nil {
		return err
	}
	defer pool.Close()
	client, err := river.NewClient(riverpgxv5.New(pool), charging(w.Charge, func(c *river.Config) {
		c.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 1}}
		c.LeaderElectionDisabled = true
	}))
	if err != nil {
		return err
	}
	if err := client.Start(context.Background()); err != nil {
		return err
	}
	<-ctx.Done()
	return client.Stop(context.Background()) // waits for what is under way
}

func testProcesses(t *testing.T, url string) {
	queuetest.Processes(t, func(t *testing.T, shop *queuetest.Shop) queuetest.Queue {
		return &fleet{attach(t, shop, url), url, map[int]*rivertype.JobRow{}}
	})
}

// A fleet is a queue whose workers are processes.
type fleet struct {
	*queue
	url  string
	jobs map[int]*rivertype.JobRow // by their orders
}

func (f *fleet) Name() string { return f.url }

func (f *fleet) Deliver(order int) { f.jobs[order] = f.insert(chargeArgs{Order: order}, 2) }

func (f *fleet) job(order int) *rivertype.JobRow {
	f.t.Helper()
	job, err := f.client.JobGet(f.t.Context(), f.jobs[order].ID)
	require.NoError(f.t, err)
	return job
}

func (f *fleet) Settled() bool {
	for order := range f.jobs {
		if f.job(order).FinalizedAt == nil {
			return false
		}
	}
	return true
}

func (f *fleet) Dead(order int) string {
	f.t.Helper()
	job := f.job(order)
	if job.State == rivertype.JobStateCompleted {
		return ""
	}
	assert.Equal(f.t, rivertype.JobStateCancelled, job.State)
	return job.Errors[len(job.Errors)-1].Error
}

// Redeliver starts a client that works no order but keeps the database, and waits until
// it has rescued the killed worker's jobs. It looks for them when it starts, and then
// every 30 s, which cannot be set.
func (f *fleet) Redeliver() {
	f.t.Helper()
	const stuck = 10 * time.Millisecond
	running := func() (jobs []*rivertype.JobRow) {
		for order := range f.jobs {
			if job := f.job(order); job.State == rivertype.JobStateRunning {
				jobs = append(jobs, job)
			}
		}
		return jobs
	}
	require.NotEmpty(f.t, running())
	for _, job := range running() {
		f.Eventually("the job counts as stuck", func() bool { return time.Since(*job.AttemptedAt) > stuck })
	}
	keeper, err := river.NewClient(f.driver, charging(f.Charge, func(c *river.Config) {
		c.Queues = map[string]river.QueueConfig{"none": {MaxWorkers: 1}}
		c.JobTimeout, c.RescueStuckJobsAfter = stuck, stuck
	}))
	require.NoError(f.t, err)
	require.NoError(f.t, keeper.Start(context.Background()))
	f.t.Cleanup(func() { require.NoError(f.t, keeper.Stop(context.Background())) })
	f.Eventually("the jobs are rescued", func() bool { return len(running()) == 0 })
}
