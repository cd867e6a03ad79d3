package chaos_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/idemgen/idemgen/internal/redistest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	tortureVariable  = "TORTURE"     // how long the patterns are compared
	patternsVariable = "PATTERNS_TO" // where the table and its figures go, without their endings
	briefly          = 6 * time.Second

	// Every caller of every worker wants the same key as those of the same number in
	// the other workers, and all want another one after turn.
	turn = 150 * time.Millisecond
)

// pairs is what a worker does that compares: each of its callers wants a key with
// callers of other workers.
func (w *worker) pairs(ctx context.Context, do doer) {
	var wg sync.WaitGroup
	for i := range callers * 2 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(w.Seed, uint64(i)))
			for ctx.Err() == nil {
				n := time.Since(w.Start) / turn
				key := fmt.Sprintf("%s-%d-%d", w.Pattern, i, n)
				call := w.Name + "-" + key
				w.ledger.write(entry{Op: "call", Call: call, Key: key})
				own, cancel := context.WithTimeout(context.Background(), 8*time.Second)
				takes := time.Duration(random.Int64N(int64(turn)))
				res, err := do(own, job{Key: key, call: call, takes: takes})
				cancel()
				w.ledger.write(returned(call, key, res, err))
				time.Sleep(max(0, time.Until(w.Start.Add((n+1)*turn))))
			}
		})
	}
	wg.Wait()
}

// A tally is what a pattern came to.
type tally struct {
	Pattern    string `json:"pattern"`
	Does       string `json:"does"`
	Executions int    `json:"executions"`
	Effects    int    `json:"effects"`
	// Keys with two executions at once, each sure of its claim.
	Owners int `json:"keysWithTwoOwnersAtOnce"`
	// Doubled effects, whose callers lived: nobody was told, or at least one was.
	Untold int `json:"doubleEffectsUntold"`
	Told   int `json:"doubleEffectsTold"`
	// Effects of processes that were killed before their callers knew, and that
	// somebody had once more: as one who knew that he was not the first, or not.
	RepeatsKnown   int `json:"repeatsAfterCrashKnown"`
	RepeatsUnknown int `json:"repeatsAfterCrashUnknown"`
	// Keys whose callers were told different answers.
	Answers int `json:"keysWithDifferentAnswers"`
}

// count goes through a ledger.
func (t *tally) count(entries []entry) {
	type effectOf struct {
		entry
		attempt int
	}
	effects := map[string][]effectOf{}
	returns := map[string]entry{}
	answers := map[string][]string{}
	attempts := map[string]int{}
	type span struct{ begin, until int64 }
	spans := map[string][]*span{}
	current := map[string]*span{} // of a call
	for _, e := range entries {
		switch e.Op {
		case "begin":
			t.Executions++
			attempts[e.Call] = e.Attempt
			current[e.Call] = &span{e.Time, e.Time}
			spans[e.Key] = append(spans[e.Key], current[e.Call])
		case "alive":
			current[e.Call].until = e.Time
		case "effect":
			t.Effects++
			effects[e.Key] = append(effects[e.Key], effectOf{e, attempts[e.Call]})
		case "return":
			returns[e.Call] = e
			if !e.Failed {
				answers[e.Key] = append(answers[e.Key], e.Value)
			}
		}
	}
	for _, list := range spans {
		slices.SortFunc(list, func(a, b *span) int { return cmp.Compare(a.begin, b.begin) })
		twice := false
		for i, x := range list {
			twice = twice || slices.ContainsFunc(list[i+1:], func(y *span) bool { return y.begin < x.until })
		}
		if twice {
			t.Owners++
		}
	}
	for _, list := range effects {
		fine, trouble := 0, 0
		for i, e := range list {
			switch r, lived := returns[e.Call]; {
			case lived && !r.Failed:
				fine++
			case lived:
				trouble++
			case i == len(list)-1: // nobody came after it
			case list[i+1].attempt > 1:
				t.RepeatsKnown++
			default:
				t.RepeatsUnknown++
			}
		}
		t.Untold += max(0, fine-1)
		if fine > 0 {
			t.Told += trouble
		} else {
			t.Told += max(0, trouble-1)
		}
	}
	for _, told := range answers {
		slices.Sort(told)
		t.Answers += min(1, len(slices.Compact(told))-1)
	}
}

