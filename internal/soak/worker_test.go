package soak_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

const (
	lease       = time.Second
	ttl         = 2 * time.Second
	forgotten   = lease + time.Minute // how long a forgotten key's trace is kept
	connections = 8                   // for commands
	pipelines   = 4                   // for pipelines, which go-redis keeps apart
	memoryLimit = 64 << 20            // GOMEMLIMIT, in bytes
	callers     = 16
	keys        = 300
	bigResult   = 32 << 10
)

// workerVariable holds the address of the worker's Redis; a test binary that finds it
// set is one.
const workerVariable = "IDEMGEN_SOAK_WORKER"

// A sample is what a worker says of itself when a stretch of load is over, and all
// that it had under way.
type sample struct {
	Calls      int
	Outcomes   map[string]int
	Goroutines int
	Heap       uint64 // bytes that are reachable
	Resident   int    // bytes of the process; 0 where the system does not tell
}

// A job is a call: of which key, and what its task does.
type job struct {
	key  int
	does string
}

// doings are what tasks do, the more often the higher the number.
var doings = map[string]int{
	"answers": 40, "answers at length": 6, "fails": 6, "fails for good": 4, "is skipped": 2, "panics": 2,
	"outlives its lease": 1, "is given up": 6, "does not wait": 6, "is looked up": 6, "is forgotten": 3, "is resolved": 3,
}

// work is a worker's main: for every duration on its standard input it makes calls
// for as long, and answers with a sample.
func work(addr string) {
	redis.SetLogger(silent{})
	client := redis.NewClient(&redis.Options{Addr: addr, PoolSize: connections, PipelinePoolSize: pipelines})
	store := redisstore.New(client)
	idemClient := idem.New(store, idem.WithLogger(slog.New(slog.DiscardHandler)))
	spec := idem.Spec[job, string]{
		Name: "soak.Job", Key: func(k *idem.KeyWriter, j job) { k.Part("key").Int(int64(j.key)) }, AllowEmpty: true, Run: run,
	}
	opts := []idem.TaskOption{
		idem.WithLease(lease), idem.WithTTL(ttl), idem.WithWait(2 * lease), idem.WithOnDuplicate(idem.PolicyReturnCached),
	}
	patient := idem.NewTask(idemClient, spec, opts...)
	hasty := idem.NewTask(idemClient, spec, append(opts, idem.WithWait(0))...)
	var names []string
	for name, often := range doings {
		for range often {
			names = append(names, name)
		}
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		stretch, err := time.ParseDuration(lines.Text())
		if err != nil {
			panic(err)
		}
		s := load(patient, hasty, names, stretch)
		settle(&s)
		line, _ := json.Marshal(s)
		fmt.Println(string(line))
	}
	if err := idemClient.Close(context.Background()); err != nil {
		panic(err)
	}
	_ = store.Close()
	_ = client.Close()
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// load makes calls for a while.
func load(patient, hasty *idem.Task[job, string], names []string, stretch time.Duration) sample {
	s := sample{Outcomes: map[string]int{}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	end := time.Now().Add(stretch)
	for range callers {
		wg.Go(func() {
			for time.Now().Before(end) {
				j := job{rand.IntN(keys), names[rand.IntN(len(names))]}
				outcome := call(patient, hasty, j)
				mu.Lock()
				s.Calls++
				s.Outcomes[outcome]++
				mu.Unlock()
				time.Sleep(time.Duration(rand.Int64N(int64(20 * time.Millisecond))))
			}
		})
	}
	wg.Wait()
	return s
}

// call makes one call and tells what came of it.
func call(patient, hasty *idem.Task[job, string], j job) (outcome string) {
	defer func() {
		if p := recover(); p != nil {
			outcome = fmt.Sprint(p)
		}
	}()
	ctx := context.Background()
	task := patient
	switch j.does {
	case "is given up":
		short, cancel := context.WithTimeout(ctx, time.Duration(rand.Int64N(int64(5*time.Millisecond))))
		defer cancel()
		ctx = short
	case "does not wait":
		task = hasty
	case "is looked up":
		_, err := patient.Lookup(ctx, j)
		return told("found", err)
	case "is forgotten":
		return told("forgotten", patient.Forget(ctx, j))
	case "is resolved":
		return told("resolved", patient.Resolve(ctx, j, "by hand"))
	}
	res, err := task.Run(ctx, j)
	if res.Duplicate && err == nil {
		return "duplicate"
	}
	return told("executed", err)
}

var (
	errFails = errors.New("the task failed")
	panicked = "the task panicked"
)

func told(fine string, err error) string {
	switch code := idem.Code(err); {
	case err == nil:
		return fine
	case code != "":
		return code
	case errors.Is(err, errFails):
		return "failed"
	case errors.Is(err, context.DeadlineExceeded):
		return "given up"
	}
	return err.Error()
}

// run is the task.
func run(ctx context.Context, j job) (string, error) {
	takes := time.Duration(rand.Int64N(int64(5 * time.Millisecond)))
	if j.does == "outlives its lease" {
		takes = lease * 3 / 2
	}
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-time.After(takes):
	}
	switch j.does {
	case "answers at length":
		return strings.Repeat("x", bigResult), nil
	case "fails":
		return "", errFails
	case "fails for good":
		return "", idem.Fail("for good", map[string]any{"code": "FOR_GOOD"})
	case "is skipped":
		return "", idem.Skip("not needed", nil)
	case "panics":
		panic(panicked)
	}
	return "answer", nil
}

// settle waits until what goes on in the background has ended, and measures what is
// left.
func settle(s *sample) {
	time.Sleep(lease)
	end := time.Now().Add(30 * time.Second)
	for same := 0; same < 20 && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if n := runtime.NumGoroutine(); n == s.Goroutines {
			same++
		} else {
			s.Goroutines, same = n, 0
		}
	}
	runtime.GC() // twice, since pools keep what they hold over the first
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.Heap = m.HeapAlloc
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		if _, rest, ok := strings.Cut(string(status), "VmRSS:"); ok {
			_, _ = fmt.Sscanf(rest, "%d", &s.Resident)
			s.Resident <<= 10
		}
	}
}
