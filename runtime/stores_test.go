package idem_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// onEachStore runs a test on every store that this repository has.
func onEachStore(t *testing.T, test func(t *testing.T, store idem.Store)) {
	t.Helper()
	t.Run("memstore", func(t *testing.T) { test(t, memstore.New()) })
	t.Run("redisstore", func(t *testing.T) { test(t, newRedisStore(t)) })
}

// newRedisStore returns a store on a Redis of the test's own.
func newRedisStore(t *testing.T) *redisstore.Store {
	t.Helper()
	store := redisstore.New(redistest.Start(t).Client())
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

// newClient returns a client that lets nothing run past the test. Two clients of
// one store stand for two processes: they share no flight.
func newClient(t *testing.T, store idem.Store, opts ...idem.Option) *idem.Client {
	t.Helper()
	c := idem.New(store, opts...)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, c.Close(ctx))
	})
	return c
}

// A payment is the task of most tests.
type payment struct {
	Order  int
	Amount int
}

// A receipt is what paying gives.
type receipt struct {
	Number string `json:"number"`
	Cents  int    `json:"cents"`
}

// paying returns the task of payments; run executes it.
func paying(c *idem.Client, run func(context.Context, payment) (receipt, error), opts ...idem.TaskOption) *idem.Task[payment, receipt] {
	return idem.NewTask(c, payments(run), opts...)
}

func payments(run func(context.Context, payment) (receipt, error)) idem.Spec[payment, receipt] {
	return idem.Spec[payment, receipt]{
		Name: "billing.Pay",
		Key:  func(k *idem.KeyWriter, p payment) { k.Part("Order").Int(int64(p.Order)) },
		Run:  run,
	}
}

// matching is paying where the amount must be the first execution's.
func matching(c *idem.Client, run func(context.Context, payment) (receipt, error), opts ...idem.TaskOption) *idem.Task[payment, receipt] {
	spec := payments(run)
	spec.Match = func(k *idem.KeyWriter, p payment) { k.Part("Amount").Int(int64(p.Amount)) }
	return idem.NewTask(c, spec, opts...)
}

const paymentKey = "idempotency:billing.Pay:17"

// a17 is the payment that tests make.
var a17 = payment{Order: 17, Amount: 999}

// paid is the receipt of a payment that went through.
func paid(_ context.Context, p payment) (receipt, error) {
	return receipt{Number: "R-1", Cents: p.Amount}, nil
}

// mustNotRun is the run of a task whose call must not execute it.
func mustNotRun(t *testing.T) func(context.Context, payment) (receipt, error) {
	return func(context.Context, payment) (receipt, error) {
		t.Error("the task was executed")
		return receipt{}, nil
	}
}

// vanish leaves a claim behind, as an owner does that dies in the middle. It is
// stale after lease.
func vanish(t *testing.T, store idem.Store, lease, ttl time.Duration) {
	t.Helper()
	reply, err := store.Claim(t.Context(), paymentKey, idem.Claim{
		ID: "vanished-owner-0000000", Now: time.Now(), Lease: lease, Retention: lease + ttl, OnCrash: idem.CrashRetry,
	})
	require.NoError(t, err)
	require.True(t, reply.Owned)
}

// A gate is a task that tells when it starts and waits to be let go.
type gate struct {
	started chan idem.Execution
	open    chan error // what the task returns
}

func newGate() *gate {
	return &gate{started: make(chan idem.Execution, 100), open: make(chan error)}
}

func (g *gate) run(ctx context.Context, p payment) (receipt, error) {
	g.started <- idem.FromContext(ctx)
	select {
	case err := <-g.open:
		return receipt{Number: "R-1", Cents: p.Amount}, err
	case <-ctx.Done():
		return receipt{}, context.Cause(ctx)
	}
}

// A returned is what a call in the background came to.
type returned struct {
	res idem.Result[receipt]
	err error
}

// start runs a payment in the background.
func start(ctx context.Context, task *idem.Task[payment, receipt], p payment) <-chan returned {
	c := make(chan returned, 1)
	go func() {
		res, err := task.Run(ctx, p)
		c <- returned{res, err}
	}()
	return c
}

// A log is an observer that keeps the kinds of all events.
type eventLog struct {
	mu     sync.Mutex
	events []idem.Event
}

func (l *eventLog) observe(_ context.Context, e idem.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

func (l *eventLog) kinds() []idem.EventKind {
	l.mu.Lock()
	defer l.mu.Unlock()
	var kinds []idem.EventKind
	for _, e := range l.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}
