// Package smallworld runs the real runtime over a real memory store in worlds
// small enough to try everything: two or three callers of one key, in a bubble of
// testing/synctest, where every store call, every run of the task and every
// moment for an operator is a choice between going well and each way of failing.
//
// The explorer tries every schedule with up to a number of departures from the
// course where nothing fails. A schedule is a short text, such as "pair/6:5,9:1":
// in the world called pair, the sixth choice is the fifth alternative, and the
// ninth the first. All else goes well. After every step and at every end the
// protocol's promises are checked against a ledger that the tasks write.
//
//	go test ./internal/smallworld                                           # up to two departures
//	IDEMGEN_FAULTS=3 go test -v -timeout 1h -run NoSchedule ./internal/smallworld # up to three, in minutes
//	IDEMGEN_SCHEDULE=pair/6:5,9:1 go test -v -run Replay ./internal/smallworld # one, told step by step
//
// Under the race detector, which makes a schedule ten times as slow, the bound is one,
// and a process of its own explores up to two.
//
// The mutants of testdata/mutants, each the runtime or the store with one of its
// rules broken, show that the explorer would find such a fault.
package smallworld
