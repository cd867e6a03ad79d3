package queuetest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// workerVariable holds a [Worker] as JSON; a test binary that finds it set is one.
const workerVariable = "IDEMGEN_QUEUE_WORKER"

// A Worker is a process of its own that charges the orders of a queue, one at a time.
type Worker struct {
	Redis   string // the address of the shop's
	Queue   string // what a [Queue] calls itself
	OnCrash idem.CrashPolicy
	Lease   time.Duration

	// Charge is the task. Each of its executions is noted on Redis as soon as it
	// begins, which is its effect. One that is held goes on when it is let go.
	Charge *idem.Task[Order, string] `json:"-"`

	redis *redis.Client
}

// What workers and their shop tell each other by Redis.
func effects(order int) string { return fmt.Sprintf("effects:%d", order) } // the attempts
func hold(order int) string    { return fmt.Sprintf("hold:%d", order) }

const told = "told" // the worker has been told to end

// Main is the main of an adapter's tests. In a process that they start as a worker it
// calls serve, with a context that ends when the process is told to by SIGTERM.
func Main(m *testing.M, serve func(ctx context.Context, w *Worker) error) {
	worker := os.Getenv(workerVariable)
	if worker == "" {
		os.Exit(m.Run())
	}
	if err := work(worker, serve); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func work(worker string, serve func(ctx context.Context, w *Worker) error) error {
	w := &Worker{}
	if err := json.Unmarshal([]byte(worker), w); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	w.redis = redis.NewClient(&redis.Options{Addr: w.Redis})
	noted := make(chan struct{})
	unasked := context.AfterFunc(ctx, func() {
		defer close(noted)
		w.redis.Set(context.Background(), told, 1, 0)
	})
	client := idem.New(redisstore.New(w.redis))
	w.Charge = charging(client, w.run, idem.WithOnCrash(w.OnCrash), idem.WithLease(w.Lease))
	if err := serve(ctx, w); err != nil {
		return err
	}
	if !unasked() { // the shop waits to read that it was told
		<-noted
	}
	return client.Close(context.Background())
}

// run does not heed its context: what a bank was told it cannot be told not to do.
func (w *Worker) run(ctx context.Context, o Order) (string, error) {
	attempt := idem.FromContext(ctx).Attempt
	ctx = context.WithoutCancel(ctx)
	if err := w.redis.RPush(ctx, effects(o.ID), attempt).Err(); err != nil {
		return "", err
	}
	w.wait(ctx, o.ID)
	return fmt.Sprintf("receipt of attempt %d", attempt), nil
}

func (w *Worker) wait(ctx context.Context, order int) {
	for w.redis.Exists(ctx, hold(order)).Val() == 1 {
		time.Sleep(5 * time.Millisecond)
	}
}

// hold keeps an order's execution in the middle of it until letGo is called.
func (s *Shop) hold(order int) (letGo func()) {
	s.t.Helper()
	s.Redis.Do("set", hold(order), 1)
	return func() { s.Redis.Do("del", hold(order)) }
}

// effects returns the attempts at which workers have charged an order.
func (s *Shop) effects(order int) []int {
	s.t.Helper()
	var attempts []int
	for _, text := range s.Redis.Do("lrange", effects(order), 0, -1).([]any) {
		attempt, err := strconv.Atoi(text.(string))
		require.NoError(s.t, err)
		attempts = append(attempts, attempt)
	}
	return attempts
}

// A process is a [Worker] as its shop sees it.
type process struct {
	*exec.Cmd
	t *testing.T
}

// hire starts a worker, which is killed when the test ends.
func (s *Shop) hire(w Worker) *process {
	s.t.Helper()
	w.Redis = s.Redis.Addr
	text, err := json.Marshal(w)
	require.NoError(s.t, err)
	p := &process{exec.Command(os.Args[0]), s.t}
	p.Env = append(os.Environ(), workerVariable+"="+string(text))
	p.Stdout, p.Stderr = os.Stdout, os.Stderr
	require.NoError(s.t, p.Start())
	s.t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	_ = p.Process.Kill()
	_ = p.Wait()
}

// tell tells a worker to end, and returns when it knows.
func (s *Shop) tell(p *process) {
	s.t.Helper()
	s.Redis.Do("del", told)
	require.NoError(s.t, p.Process.Signal(syscall.SIGTERM))
	s.Eventually("the worker knows that it is to end", func() bool { return s.Redis.Do("exists", told) == int64(1) })
}

// ends waits until a worker that was told to has ended, of its own will.
func (p *process) ends() {
	p.t.Helper()
	require.NoError(p.t, p.Wait())
}
