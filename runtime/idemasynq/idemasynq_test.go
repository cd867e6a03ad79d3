package idemasynq_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/idemgen/idemgen/internal/queuetest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemqueue"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/runtime/idemasynq"
)

const soon = 20 * time.Millisecond

// A queue is a server of asynq that charges the orders of a shop.
type queue struct {
	*queuetest.Shop
	t         *testing.T
	client    *asynq.Client
	inspector *asynq.Inspector
}

func open(t *testing.T) *queue {
	t.Helper()
	q := attach(t, queuetest.New(t))
	server, mux := charging(q.Redis.Addr, 4, q.Charge)
	require.NoError(t, server.Start(mux))
	t.Cleanup(server.Shutdown)
	return q
}

// attach returns the queue on a shop's Redis, without a server.
func attach(t *testing.T, shop *queuetest.Shop) *queue {
	t.Helper()
	redis := asynq.RedisClientOpt{Addr: shop.Redis.Addr}
	q := &queue{Shop: shop, t: t, client: asynq.NewClient(redis), inspector: asynq.NewInspector(redis)}
	t.Cleanup(func() { _, _ = q.client.Close(), q.inspector.Close() })
	return q
}

// charging returns a server that works so many tasks at once, and what it does.
func charging(redis string, concurrency int, charge *idem.Task[queuetest.Order, string]) (*asynq.Server, *asynq.ServeMux) {
	server := asynq.NewServer(asynq.RedisClientOpt{Addr: redis}, idemasynq.Configure(asynq.Config{
		Concurrency: concurrency, LogLevel: asynq.FatalLevel, TaskCheckInterval: soon, DelayedTaskCheckInterval: soon,
		RetryDelayFunc: func(int, error, *asynq.Task) time.Duration { return soon },
	}))
	mux := asynq.NewServeMux()
	mux.Handle("charge", idemasynq.NewHandler(idemasynq.JSON[queuetest.Order], charge.Run, idemqueue.WithDelay(soon)))
	return server, mux
}

// deliver has an order charged.
func (q *queue) deliver(payload string, opts ...asynq.Option) *asynq.TaskInfo {
	q.t.Helper()
	info, err := q.client.Enqueue(asynq.NewTask("charge", []byte(payload)), append(opts, asynq.Retention(time.Hour))...)
	require.NoError(q.t, err)
	return info
}

// becomes waits until a task is in a state.
func (q *queue) becomes(task *asynq.TaskInfo, state asynq.TaskState) *asynq.TaskInfo {
	q.t.Helper()
	var info *asynq.TaskInfo
	q.Eventually(state.String(), func() bool {
		var err error
		info, err = q.inspector.GetTaskInfo(task.Queue, task.ID)
		return err == nil && info.State == state
	})
	return info
}

func TestWhatIsDeliveredTwiceRunsOnce(t *testing.T) {
	q := open(t)
	var tasks []*asynq.TaskInfo
	for range 5 {
		tasks = append(tasks, q.deliver(`{"id":1}`))
	}
	for _, task := range tasks {
		q.becomes(task, asynq.TaskStateCompleted)
	}
	assert.Equal(t, 1, q.Runs(1))
}

func TestAHandlerThatFailsOrPanicsIsRetried(t *testing.T) {
	q := open(t)
	q.Behave(1, func(run int) error {
		switch run {
		case 1:
			return queuetest.ErrBroken
		case 2:
			panic("a bug")
		}
		return nil
	})
	task := q.becomes(q.deliver(`{"id":1}`), asynq.TaskStateCompleted)
	assert.Equal(t, 3, q.Runs(1))
	assert.Equal(t, 2, task.Retried)
}

func TestOneInProgressIsRetriedLaterAndThenAcknowledged(t *testing.T) {
	q := open(t)
	finish := q.Occupy(1)
	task := q.deliver(`{"id":1}`, asynq.MaxRetry(1))
	waiting := q.becomes(task, asynq.TaskStateRetry)
	assert.Contains(t, waiting.LastErr, "execution in progress")
	time.Sleep(10 * soon) // several tries, of which one is allowed to fail
	assert.NotEqual(t, asynq.TaskStateArchived, q.state(task))
	finish()
	task = q.becomes(task, asynq.TaskStateCompleted)
	assert.Zero(t, task.Retried, "waiting is no failed try")
	assert.Zero(t, q.Runs(1))
}

