package main

import "time"

// A plan says how long and how often things are measured.
type plan struct {
	rounds  int           // of throughput, all contestants in each
	phase   time.Duration // of throughput: one of firsts, and one of duplicates
	wakeUps int
	hold    time.Duration
	large   time.Duration // with and without large results, each
	lean    int           // tries, of which the fastest counts

	generations int   // of the generators, all of them in each
	colds       int   // of the generator, with an empty build cache
	compile     bool  // also what compiling takes then
	growth      []int // numbers of packages
}

var (
	fullPlan = plan{
		rounds: 7, phase: 700 * time.Millisecond, wakeUps: 1000, hold: time.Minute, large: 10 * time.Second, lean: 5,
		generations: 9, colds: 3, compile: true, growth: []int{10, 100, 1000},
	}
	quickPlan = plan{
		rounds: 2, phase: 70 * time.Millisecond, wakeUps: 300, hold: 15 * time.Second, large: 3 * time.Second, lean: 1,
		generations: 2, colds: 1, growth: []int{10, 100},
	}
)

// callers are the numbers of concurrent callers that throughput is measured with.
var callers = []int{1, 16, 128, 1024}
