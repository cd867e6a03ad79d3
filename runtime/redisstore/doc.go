// Package redisstore keeps records in Redis: a single server, one behind
// Sentinel, or a Cluster, through go-redis.
//
// Each step of the protocol is one command on one key: a native SET for the
// claim and, where the server knows IFEQ (Valkey 8.1, Redis 8.4), for an answer that
// nobody waits for; a short script for the others (the .lua files beside this one).
// A first execution costs two round trips, a duplicate one. What a server does not
// know, a store finds out once, by one command more.
//
// # Rights
//
// A user needs, for the keys of its prefix, here "idempotency":
//
//	user app on >PASSWORD ~idempotency:* &idempotency:* +ping +set +get +pttl
//	    +pexpire +setrange +evalsha +eval +publish +subscribe +unsubscribe
//
// and to be connected by go-redis: +hello +client|setname +client|setinfo (the
// last, which servers before 7.2 do not know, may be denied), +select for a database
// other than 0, and on a Cluster
// +cluster|slots +cluster|shards +command +readonly +asking; +wait for
// [WithReplicas]. [Store.Check] sees more with +info +config|get +time.
// Without the channels (&) and +publish, +subscribe and +unsubscribe, everything
// works, but those who wait for an execution learn of its end by polling.
//
// # Errors
//
// What Redis or the network says is returned as it is, with two exceptions: a
// key that holds something else than a record with an expiry is idem.ErrCorrupt,
// and errors that no retry can mend, such as a missing right, are
// [idem.Permanent].
package redisstore
