package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/idemgen/idemgen/internal/redistest"
)

// spent is what Redis itself says that it spent on one command, for one contestant.
type spent struct {
	Contestant string  `json:"contestant"`
	Phase      string  `json:"phase"`
	Command    string  `json:"command"` // those inside a script as well
	Each       float64 `json:"each"`    // calls for each operation
	Micros     float64 `json:"micros"`  // for each call, a script's with those of its commands
}

// commandStats lets Redis count, with 128 callers, what idemgen and its references
// in shared pipelines ask of it.
func (b *bench) commandStats(runners []*runner) error {
	for i, c := range contestants {
		if c.name != idemgen.name && c.name != protocolAuto.name && c.name != floorAuto.name {
			continue
		}
		b.server.ResetStats()
		var firsts map[string]redistest.Spent
		counted, duplicates, err := b.turn(runners[i], 128, func() {
			firsts = b.server.CommandTimes()
			b.server.ResetStats()
		})
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		b.report.spend(c.name, phases[0].name, firsts, counted.total())
		b.report.spend(c.name, phases[1].name, b.server.CommandTimes(), duplicates.total())
	}
	return nil
}

func (r *report) spend(contestant, phase string, times map[string]redistest.Spent, operations int) {
	for _, command := range slices.Sorted(maps.Keys(times)) {
		t := times[command]
		if command == "flushall" || t.Calls < operations/2 { // not for each
			continue
		}
		r.Spent = append(r.Spent, spent{
			contestant, phase, command, float64(t.Calls) / float64(operations), float64(t.Time.Microseconds()) / float64(t.Calls),
		})
	}
}

func (r *report) spentTable() table {
	t := table{"what Redis spends on its commands, by its commandstats, with 128 callers", [][]string{{
		"contestant", "operation", "command", "calls for each", "µs for each call",
	}}}
	for _, s := range r.Spent {
		t.rows = append(t.rows, []string{s.Contestant, s.Phase, s.Command, number(s.Each), number(s.Micros)})
	}
	return t
}
