package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const usage = `Idemops looks at the records of idemgen's tasks in a Redis, and forgets or resolves
single ones: for whoever is on call.

Usage:

	idemops ls [flags] [pattern]      the records, one line each
	idemops get [flags] KEY           one record in full
	idemops watch [flags] [pattern]   what begins, ends and gets stuck, as it happens
	idemops stats [flags] [pattern]   counts, ages and sizes by task
	idemops forget [-yes] KEY         let the task of a key run again
	idemops resolve [flags] KEY       record by hand that it has run
	idemops serve [flags]             the console, for a browser on this machine
	idemops doctor                    what of this Redis weakens the promises
	idemops help [command]
	idemops version

Flags of every command:

	-redis url       redis://user:password@host:port/db, rediss:// for TLS; by default
	                 REDIS_URL and, where that is empty too, redis://localhost:6379.
	                 A Cluster is recognised. ?addr=host:port names more of its servers,
	                 ?master_name=NAME makes host:port a Sentinel
	-ca file         trust certificates of this authority, in PEM
	-prefix prefix   the first part of keys (default idempotency)
	-json            for another program: ls and watch print one object a line

Flags stand before or after arguments. Control characters and what is no text are
printed as \xXX. Payloads are shown on demand only.

Exit status: 0 done; 1 Redis does not answer as it should, or doctor has found
something; 2 the command line is wrong; 3 nothing is stored under the key; 4 refused,
because of a live lease, an answer that stands, a record that has changed since it
was shown, or for want of a confirmation.
`

const scanHelp = `
	-task name       only this task: billing.Pay, or billing.Pay@v2 for one version
	-state states    only in these states, parted by commas: corrupt, interrupted,
	                 running, released, done
	-older duration  only what started longer ago, as 10m
	-rate n          keys to look through in a second (default 10000; 0: no bound)

A pattern is a glob for whole keys, as "idempotency:*:17", and takes the place of
-prefix. Redis is looked through by SCAN, on a Cluster one primary after the other.
A key that moves meanwhile may come twice. On a terminal you see how far it has come.
`

// topics are the help texts of single commands.
var topics = map[string]string{
	"ls": `Usage: idemops ls [-task name] [-state states] [-older duration] [-rate n] [-json] [pattern]

Prints a line for each record, in no order: its state (an answer's is done, skipped or
failed), attempt, how long ago it started by the clock of whoever ran it, when Redis
will forget it, and its size.
` + scanHelp,
	"get": `Usage: idemops get [-payload] [-json] KEY

Prints what is stored under a key. With -payload also reason, metadata and value,
which may be confidential: JSON is indented, what is no text is printed in hex.
`,
	"watch": `Usage: idemops watch [-every duration] [-task name] [-state states] [-older duration] [-rate n] [-json] [pattern]

Prints what is running, interrupted, released or corrupt, and then every change, until
it is stopped. It looks through Redis again and again, with pauses of -every (2s), and
asks for no keyspace notifications: what begins and ends between two looks is seen done.
With a whole key in place of a pattern it looks at nothing else.
` + scanHelp,
	"stats": `Usage: idemops stats [-task name] [-state states] [-older duration] [-rate n] [-json] [pattern]

Prints for each task how many records are in which state, how many of the answers are
failures, how many have an attempt above 1, their size, and the age of the oldest that
is not done.
` + scanHelp,
	"forget": `Usage: idemops forget [-yes] KEY

Shows the record, asks, and lets its task run again: when it did not happen, or must
happen again. Attempt and fence are kept, so that the next execution knows of those
before it. Without a terminal to ask, -yes is needed. It refuses a live lease, and a
record that has changed since it was shown.
`,
	"resolve": `Usage: idemops resolve [-value json] [-codec name] [-ttl duration] [-new] [-yes] KEY

Shows the record, asks, and records that the task has run: when it did happen, and its
owner did not live to say so. Duplicates get the answer from then on.

	-value json      the result, for a task whose duplicates get one (return-cached);
	                 @file reads it from a file. It must be as the task writes it
	-codec name      the task's codec, if it is not json
	-ttl duration    how long it is remembered (default: an interrupted execution's own
	                 ttl, otherwise 24h)
	-new             permit a key under which nothing is stored
	-yes             do not ask, as where there is no terminal

It refuses a live lease, and an answer that stands: forget it first.
`,
	"serve": `Usage: idemops serve [-addr host:port] [-writes] [-payloads] [-rate n]

Serves the console to browsers on this machine, until it is stopped. It has no login,
so the address is one of loopback (default localhost:8377; port 0 is any that is free).
For others, mount package ops/console in your own server, behind a login.

	-writes          permit to forget and to resolve
	-payloads        show reason, metadata and value of a record
	-rate n          keys to look through in a second (default 10000; 0: no bound)
`,
	"doctor": `Usage: idemops doctor [-json]

Prints what of this Redis weakens the promises of idemgen, with what to do: eviction,
persistence, replication, version, clock, rights. On a Cluster it asks every server. It
tries the commands of tasks on keys of its own, which expire within seconds. Exits with
status 1 if it has found anything.
`,
}

// help prints the text of a topic.
func (c command) help(args []string) int {
	switch {
	case len(args) == 0:
		fmt.Fprint(c.stdout, usage)
	case len(args) > 1:
		return c.misuse(fmt.Errorf("help takes one command, not %d", len(args)))
	case topics[args[0]] != "":
		fmt.Fprint(c.stdout, topics[args[0]])
	default:
		return c.misuse(fmt.Errorf("no help for %q; there is for %s", args[0],
			strings.Join(slices.Sorted(maps.Keys(topics)), ", ")))
	}
	return done
}
