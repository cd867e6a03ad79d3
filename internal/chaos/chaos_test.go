package chaos_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

const (
	durationVariable = "CHAOS"      // how long the torture lasts
	seedVariable     = "CHAOS_SEED" // the first round's; by default another every time
	usually          = 2 * time.Minute
	roundTime        = 8 * time.Second
	workers          = 3
)

// TestMain is also the main of workers.
func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	if setup := os.Getenv(setupVariable); setup != "" {
		work(setup)
		return
	}
	os.Exit(m.Run())
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func TestNothingThatHappensToProcessesBreaksAPromise(t *testing.T) {
	duration, seed := usually, rand.Uint64N(1e9)
	if text := os.Getenv(durationVariable); text != "" {
		var err error
		duration, err = time.ParseDuration(text)
		require.NoError(t, err, durationVariable)
	}
	if text := os.Getenv(seedVariable); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err, seedVariable)
	}
	var total figures
	rounds := 0
	for end := time.Now().Add(duration); rounds == 0 || time.Until(end) > roundTime/2; rounds++ {
		name := fmt.Sprintf("%s=%d", seedVariable, seed)
		if !t.Run(name, func(t *testing.T) { total.add(torture(t, seed, min(roundTime, time.Until(end)))) }) {
			break
		}
		seed++
	}
	t.Logf("%d rounds: %d calls, %d executions, %d of them not the first of their key, %d effects, %d duplicates; errors: %v",
		rounds, total.Calls, total.Executions, total.TakenOver, total.Effects, total.Duplicates, total.Errors)
	require.Positive(t, total.Effects)
}

// A round is one Redis and its workers, for a while.
type round struct {
	t        *testing.T
	seed     uint64
	keeps    bool // Redis keeps its data across a restart
	server   *redistest.Server
	proxies  []*proxy // of each worker
	ledger   *ledger
	path     string
	start    time.Time
	workers  []*process
	launched uint64
	pattern  string // whose workers they are, where patterns are compared
}

// torture runs a round and checks what came of it.
func torture(t *testing.T, seed uint64, duration time.Duration) figures {
	t.Helper()
	r := &round{t: t, seed: seed, keeps: seed%4 != 0, start: time.Now(), workers: make([]*process, workers)}
	var config []string
	if r.keeps {
		config = []string{"appendonly yes", "appendfsync always"}
	}
	r.server = redistest.Start(t, redistest.WithConfig(config...))
	r.path = filepath.Join(t.TempDir(), "ledger.jsonl")
	var err error
	r.ledger, err = openLedger(r.path)
	require.NoError(t, err)
	for i := range workers {
		r.proxies = append(r.proxies, startProxy(t, r.server.Addr))
		r.startWorker(i)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	var happened []string
	for time.Since(r.start) < duration {
		f := pick(random)
		happened = append(happened, fmt.Sprintf("%6.3fs %s", time.Since(r.start).Seconds(), f.name))
		f.do(r, random)
		r.sleep(random, 20*time.Millisecond, lease)
	}
	r.heal()
	for _, w := range r.workers {
		w.end(t)
	}
	r.audit()
	require.NoError(t, r.ledger.file.Close())

	entries, err := readLedger(r.path)
	require.NoError(t, err)
	broken, f, histories := check(entries)
	for _, h := range histories {
		switch result, info := h.linearizable(); result {
		case porcupine.Illegal:
			picture := r.keep("history.html")
			require.NoError(t, porcupine.VisualizePath(record.ToModel(), info, picture))
			broken = append(broken, fmt.Sprintf("key %s: no order of its calls makes sense: see %s", h.key, picture))
		case porcupine.Unknown:
			broken = append(broken, fmt.Sprintf("key %s: porcupine has not made up its mind", h.key))
		}
	}
	if len(broken) > 0 {
		text, _ := os.ReadFile(r.path)
		path := r.keep("ledger.jsonl")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		t.Errorf("%s=%d (Redis keeps its data: %v)\n%s\nledger: %s\nwhat happened:\n%s", seedVariable, seed, r.keeps,
			strings.Join(broken, "\n"), path, strings.Join(happened, "\n"))
	}
	return f
}

func (r *round) heal() {
	for _, p := range r.proxies {
		p.heal()
	}
}

// keep returns where a file of a failed round stays.
func (r *round) keep(name string) string {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("idemgen-chaos-%d", r.seed))
	require.NoError(r.t, os.MkdirAll(dir, 0o700))
	return filepath.Join(dir, name)
}

// lossy does something in which Redis loses its data, unless it keeps it.
func (r *round) lossy(do func()) {
	if r.keeps {
		do()
		return
	}
	r.ledger.write(entry{Op: "loss"})
	do()
	r.ledger.write(entry{Op: "recovered"})
}

// audit calls every key once more, when all is well: it must get what all others
// got.
func (r *round) audit() {
	entries, err := readLedger(r.path)
	require.NoError(r.t, err)
	keys := map[string]bool{}
	for _, e := range entries {
		if e.Key != "" {
			keys[e.Key] = true
		}
	}
	client := newClient(r.server.Addr)
	defer func() { _ = client.Close() }()
	store := redisstore.New(client)
	defer func() { _ = store.Close() }()
	idemClient := idem.New(store, idem.WithLogger(slog.New(slog.DiscardHandler)))
	w := &worker{ledger: r.ledger}
	task := newTask(idemClient, w.run)
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		id := "audit-" + key
		r.ledger.write(entry{Op: "call", Call: id, Key: key})
		res, err := task.Run(context.Background(), job{Key: key, call: id})
		r.ledger.write(returned(id, key, res, err))
		if err != nil {
			r.t.Errorf("%s=%d: when all was well, key %s gave %v", seedVariable, r.seed, key, err)
		}
	}
}

// A process is a worker, as the round sees it.
type process struct {
	cmd   *exec.Cmd
	input io.WriteCloser
	ended chan struct{} // closed when it has
	err   error         // with which it ended
}

func (r *round) startWorker(i int) {
	r.t.Helper()
	r.launched++
	text, err := json.Marshal(setup{
		Name: fmt.Sprint(r.launched), Addr: r.proxies[i].addr, Ledger: r.path, Seed: r.seed<<16 + r.launched, Start: r.start,
		Pattern: r.pattern,
	})
	require.NoError(r.t, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), setupVariable+"="+string(text))
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	require.NoError(r.t, err)
	require.NoError(r.t, cmd.Start())
	w := &process{cmd: cmd, input: input, ended: make(chan struct{})}
	go func() {
		w.err = cmd.Wait()
		close(w.ended)
	}()
	r.workers[i] = w
	r.t.Cleanup(func() { _ = cmd.Process.Kill() })
}

func (w *process) kill() {
	_ = w.cmd.Process.Kill()
	<-w.ended
}

func (w *process) stop() { _ = w.cmd.Process.Signal(syscall.SIGSTOP) }
func (w *process) goOn() { _ = w.cmd.Process.Signal(syscall.SIGCONT) }

// end lets a worker finish what it does.
func (w *process) end(t *testing.T) {
	t.Helper()
	_ = w.input.Close()
	select {
	case <-w.ended:
		require.NoError(t, w.err, "a worker did not end well")
	case <-time.After(30 * time.Second):
		_ = w.cmd.Process.Signal(syscall.SIGQUIT) // tells where it hangs
		<-w.ended
		t.Fatal("a worker hangs")
	}
}
