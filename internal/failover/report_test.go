package failover_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
)

// A report is what all rounds came to.
type report struct {
	mu sync.Mutex

	When  string `json:"when"`
	OS    string `json:"os"`
	Cores int    `json:"cores"`
	Redis string `json:"redis"`
	Rows  []*row `json:"rows"`
}

// A row is one scenario with one variant.
type row struct {
	Scenario       string         `json:"scenario"`
	Replicas       int            `json:"withReplicas"`
	Rounds         int            `json:"rounds"`
	RoundsWithLoss int            `json:"roundsWithLoss"`
	Keys           int            `json:"keys"`
	KeysPerRound   int            `json:"keysPerRound"`
	Calls          int            `json:"calls"`
	Claims         int            `json:"claimsLost"`
	Answers        int            `json:"answersLost"`
	Warned         int            `json:"answersLostWithWarning"`
	Owners         int            `json:"keysWithTwoLiveOwners"`
	Two            int            `json:"keysWithTwoEffectsUntold"`
	Told           int            `json:"keysWithTwoEffectsTold"`
	Errors         map[string]int `json:"errors"`
}

// newReport returns an empty report, or the one that a run before has left.
func newReport(before string) (*report, error) {
	r := &report{}
	if before != "" {
		data, err := os.ReadFile(before + ".json")
		if err == nil {
			err = json.Unmarshal(data, r)
		}
		if err != nil {
			return nil, err
		}
	}
	name := os.Getenv(redistest.BinaryVariable)
	if name == "" {
		name = "redis-server"
	}
	version, _ := exec.Command(name, "--version").Output()
	text := strings.Fields(string(version))
	r.When, r.OS, r.Cores = time.Now().UTC().Format(time.DateOnly), runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU()
	r.Redis = strings.Join(text[:min(3, len(text))], " ")
	return r, nil
}

// rank is where a row stands.
func (w *row) rank() int {
	return 10*slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == w.Scenario }) + w.Replicas
}

func (r *report) add(name string, v variant, o outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.Rows, func(w *row) bool { return w.Scenario == name && w.Replicas == v.replicas })
	if i < 0 {
		i = len(r.Rows)
		r.Rows = append(r.Rows, &row{Scenario: name, Replicas: v.replicas, Errors: map[string]int{}})
	}
	w := r.Rows[i]
	w.Rounds++
	w.RoundsWithLoss += count(o.lossy)
	w.Keys += o.keys
	w.KeysPerRound = w.Keys / w.Rounds
	w.Calls += o.calls
	w.Claims += o.claims
	w.Answers += o.answers
	w.Warned += o.warned
	w.Owners += o.owners
	w.Two += o.two
	w.Told += o.twice
	for code, n := range o.errors {
		w.Errors[code] += n
	}
	slices.SortFunc(r.Rows, func(a, b *row) int { return a.rank() - b.rank() })
}

// write writes table and figures, if somebody wants them.
func (r *report) write(to string) error {
	if to == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	data, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	if err := os.WriteFile(to+".json", append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(to+".md", []byte(r.markdown()), 0o644)
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Failovers, as measured

Written by `+"`make failovers`"+`: do not edit. What it means is in [guarantees.md](../guarantees.md#failovers).

%s, %d cores shared by callers, servers and whatever else ran, loopback, %s, %s. Lease %v; a
server counts as failed after %v; min-replicas-max-lag is 2 s. In each round many keys, each
wanted by two callers at once, and once more by a third when all is well again.

## What was lost

%s
## What callers were told

| what happens | WithReplicas | calls | errors |
|---|---|---|---|
`, r.OS, r.Cores, r.Redis, r.When, lease, downAfter, r.losses())
	for _, w := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s | %d | %s |\n", w.Scenario, w.replicas(), w.Calls, w.errors())
	}
	return b.String()
}

// losses is the table that guarantees.md has too.
func (r *report) losses() string {
	var b strings.Builder
	b.WriteString(`| what happens | WithReplicas | rounds | with a loss | keys | claims lost | answers lost (with a warning) | keys with two live owners | keys with two effects (a caller was told) |
|---|---|---|---|---|---|---|---|---|
`)
	for _, w := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d (%d) | %d | %d (%d) |\n", w.Scenario, w.replicas(), w.Rounds, w.RoundsWithLoss,
			w.Keys, w.Claims, w.Answers, w.Warned, w.Owners, w.Two+w.Told, w.Told)
	}
	return b.String()
}

func (w *row) replicas() string {
	if w.Replicas == 0 {
		return "no"
	}
	return fmt.Sprint(w.Replicas)
}

func (w *row) errors() string {
	var parts []string
	for code := range w.Errors {
		parts = append(parts, fmt.Sprintf("%s %d", code, w.Errors[code]))
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

func TestGuaranteesShowTheTableAsMeasured(t *testing.T) {
	measured, err := os.ReadFile("../../docs/guarantees/failovers.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(measured), "## What was lost\n\n")
	table, _, _ = strings.Cut(table, "\n\n")
	require.Contains(t, table, "| no |")
	page, err := os.ReadFile("../../docs/guarantees.md")
	require.NoError(t, err)
	assert.Contains(t, string(page), table, "copy it from docs/guarantees/failovers.md")
}
