// Package idem executes tasks at most once per key and remembers the answer:
// duplicates are skipped, refused, or given the first result.
//
// Most code meets it through generated wrappers. A comment over a struct,
//
//	//idem:task key=OrderID ttl=24h on-duplicate=skip
//	type ProcessPayment struct { … }
//
// makes idemgen write NewIdempotentProcessPayment, whose Run is used like this:
//
//	store, err := redisstore.Open(ctx, "") // REDIS_URL, or redis://localhost:6379
//	client := idem.New(store)
//	pay := billing.NewIdempotentProcessPayment(client)
//	res, err := pay.Run(ctx, billing.ProcessPayment{OrderID: 123, Amount: 9999})
//
// A wrapper is one [Task] and no more; hand-written code can make one with
// [NewTask].
//
// # What a call comes to
//
// The first call of a key claims it in the [Store], runs the task and completes
// the claim with an answer. A later call is a duplicate, and gets what the
// task's [Policy] says. A call that meets an execution in progress waits for it
// up to the task's wait, then gets ErrTimeout; if the owner gives up, dies or
// loses its lease meanwhile, one who waits takes over and runs the task.
//
// A task's ordinary error is returned as it is and its claim released, so that
// a retry runs, unless on-error is [ErrorStore]. [Fail] and [Skip] are answers
// that are stored. A panic releases the claim and goes on.
//
// # What is promised
//
// Nothing runs before the store has acknowledged a claim. As long as the store
// keeps its data, no two callers hold a live lease on one key, and a stored
// answer does not change until its ttl ends or somebody calls Forget. Nobody
// can promise that an effect outside the store happens exactly once: a process
// can die after the effect and before the answer. What closes that gap is in
// [FromContext]: the attempt, the fence, and the execution's ID as the key of
// the system downstream.
//
// # Reading the code
//
// The steps have the protocol's names: claim.go has claim and contend, wait.go how
// a duplicate waits, execute.go how the task runs, heartbeat.go how claims are
// kept, complete.go complete, release and abandon, resolve.go forget and resolve,
// bykey.go the same for an operator, flight.go what callers of one process share,
// record.go what a store keeps, and store.go what it must be able to do.
package idem
