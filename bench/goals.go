package main

import "fmt"

// A phase is one half of what throughput measures.
type phase struct {
	name string
	of   func(rate) pace
	// What idemgen shall reach: shares of what the same commands reach without it,
	// and so many with 128 callers, on a machine whose floor is at least as given.
	ofProtocol, ofFloor float64
	with128, floor128   float64
}

var phases = []phase{
	{
		name: "first executions", of: func(r rate) pace { return r.Firsts },
		ofProtocol: 0.9, ofFloor: 0.75, with128: 40_080, floor128: 54_600,
	},
	{
		name: "duplicates", of: func(r rate) pace { return r.Duplicates },
		ofProtocol: 0.9, ofFloor: 0.7, with128: 100_000, floor128: 151_000,
	},
}

// judgeThroughput compares idemgen with everybody else, at each number of callers.
// Of a reference in two modes it takes the one that reaches more.
func (b *bench) judgeThroughput() {
	for _, p := range phases {
		for _, n := range callers {
			b.report.add(b.against(p, n, protocolPool, protocolAuto).atLeast(p.ofProtocol))
			f := b.against(p, n, floorPool, floorAuto)
			if n == 16 || n == 128 {
				f = f.atLeast(p.ofFloor)
			}
			b.report.add(f)
			for _, c := range contestants {
				if c.role == alternative {
					b.report.add(b.against(p, n, c).moreThan(1))
				}
			}
		}
		b.report.add(b.with128(p))
	}
}

// against is idemgen's share of what a reference reaches.
func (b *bench) against(p phase, callers int, modes ...contestant) figure {
	ours := p.of(b.report.rate(idemgen.name, callers)).PerSecond
	name, theirs := b.better(p, callers, modes)
	shares := ratios(ours, theirs)
	return figure{
		Section: "throughput", Name: fmt.Sprintf("%s, callers: %d, against %s", p.name, callers, name),
		Value: median(shares), Detail: spread(shares),
	}
}

func (b *bench) with128(p phase) figure {
	const callers = 128
	ours := p.of(b.report.rate(idemgen.name, callers)).PerSecond
	_, theirs := b.better(p, callers, []contestant{floorPool, floorAuto})
	f := figure{
		Section: "throughput", Name: fmt.Sprintf("%s, callers: %d", p.name, callers), Value: median(ours), Unit: "/s",
		Detail: fmt.Sprintf("the floor is %s; the goal is for %s", number(median(theirs)), number(p.floor128)),
	}.atLeast(p.with128)
	if f.Verdict == missed && median(theirs) < p.floor128 {
		f.Verdict = incomparable
	}
	return f
}

// better returns the mode that reaches more, by its median.
func (b *bench) better(p phase, callers int, modes []contestant) (name string, values []float64) {
	for _, c := range modes {
		v := p.of(b.report.rate(c.name, callers)).PerSecond
		if values == nil || median(v) > median(values) {
			name, values = c.name, v
		}
	}
	return name, values
}
