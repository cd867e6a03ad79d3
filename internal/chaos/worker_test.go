package chaos_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/redis/go-redis/v9"
)

const (
	lease   = 400 * time.Millisecond
	wait    = 3 * time.Second
	callers = 6 // in each worker

	// The keys of a while: everybody wants one of a few, and they change.
	keysAtOnce = 8
	keysLive   = 500 * time.Millisecond

	// stampEvery is how often a task looks whether it still has its lease. Past
	// stampGap it knows that it was not running meanwhile, and gives the runtime
	// settleTime to find that out as well before it believes anything.
	stampEvery = 4 * time.Millisecond
	stampGap   = 20 * time.Millisecond
	settleTime = 20 * time.Millisecond
)

// setupVariable holds a worker's setup; a test binary that finds it set is one.
const setupVariable = "IDEMGEN_CHAOS_WORKER"

// A setup is what a worker is told.
type setup struct {
	Name   string
	Addr   string
	Ledger string
	Seed   uint64
	Start  time.Time // of the round

	Pattern string // whose worker it is, where patterns are compared
}

var errDeclined = errors.New("declined")

// A worker is a process that calls tasks until its standard input ends.
type worker struct {
	setup
	ledger *ledger
}

// A job is a task: its key, and what is to happen in it.
type job struct {
	Key      string
	call     string
	takes    time.Duration
	declines bool
	stubborn bool // goes on when its context has ended
}

func work(text string) {
	w := &worker{}
	if err := json.Unmarshal([]byte(text), &w.setup); err != nil {
		panic(err)
	}
	var err error
	if w.ledger, err = openLedger(w.Ledger); err != nil {
		panic(err)
	}
	client := newClient(w.Addr)
	defer func() { _ = client.Close() }()
	p := patterns[len(patterns)-1]
	if i := slices.IndexFunc(patterns, func(p pattern) bool { return p.name == w.Pattern }); i >= 0 {
		p = patterns[i]
	}
	do, end := p.open(client, w)

	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if w.Pattern != "" {
		w.pairs(ctx, do)
	} else {
		w.contend(ctx, do)
	}
	closing, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := end(closing); err != nil {
		w.ledger.write(entry{Op: "left", Text: err.Error()})
	}
}

// contend lets all callers want a few keys that change.
func (w *worker) contend(ctx context.Context, do doer) {
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(w.Seed, uint64(i)))
			for n := 0; ctx.Err() == nil; n++ {
				w.call(do, fmt.Sprintf("%s-%d-%d", w.Name, i, n), random)
			}
		})
	}
	wg.Wait()
}

// newClient has little patience: what go-redis would wait out in silence is to
// reach the runtime.
func newClient(addr string) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr: addr, MaxRetries: 1, DialerRetries: 1,
		DialTimeout: lease, ReadTimeout: lease / 2, WriteTimeout: lease / 2,
	})
}

func newTask(client *idem.Client, run func(context.Context, job) (string, error)) *idem.Task[job, string] {
	return idem.NewTask(client, idem.Spec[job, string]{
		Name: "chaos.Job",
		Key:  func(k *idem.KeyWriter, j job) { k.Part("Key").String(j.Key) },
		Run:  run,
	}, idem.WithLease(lease), idem.WithWait(wait), idem.WithTTL(time.Hour), idem.WithOnDuplicate(idem.PolicyReturnCached))
}

// call makes one call of a key that others call as well.
func (w *worker) call(do doer, id string, random *rand.Rand) {
	epoch := int(time.Since(w.Start) / keysLive)
	j := job{
		Key: fmt.Sprintf("%d-%d", epoch, random.IntN(keysAtOnce)), call: id,
		takes: time.Duration(random.Int64N(int64(lease / 2))), declines: random.IntN(6) == 0, stubborn: random.IntN(4) == 0,
	}
	if random.IntN(3) == 0 {
		j.takes += time.Duration(random.Int64N(int64(2 * lease)))
	}
	patience := 8 * time.Second
	if random.IntN(6) == 0 {
		patience = time.Duration(random.Int64N(int64(lease)))
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w.ledger.write(entry{Op: "call", Call: id, Key: j.Key})
	res, err := do(ctx, j)
	w.ledger.write(returned(id, j.Key, res, err))
	time.Sleep(time.Duration(random.Int64N(int64(20 * time.Millisecond))))
}

// returned is the entry of what a call came to.
func returned(id, key string, res idem.Result[string], err error) entry {
	e := entry{Op: "return", Call: id, Key: key, Value: res.Value, Dup: res.Duplicate, Failed: err != nil}
	if err == nil {
		return e
	}
	e.Text = err.Error()
	switch e.Code = idem.Code(err); {
	case e.Code != "":
	case errors.Is(err, errDeclined):
		e.Code = "declined"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		e.Code = "cancelled"
	}
	return e
}

// run is the task. It writes down that it begins, when it last knew that it had its
// lease, and its effect.
func (w *worker) run(ctx context.Context, j job) (string, error) {
	x := idem.FromContext(ctx)
	x.ID = cmp.Or(x.ID, j.call) // other patterns have none
	e := entry{Call: j.call, Key: j.Key, ID: x.ID, Attempt: x.Attempt, Fence: x.Fence, Value: "by " + x.ID}
	write := func(op string, at time.Time) {
		e.Op, e.Time = op, at.UnixNano()
		w.ledger.write(e)
	}
	alive, ok := settled(ctx, time.Now())
	write("begin", alive)
	begun := alive
	for ok && time.Since(begun) < j.takes {
		time.Sleep(stampEvery)
		at, still := settled(ctx, alive)
		if ok = still; ok {
			alive = at
		}
	}
	if ok {
		write("alive", alive)
	}
	switch {
	case !ok && !j.stubborn:
		return "", context.Cause(ctx)
	case j.declines:
		return "", errDeclined
	}
	write("effect", alive)
	return e.Value, nil
}

// settled returns the time, and whether the task had its lease then. A process that
// was stopped needs a moment to find out that its lease has gone.
func settled(ctx context.Context, last time.Time) (time.Time, bool) {
	now := time.Now()
	for now.Sub(last) > stampGap {
		last = now
		time.Sleep(settleTime / 2)
		now = time.Now()
	}
	return now, ctx.Err() == nil
}
