// Package chaos tortures real processes: workers that all want the same keys, one
// redis-server per round, and links between them that can be cut, slowed down or
// made to swallow replies. Workers are killed, and stopped past their leases;
// Redis is restarted, frozen, filled up, and loses its scripts and connections.
//
// Every call and every effect of a task is a line in a ledger outside Redis. When a
// round is over, a checker holds the ledger to the protocol's promises, and
// porcupine looks for an order of all calls that one record could have answered.
//
//	make chaos                             # 30 minutes
//	make chaos CHAOS=5m                    # or as long as you like
//	make chaos CHAOS=10s CHAOS_SEED=17     # the round of one seed, again
//
// A round that fails prints its seed, and writes its ledger and porcupine's picture
// of the history. The seed gives the same faults in the same order; when exactly
// they fall, the machine decides.
package chaos
