// Package vote counts one vote of each user in each poll.
//
// What it teaches: a key of two fields, and a duplicate that is somebody's
// mistake rather than a harmless repetition: on-duplicate=fail tells the caller,
// with an error that says when the first vote was counted. Choice is no part of
// the key: who changes their mind votes twice all the same.
package vote

import (
	"context"
	"sync"
)

//go:generate go tool idemgen

// SubmitVote is a user's vote in a poll.
//
//idem:task key=PollID,UserID ttl=30d on-duplicate=fail
type SubmitVote struct {
	PollID string
	UserID int64
	Choice string

	Box *Box `idem:"-"`
}

// Run counts the vote.
func (v SubmitVote) Run(context.Context) error {
	v.Box.add(v.Choice)
	return nil
}

// A Box counts votes. Its zero value is empty.
type Box struct {
	mu    sync.Mutex
	votes map[string]int
}

func (b *Box) add(choice string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.votes == nil {
		b.votes = map[string]int{}
	}
	b.votes[choice]++
}

// Count returns the votes for choice.
func (b *Box) Count(choice string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.votes[choice]
}
