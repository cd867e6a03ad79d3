package redisstore_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
)

// The tests of this file end a real process by SIGTERM, on which it closes its
// client.

func TestAProcessThatEndsClaimsNothingMoreAndRecordsWhatItRuns(t *testing.T) {
	server := redistest.Start(t)
	owner := startWorker(t, server, setup{Lease: workerLease, Wait: time.Minute, Closing: time.Minute})
	require.Equal(t, "running", owner.says().Event)
	owner.signal(syscall.SIGTERM)
	assert.Equal(t, report{Event: "refused", Code: "CLIENT_CLOSED"}, owner.says())
	time.Sleep(2 * workerLease) // heartbeats go on: nobody may take over
	owner.finish("the last")
	assert.Equal(t, report{Event: "returned", Value: "the last"}, owner.says())
	assert.Equal(t, report{Event: "closed"}, owner.says())
	owner.ended()
	assert.Equal(t, report{Event: "returned", Value: "the last", Duplicate: true},
		startWorker(t, server, setup{Lease: workerLease, Wait: time.Minute}).says())
}

func TestAProcessThatCannotEndInTimeSaysWhatItLeaves(t *testing.T) {
	server := redistest.Start(t)
	owner := startWorker(t, server, setup{Lease: workerLease, Wait: time.Minute, Closing: 100 * time.Millisecond})
	require.Equal(t, "running", owner.says().Event)
	owner.signal(syscall.SIGTERM)
	assert.Equal(t, report{Event: "refused", Code: "CLIENT_CLOSED"}, owner.says())
	assert.Equal(t, report{Event: "closed", Left: "idem: Close: still running: " + jobKey + ": context deadline exceeded"}, owner.says())
	owner.ended()
	successor := startWorker(t, server, setup{Lease: workerLease, Wait: time.Minute})
	second := successor.says()
	assert.Equal(t, "running", second.Event)
	assert.Equal(t, 2, second.Attempt, "it knows that somebody was there")
}
