package soak_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
)

const (
	durationVariable = "SOAK"    // how long
	reportVariable   = "SOAK_TO" // the file for the table
	briefly          = 6 * time.Second
	shortest         = time.Second // stretch of load
	longest          = 2 * time.Minute
)

func TestMain(m *testing.M) {
	if addr := os.Getenv(workerVariable); addr != "" {
		work(addr)
		return
	}
	os.Exit(m.Run())
}

// A measure is a sample, and what Redis says beside it.
type measure struct {
	sample
	at          time.Duration
	connections int // the most that were seen during the load
	keys        int
}

func TestNothingGrows(t *testing.T) {
	duration := briefly
	if text := os.Getenv(durationVariable); text != "" {
		var err error
		duration, err = time.ParseDuration(text)
		require.NoError(t, err, durationVariable)
	}
	server := redistest.Start(t)
	admin := server.Client()
	w := startWorker(t, server.Addr)
	stretch := min(longest, max(shortest, duration/30))
	var measures []measure
	start := time.Now()
	for n := 0; n < 3 || time.Since(start)+stretch <= duration; n++ {
		m := w.load(t, stretch, func() { disturb(server, admin, n) }, admin)
		m.at = time.Since(start).Round(time.Second)
		m.keys = liveKeys(t, admin)
		measures = append(measures, m)
		t.Logf("%v: %d calls, %d goroutines, heap %d KiB, resident %d KiB, %d connections, %d keys; %v",
			m.at, m.Calls, m.Goroutines, m.Heap>>10, m.Resident>>10, m.connections, m.keys, m.Outcomes)
	}
	w.end(t)
	first := measures[0]
	for _, m := range measures[1:] {
		assert.LessOrEqual(t, m.Goroutines, first.Goroutines+4, "goroutines after %v", m.at)
		assert.LessOrEqual(t, m.Heap, first.Heap+2<<20, "reachable bytes after %v", m.at)
		assert.LessOrEqual(t, m.connections, connections+pipelines+3,
			"connections after %v: the pools', one for wake-ups, and those that are just being replaced", m.at)
		assert.Less(t, m.Resident, 2*memoryLimit, "resident bytes after %v", m.at)
		for _, outcome := range []string{"executed", "duplicate"} {
			assert.Positive(t, m.Outcomes[outcome], "%s: %v", outcome, m.Outcomes)
		}
	}
	if to := os.Getenv(reportVariable); to != "" {
		require.NoError(t, os.WriteFile(to, []byte(report(measures, time.Since(start))), 0o644))
	}
}

// disturb does something to Redis in the middle of a stretch, another thing in each.
func disturb(server *redistest.Server, admin *redis.Client, n int) {
	ctx := context.Background()
	switch n % 4 {
	case 0:
		admin.ScriptFlush(ctx)
	case 1:
		admin.Do(ctx, "client", "kill", "type", "normal", "skipme", "yes")
	case 2:
		admin.Do(ctx, "client", "kill", "type", "pubsub")
	case 3:
		server.Pause()
		time.Sleep(lease / 4)
		server.Resume()
	}
}

// liveKeys counts the keys, and requires each to end in time.
func liveKeys(t *testing.T, admin *redis.Client) (n int) {
	t.Helper()
	ctx := context.Background()
	for keys := admin.Scan(ctx, 0, "*", 1000).Iterator(); keys.Next(ctx); n++ {
		left := admin.PTTL(ctx, keys.Val()).Val()
		assert.True(t, left > 0 || left == -2, "key %s does not end: %v", keys.Val(), left) // -2: it has just ended
		assert.LessOrEqual(t, left, max(ttl+lease, forgotten), "key %s", keys.Val())
	}
	assert.LessOrEqual(t, n, keys)
	return n
}

// A worker is the process, as the test sees it.
type worker struct {
	cmd    *exec.Cmd
	input  io.WriteCloser
	output *bufio.Scanner
}

func startWorker(t *testing.T, addr string) *worker {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), workerVariable+"="+addr, fmt.Sprintf("GOMEMLIMIT=%d", memoryLimit))
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	require.NoError(t, err)
	output, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return &worker{cmd, input, bufio.NewScanner(output)}
}

// load lets the worker make calls for a while, in the middle of which disturb is
// called once, and looks at its connections meanwhile.
func (w *worker) load(t *testing.T, stretch time.Duration, disturb func(), admin *redis.Client) (m measure) {
	t.Helper()
	_, err := fmt.Fprintln(w.input, stretch)
	require.NoError(t, err)
	answered := make(chan bool)
	go func() { answered <- w.output.Scan() }()
	start, disturbed := time.Now(), false
	for {
		select {
		case ok := <-answered:
			require.True(t, ok, "the worker has ended")
			require.NoError(t, json.Unmarshal(w.output.Bytes(), &m.sample))
			return m
		case <-time.After(min(time.Second, stretch/10)):
			list, err := admin.ClientList(context.Background()).Result()
			if err == nil {
				m.connections = max(m.connections, strings.Count(list, "\n")-1) // less this one
			}
		}
		if !disturbed && time.Since(start) >= stretch/2 {
			disturbed = true
			disturb()
		}
	}
}

// end lets the worker close its client.
func (w *worker) end(t *testing.T) {
	t.Helper()
	require.NoError(t, w.input.Close())
	require.NoError(t, w.cmd.Wait())
}

func report(measures []measure, duration time.Duration) string {
	var b strings.Builder
	calls := 0
	outcomes := map[string]int{}
	for _, m := range measures {
		calls += m.Calls
		for outcome, n := range m.Outcomes {
			outcomes[outcome] += n
		}
	}
	fmt.Fprintf(&b, `# Soak, as measured

Written by `+"`make soak SOAK=%v`"+`: do not edit. What it means is in [guarantees.md](../guarantees.md#soak).

%s, %d cores, %s. One process with GOMEMLIMIT=%dMiB, pools of %d + %d connections, %d callers,
%d keys with a ttl of %v and a lease of %v: %d calls in %v. Measured after each stretch of load,
when what went on in the background had ended. Connections are the most seen during the load.

| after | calls | goroutines | heap, KiB | resident, KiB | connections | keys |
|---|---|---|---|---|---|---|
`, duration.Round(time.Second), runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly), memoryLimit>>20, connections, pipelines,
		callers, keys, ttl, lease, calls, duration.Round(time.Second))
	for _, m := range measures {
		fmt.Fprintf(&b, "| %v | %d | %d | %d | %d | %d | %d |\n", m.at, m.Calls, m.Goroutines, m.Heap>>10, m.Resident>>10, m.connections, m.keys)
	}
	fmt.Fprint(&b, "\nWhat callers got:\n\n")
	for _, outcome := range slices.Sorted(maps.Keys(outcomes)) {
		fmt.Fprintf(&b, "- %s: %d\n", outcome, outcomes[outcome])
	}
	return b.String()
}
