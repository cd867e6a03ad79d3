// Package failover measures what is lost when Redis changes its primary under
// running tasks: behind Sentinel and on a Cluster, on real servers on loopback.
//
// In every round pairs of callers want the same keys, many of them, while one thing
// happens: a primary is killed, paused, or cut off, or slots move. Then everything is
// made well again, and each key is called once more. What callers were told is
// compared with what ran.
//
//	go test ./internal/failover        # one round of each, held to what must be true
//	make failovers ROUNDS=200          # the table in docs/guarantees/failovers.md
//
// Time is scaled: a lease is [lease], a server counts as failed after [downAfter].
package failover
