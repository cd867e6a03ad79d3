// Package queuetest is what the tests of the queues' adapters share: a task on a real
// Redis, and what can happen to it.
package queuetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// Patience is how long a queue may take to do what a test waits for.
const Patience = time.Minute

// ErrBroken is a task's ordinary error.
var ErrBroken = errors.New("the bank does not answer")

// An Order is the task.
type Order struct {
	ID int `json:"id"`
}

// A Shop charges orders, each once.
type Shop struct {
	// Charge is the task as a worker has it: it never waits, and leaves what was
	// interrupted to a person.
	Charge *idem.Task[Order, string]
	// Redis is where its records are.
	Redis *redistest.Server

	t *testing.T

	mu      sync.Mutex
	runs    map[int]int
	behaves map[int]func(run int) error
}

// New opens a shop on a Redis of the test's own.
func New(t *testing.T) *Shop {
	t.Helper()
	s := &Shop{t: t, Redis: redistest.Start(t), runs: map[int]int{}, behaves: map[int]func(int) error{}}
	store := redisstore.New(s.Redis.Client())
	client := idem.New(store)
	t.Cleanup(func() { require.NoError(t, client.Close(context.Background())) })
	s.Charge = charging(client, s.run)
	return s
}

func charging(
	client *idem.Client, run func(context.Context, Order) (string, error), opts ...idem.TaskOption,
) *idem.Task[Order, string] {
	return idem.NewTask(client, idem.Spec[Order, string]{
		Name: "shop.Charge",
		Key:  func(k *idem.KeyWriter, o Order) { k.Part("ID").Int(int64(o.ID)) },
		Run:  run,
	}, append([]idem.TaskOption{
		idem.WithWait(0), idem.WithOnCrash(idem.CrashFail), idem.WithOnDuplicate(idem.PolicyReturnCached),
	}, opts...)...)
}

func (s *Shop) run(_ context.Context, o Order) (string, error) {
	s.mu.Lock()
	s.runs[o.ID]++
	run, behave := s.runs[o.ID], s.behaves[o.ID]
	s.mu.Unlock()
	if behave != nil {
		if err := behave(run); err != nil {
			return "", err
		}
	}
	return "receipt", nil
}

// Behave says what an order's runs come to, counted from 1. Without it they succeed.
func (s *Shop) Behave(order int, behave func(run int) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaves[order] = behave
}

// Runs returns how often an order was charged here.
func (s *Shop) Runs(order int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.runs[order]
}

// Occupy charges an order in another process, which takes until finish is called.
func (s *Shop) Occupy(order int) (finish func()) {
	s.t.Helper()
	running, done, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	client := idem.New(redisstore.New(s.Redis.Client()))
	other := charging(client, func(context.Context, Order) (string, error) {
		close(running)
		<-done
		return "receipt", nil
	})
	go func() {
		_, err := other.Run(context.Background(), Order{order})
		ended <- err
	}()
	<-running
	finish = sync.OnceFunc(func() {
		close(done)
		require.NoError(s.t, <-ended)
	})
	s.t.Cleanup(finish)
	return finish
}

// Interrupt leaves an order as a process does that vanishes while it charges it.
func (s *Shop) Interrupt(order int) {
	s.t.Helper()
	key, err := s.Charge.Key(Order{order})
	require.NoError(s.t, err)
	const lease = time.Millisecond
	_, err = redisstore.New(s.Redis.Client()).Claim(s.t.Context(), key, idem.Claim{
		ID: "a-process-that-is-gone", Now: time.Now(), Lease: lease, Retention: time.Hour,
	})
	require.NoError(s.t, err)
	s.Eventually("the lease has run out", func() bool {
		r, err := s.Charge.Lookup(s.t.Context(), Order{order})
		return err == nil && r.State == idem.StateInterrupted
	})
}

// Recorded tells whether an order's answer stands.
func (s *Shop) Recorded(order int) bool {
	r, err := s.Charge.Lookup(s.t.Context(), Order{order})
	return err == nil && r.State == idem.StateDone
}

// Eventually waits until something holds.
func (s *Shop) Eventually(what string, holds func() bool) {
	s.t.Helper()
	require.Eventually(s.t, holds, Patience, 5*time.Millisecond, what)
}

// Client returns another client of the shop's Redis.
func (s *Shop) Client() *redis.Client { return s.Redis.Client() }
