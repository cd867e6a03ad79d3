package ops

import (
	"context"
	"slices"
	"strings"
	"time"

	idem "github.com/idemgen/idemgen/runtime"
)

// TaskStats are the records of one task in numbers.
type TaskStats struct {
	Task   string             `json:"task"` // with its version; empty for keys of another form
	States map[idem.State]int `json:"states"`
	Total  int                `json:"total"`
	// Failed counts answers that are failures, Retried records with an attempt above 1.
	Failed  int   `json:"failed"`
	Retried int   `json:"retried"`
	Bytes   int64 `json:"bytes"`   // of all records, without what Redis adds to each
	Largest int   `json:"largest"` // record, in bytes
	// When the oldest execution in each state started, by the clock of whoever ran it.
	Oldest map[idem.State]time.Time `json:"oldest"`
}

// A Tally counts records by task.
type Tally struct {
	tasks map[string]*TaskStats
}

// Add counts one record.
func (t *Tally) Add(r Record) {
	if t.tasks == nil {
		t.tasks = make(map[string]*TaskStats)
	}
	s := t.tasks[r.TaskName()]
	if s == nil {
		s = &TaskStats{Task: r.TaskName(), States: make(map[idem.State]int), Oldest: make(map[idem.State]time.Time)}
		t.tasks[s.Task] = s
	}
	s.Total++
	s.States[r.State]++
	s.Bytes += int64(r.Size)
	s.Largest = max(s.Largest, r.Size)
	if r.Status == idem.StatusFailed {
		s.Failed++
	}
	if r.Attempt > 1 {
		s.Retried++
	}
	if oldest := s.Oldest[r.State]; !r.StartedAt.IsZero() && (oldest.IsZero() || r.StartedAt.Before(oldest)) {
		s.Oldest[r.State] = r.StartedAt
	}
}

// Tasks returns what was counted, in order of the tasks' names.
func (t *Tally) Tasks() []TaskStats {
	list := make([]TaskStats, 0, len(t.tasks))
	for _, s := range t.tasks {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b TaskStats) int { return strings.Compare(a.Task, b.Task) })
	return list
}

// Stats counts the records that the query asks for, by task.
func (i *Inspector) Stats(ctx context.Context, q Query) ([]TaskStats, error) {
	var tally Tally
	for r, err := range i.List(ctx, q) {
		if err != nil {
			return nil, err
		}
		tally.Add(r)
	}
	return tally.Tasks(), nil
}