// TestTheSameFaultsForOtherPatterns lets the same happen to idemgen and to what
// people write by hand, at the same moments: workers are killed in the middle, and
// stopped past their leases. Redis is well.
func TestTheSameFaultsForOtherPatterns(t *testing.T) {
	duration := briefly
	if text := os.Getenv(tortureVariable); text != "" {
		var err error
		duration, err = time.ParseDuration(text)
		require.NoError(t, err, tortureVariable)
	}
	seed := rand.Uint64N(1e9)
	t.Logf("seed %d", seed)
	server := redistest.Start(t)
	start := time.Now()
	rounds := make([]*round, len(patterns))
	for i, p := range patterns {
		r := &round{t: t, seed: seed, start: start, workers: make([]*process, workers), path: filepath.Join(t.TempDir(), "ledger.jsonl"), pattern: p.name}
		for range workers {
			r.proxies = append(r.proxies, &proxy{addr: server.Addr})
		}
		rounds[i] = r
	}
	each := func(do func(r *round)) {
		var all sync.WaitGroup
		for _, r := range rounds {
			all.Go(func() { do(r) })
		}
		all.Wait()
	}
	each(func(r *round) {
		for i := range workers {
			r.startWorker(i)
		}
	})
	random := rand.New(rand.NewPCG(seed, 0))
	kills, stops := 0, 0
	for time.Since(start) < duration {
		time.Sleep(lease/2 + time.Duration(random.Int64N(int64(lease))))
		i := random.IntN(workers)
		if random.IntN(3) == 0 {
			kills++
			each(func(r *round) { r.workers[i].kill() })
			each(func(r *round) { r.startWorker(i) })
			continue
		}
		stops++
		each(func(r *round) { r.workers[i].stop() })
		time.Sleep(lease*5/4 + time.Duration(random.Int64N(int64(lease))))
		each(func(r *round) { r.workers[i].goOn() })
	}
	each(func(r *round) {
		for _, w := range r.workers {
			w.end(t)
		}
	})
	tallies := make([]tally, len(patterns))
	for i, r := range rounds {
		entries, err := readLedger(r.path)
		require.NoError(t, err)
		tallies[i] = tally{Pattern: patterns[i].name, Does: patterns[i].does}
		tallies[i].count(entries)
		t.Logf("%+v", tallies[i])
	}
	ours := tallies[len(tallies)-1]
	assert.Positive(t, ours.Effects)
	assert.Zero(t, ours.Owners, "keys with two live leases")
	assert.Zero(t, ours.Untold, "double effects of which no caller was told")
	assert.Zero(t, ours.RepeatsUnknown, "repeated effects whose execution took itself for the first")
	assert.Zero(t, ours.Answers, "keys with different answers")
	if to := os.Getenv(patternsVariable); to != "" {
		require.NoError(t, writePatterns(to, tallies, duration, kills, stops))
	}
}

func TestTheTallyTellsDoubleEffectsFromRepeats(t *testing.T) {
	for name, tt := range map[string]struct {
		ledger []entry
		want   tally
	}{
		"one effect": {
			ledgerOf(called("1"), called("2"), begun("1", 1, 1), effect("1"), got("1", "v1"), duplicate("v1")),
			tally{Executions: 1, Effects: 1},
		},
		"two, and both callers are content": {
			ledgerOf(begun("1", 0, 0), begun("2", 0, 0), alive("2"), effect("2"), got("2", "v2"), alive("1"), effect("1"), got("1", "v1")),
			tally{Executions: 2, Effects: 2, Owners: 1, Untold: 1, Answers: 1},
		},
		"two, and one was told": {
			ledgerOf(begun("1", 1, 1), begun("2", 2, 2), effect("2"), got("2", "v2"), effect("1"), failed("v1", "LEASE_LOST")),
			tally{Executions: 2, Effects: 2, Told: 1},
		},
		"a repeat after a crash": {
			ledgerOf(begun("1", 1, 1), effect("1"), begun("2", 2, 2), effect("2"), got("2", "v2")),
			tally{Executions: 2, Effects: 2, RepeatsKnown: 1},
		},
		"a repeat by one who does not know": {
			ledgerOf(begun("1", 0, 0), effect("1"), begun("2", 0, 0), effect("2"), got("2", "v2")),
			tally{Executions: 2, Effects: 2, RepeatsUnknown: 1},
		},
		"a crash before which nothing happened": {
			ledgerOf(begun("1", 1, 1), begun("2", 2, 2), effect("2"), got("2", "v2")),
			tally{Executions: 2, Effects: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got tally
			got.count(tt.ledger)
			assert.Equal(t, tt.want, got)
		})
	}
}

func writePatterns(to string, tallies []tally, duration time.Duration, kills, stops int) error {
	data, err := json.MarshalIndent(tallies, "", "\t")
	if err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# The same faults for other patterns

Written by `+"`make patterns TORTURE=%s`"+`: do not edit. What it means is in
[guarantees.md](../guarantees.md#beside-patterns-by-hand).

%s, %d cores shared by %d processes and Redis, loopback, %s. Lease %v for all. In %v each
worker was killed or stopped at the same moments for every pattern: %d kills, %d stops of %v to
%v. Figures are per 10,000 executions; in brackets as counted.

| pattern | executions | keys with two owners at once | double effects, nobody told | double effects, a caller told | repeats after a kill, known as such | repeats after a kill, not known | keys with different answers |
|---|---|---|---|---|---|---|---|
`, strings.TrimSuffix(duration.String(), "0s"), runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU(), workers*len(tallies), time.Now().UTC().Format(time.DateOnly), lease,
		duration, kills, stops, lease*5/4, lease*9/4)
	for _, t := range tallies {
		fmt.Fprintf(&b, "| %s | %d |", t.Pattern, t.Executions)
		for _, n := range []int{t.Owners, t.Untold, t.Told, t.RepeatsKnown, t.RepeatsUnknown, t.Answers} {
			fmt.Fprintf(&b, " %.1f (%d) |", float64(n)*10_000/float64(cmp.Or(t.Executions, 1)), n)
		}
		fmt.Fprintln(&b)
	}
	fmt.Fprintln(&b)
	for _, t := range tallies {
		fmt.Fprintf(&b, "- %s: %s.\n", t.Pattern, t.Does)
	}
	if err := os.WriteFile(to+".json", append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(to+".md", []byte(b.String()), 0o644)
}