func (q *queue) state(task *asynq.TaskInfo) asynq.TaskState {
	q.t.Helper()
	info, err := q.inspector.GetTaskInfo(task.Queue, task.ID)
	require.NoError(q.t, err)
	return info.State
}

func TestWhatNoRetryMendsIsArchived(t *testing.T) {
	q := open(t)
	q.Interrupt(1)
	q.Behave(2, func(int) error { return idem.Fail("no money", nil) })
	for payload, reason := range map[string]string{
		`{"id":1}`: "the execution was interrupted",
		`{"id":2}`: "no money",
		`no JSON`:  "the message does not decode",
	} {
		task := q.becomes(q.deliver(payload), asynq.TaskStateArchived)
		assert.Contains(t, task.LastErr, reason)
		assert.Zero(t, task.Retried)
	}
	assert.Zero(t, q.Runs(1))

	// A person has looked, and lets it run.
	require.NoError(t, q.Charge.Forget(t.Context(), queuetest.Order{ID: 1}))
	archived, err := q.inspector.ListArchivedTasks("default")
	require.NoError(t, err)
	for _, task := range archived {
		if string(task.Payload) == `{"id":1}` {
			require.NoError(t, q.inspector.RunTask("default", task.ID))
			q.becomes(task, asynq.TaskStateCompleted)
		}
	}
	assert.Equal(t, 1, q.Runs(1))
}

func TestTheConfigurationsOwnFunctionsAreAskedForOtherErrors(t *testing.T) {
	config := idemasynq.Configure(asynq.Config{
		RetryDelayFunc: func(n int, err error, task *asynq.Task) time.Duration {
			assert.Equal(t, 3, n)
			assert.EqualError(t, err, "failed")
			assert.Equal(t, "charge", task.Type())
			return time.Hour
		},
		IsFailure: func(err error) bool { return err.Error() != "harmless" },
	})
	waiting := idemqueue.Judge(idem.ErrInProgress).Err()
	assert.Equal(t, 5*time.Second, config.RetryDelayFunc(3, waiting, nil))
	assert.False(t, config.IsFailure(waiting))
	failed := idemqueue.Judge(errors.New("failed")).Err()
	assert.Equal(t, time.Hour, config.RetryDelayFunc(3, failed, asynq.NewTask("charge", nil)))
	assert.True(t, config.IsFailure(failed))
	assert.False(t, config.IsFailure(errors.New("harmless")))

	config = idemasynq.Configure(asynq.Config{})
	assert.Positive(t, config.RetryDelayFunc(1, failed, asynq.NewTask("charge", nil)))
	assert.True(t, config.IsFailure(failed))
}

func TestAHandlersTaskHasItsContext(t *testing.T) {
	type key struct{}
	var got any
	handler := idemasynq.NewHandler(idemasynq.JSON[int], func(ctx context.Context, _ int) (idem.Result[string], error) {
		got = ctx.Value(key{})
		return idem.Result[string]{}, nil
	})
	ctx := context.WithValue(t.Context(), key{}, "asynq's")
	require.NoError(t, handler.ProcessTask(ctx, asynq.NewTask("charge", []byte("1"))))
	assert.Equal(t, "asynq's", got)
}

func TestAHandlersVerdictIsAsItsOptionsSay(t *testing.T) {
	handler := idemasynq.NewHandler(idemasynq.JSON[int], func(context.Context, int) (idem.Result[string], error) {
		return idem.Result[string]{}, idem.ErrInProgress
	}, idemqueue.WithDelay(time.Hour))
	v, ok := idemqueue.FromError(handler.ProcessTask(t.Context(), asynq.NewTask("charge", []byte("1"))))
	assert.True(t, ok)
	assert.Equal(t, idemqueue.Verdict{Action: idemqueue.Retry, Delay: time.Hour, Reason: idem.ErrInProgress}, v)
}

func TestJSONDecodesAPayload(t *testing.T) {
	payload, err := json.Marshal(queuetest.Order{ID: 7})
	require.NoError(t, err)
	order, err := idemasynq.JSON[queuetest.Order](asynq.NewTask("charge", payload))
	require.NoError(t, err)
	assert.Equal(t, queuetest.Order{ID: 7}, order)
}
