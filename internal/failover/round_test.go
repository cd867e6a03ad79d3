package failover_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

const (
	lease     = 3 * time.Second
	wait      = 5 * time.Second
	patience  = 6 * time.Second        // of a caller
	downAfter = 700 * time.Millisecond // how long a server is silent until it counts as failed
	answering = 250 * time.Millisecond // how long a server may take to answer a client, or WAIT its replicas
	pairs     = 10                     // of callers, at once
	held      = 30                     // of 100 tasks, those that take longer than the failover may
)

// A round is one failure, and what it did to many keys.
type round struct {
	t       *testing.T
	name    string
	newKey  func() string // of those that meet the failure
	random  *rand.Rand
	clients []redis.UniversalClient
	callers []*caller
	stop    chan struct{} // closed to let tasks end and to start no more
	pairs   sync.WaitGroup

	mu        sync.Mutex
	histories map[string]*history
}

// A caller is a process with a client of its own, as far as Redis can tell.
type caller struct {
	name   string
	round  *round
	client *idem.Client
	store  *redisstore.Store
	task   *idem.Task[job, string]
}

// A job is a task.
type job struct {
	key    string
	takes  time.Duration
	called time.Time
}

func newRound(t *testing.T, name string, newKey func() string) *round {
	seed := rand.Uint64()
	return &round{
		t: t, name: name, newKey: newKey, random: rand.New(rand.NewPCG(seed, 0)), stop: make(chan struct{}),
		histories: map[string]*history{},
	}
}

// join adds a caller.
func (r *round) join(name string, client redis.UniversalClient, opts ...redisstore.Option) *caller {
	c := &caller{name: name, round: r, store: redisstore.New(client, opts...)}
	c.client = idem.New(c.store, idem.WithLogger(slog.New(slog.DiscardHandler)),
		idem.WithObserver(func(_ context.Context, e idem.Event) { r.observe(e) }))
	c.task = idem.NewTask(c.client, idem.Spec[job, string]{
		Name: "f", Key: func(k *idem.KeyWriter, j job) { k.Part("key").String(j.key) }, Run: c.run,
	}, idem.WithLease(lease), idem.WithWait(wait), idem.WithTTL(time.Hour), idem.WithOnDuplicate(idem.PolicyReturnCached))
	r.callers = append(r.callers, c)
	r.clients = append(r.clients, client)
	return c
}

// keyPrefix is what the keys of tasks begin with.
const keyPrefix = "idempotency:f:"

// of returns a key's history.
func (r *round) of(key string) *history {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := r.histories[key]
	if h == nil {
		h = &history{}
		r.histories[key] = h
	}
	return h
}

func (r *round) observe(e idem.Event) {
	if e.Kind == idem.EventNotRecorded {
		r.of(e.Key[len(keyPrefix):]).observe(e)
	}
}

// run is the task. It has its effect at its end, if it still has its lease.
func (c *caller) run(ctx context.Context, j job) (string, error) {
	h := c.round.of(j.key)
	x := h.begin(idem.FromContext(ctx), c.name, j.called)
	end := time.After(j.takes)
	for over := false; !over; {
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case <-end:
			over = true
		case <-c.round.stop:
			over = true
		case <-time.After(10 * time.Millisecond):
		}
		if ctx.Err() == nil {
			h.mu.Lock()
			x.alive = time.Now()
			h.mu.Unlock()
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	x.effect = true
	return valueOf(x.id), nil
}

// call is one call, until its caller loses patience.
func (c *caller) call(key string, takes time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	res, err := c.task.Run(ctx, job{key, takes, time.Now()})
	c.round.of(key).returned(res, err)
}

// load lets pairs of callers want one key after the other, until the round is over.
func (r *round) load() {
	for range pairs {
		random := rand.New(rand.NewPCG(r.random.Uint64(), 0))
		r.pairs.Go(func() {
			for !r.over() {
				key := r.newKey()
				takes := time.Duration(random.Int64N(int64(20 * time.Millisecond)))
				second := time.Duration(random.Int64N(int64(30 * time.Millisecond)))
				first, other := r.callers[0], r.callers[1]
				if random.IntN(2) == 0 {
					first, other = other, first
				}
				var both sync.WaitGroup
				if random.IntN(100) < held {
					takes = time.Duration(random.Int64N(int64(3 * lease / 2)))
					r.pairs.Go(func() { first.call(key, takes) })
					r.pairs.Go(func() { time.Sleep(second); other.call(key, takes) })
					r.sleep(20*time.Millisecond, 100*time.Millisecond, random)
					continue
				}
				both.Go(func() { first.call(key, takes) })
				both.Go(func() { time.Sleep(second); other.call(key, takes) })
				both.Wait()
			}
		})
	}
}

func (r *round) over() bool {
	select {
	case <-r.stop:
		return true
	default:
		return false
	}
}

func (r *round) sleep(from, to time.Duration, random *rand.Rand) {
	time.Sleep(from + time.Duration(random.Int64N(int64(to-from))))
}

// audit calls every key once more.
func (r *round) audit(client redis.UniversalClient) {
	c := r.join("audit", client)
	keys := make(chan string)
	var auditors sync.WaitGroup
	for range 8 {
		auditors.Go(func() {
			for key := range keys {
				c.call(key, 0)
			}
		})
	}
	for key := range r.histories {
		keys <- key
	}
	close(keys)
	auditors.Wait()
}

// end lets everything come to its end.
func (r *round) end() {
	r.t.Helper()
	for i, c := range r.callers {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		require.NoError(r.t, c.client.Close(ctx), "%s, %s", r.name, c.name)
		cancel()
		_ = c.store.Close()
		if closer, ok := r.clients[i].(io.Closer); ok {
			_ = closer.Close()
		}
	}
}

// An outcome is what a round came to.
type outcome struct {
	losses
	keys, calls        int
	lossy              bool // anything was lost
	owners, two, twice int  // keys with two owners, with two effects that nobody was told of, and with such as somebody was
	errors             map[string]int
	problems           []string // what must not be, whatever happens
}

// judge looks at all histories.
func (r *round) judge() outcome {
	o := outcome{keys: len(r.histories), errors: map[string]int{}}
	for key, h := range r.histories {
		l := h.losses()
		o.claims += l.claims
		o.answers += l.answers
		o.warned += l.warned
		o.owners += count(l.twoOwners)
		o.two += count(l.effects)
		o.twice += count(l.toldOf)
		o.lossy = o.lossy || l.any()
		o.calls += len(h.told) + len(h.errors)
		for _, code := range h.errors {
			o.errors[code]++
			switch code {
			case "LEASE_LOST", "NOT_RECORDED", "STORE_UNAVAILABLE", "IDEMPOTENCY_TIMEOUT", "the caller's own deadline":
			default:
				o.problems = append(o.problems, fmt.Sprintf("key %s: a caller got %s", key, code))
			}
		}
	}
	return o
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
