// Package ops looks at the records of idemgen's tasks in a Redis, for whoever is on
// call: which executions are stuck, what is stored under a key, what a task takes up
// in memory. It also forgets and resolves, by the runtime's own steps, so that a live
// lease is refused and nothing is overwritten that nobody has seen.
//
// Command idemops is this package on the command line, and package ops/console shows
// it in a browser.
//
// # How it looks
//
// An [Inspector] walks through the keys by SCAN, on a Cluster through one primary
// after the other, with a bounded rate; KEYS is never used. Of each record it reads
// the header only, together with the remaining time, by one small script. What is
// listed is therefore no snapshot: a record may change as soon as it was read, and
// SCAN may return a key twice while Redis resizes its table or a Cluster moves slots.
//
// # Rights
//
// Looking needs, beside what a connection needs (see package redisstore),
// +scan +dbsize +evalsha +eval +getrange +strlen +pttl +get, and +info to recognise a
// Cluster. Forget and Resolve need +set, +setrange and +publish in addition.
package ops
