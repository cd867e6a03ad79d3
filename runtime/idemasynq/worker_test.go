package idemasynq_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/idemgen/idemgen/internal/queuetest"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { queuetest.Main(m, serve) }

// serve is a worker's main.
func serve(ctx context.Context, w *queuetest.Worker) error {
	server, mux := charging(w.Redis, 1, w.Charge)
	if err := server.Start(mux); err != nil {
		return err
	}
	<-ctx.Done()
	server.Shutdown() // waits for what is under way
	return nil
}

func TestProcesses(t *testing.T) {
	queuetest.Processes(t, func(t *testing.T, shop *queuetest.Shop) queuetest.Queue { return attach(t, shop) })
}

func (q *queue) Name() string { return "default" }

func (q *queue) Deliver(order int) { q.deliver(fmt.Sprintf(`{"id":%d}`, order)) }

func (q *queue) Settled() bool {
	info, err := q.inspector.GetQueueInfo("default")
	return assert.NoError(q.t, err) && info.Pending+info.Active+info.Scheduled+info.Retry == 0
}

func (q *queue) Dead(order int) string {
	q.t.Helper()
	archived, err := q.inspector.ListArchivedTasks("default")
	require.NoError(q.t, err)
	for _, task := range archived {
		if string(task.Payload) == fmt.Sprintf(`{"id":%d}`, order) {
			return task.LastErr
		}
	}
	return ""
}

// Redeliver dates back the leases of tasks. asynq's are of 30 s, and it waits 30 s more;
// neither can be set. All else is as after that minute: a server that starts finds
// the leases expired, and has their tasks retried.
func (q *queue) Redeliver() {
	q.t.Helper()
	const leases = "asynq:{default}:lease"
	client := q.Client()
	active, err := q.inspector.ListActiveTasks("default")
	require.NoError(q.t, err)
	require.NotEmpty(q.t, active)
	for _, task := range active {
		changed, err := client.ZAddArgs(q.t.Context(), leases, redis.ZAddArgs{
			XX: true, Ch: true, Members: []redis.Z{{Member: task.ID}},
		}).Result()
		require.NoError(q.t, err)
		require.EqualValues(q.t, 1, changed, "asynq keeps leases elsewhere")
	}
}
