// Package handlers has tasks that are plain data.
package handlers

// CreateOrder is plain data.
//
//idem:task key=IdempotencyKey ttl=1h
type CreateOrder struct{ IdempotencyKey, Item string }

// Convert is generic and already has an R.
//
//idem:task key=From
type Convert[R ~int | ~int64, R2 any] struct {
	From R
	To   R2
}

// Runner promotes a Run that is no task's.
type Runner struct{}

// Run is something else.
func (Runner) Run() {}

// Job embeds a Runner, which does not make it a method task.
//
//idem:task key=ID
type Job struct {
	Runner
	ID string
}

type (
	// Vote is in a group.
	//
	//idem:task key=Poll,voter on-duplicate=fail
	vote struct {
		Poll, voter string
	}

	// Other is no task.
	Other struct{}
)

var _ = vote{}
