package redisstore_test

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
)

// The tests of this file kill and stop real processes that own a claim.

const workerLease = 500 * time.Millisecond

func TestAWaiterInAnotherProcessTakesOverFromAKilledOwner(t *testing.T) {
	server := redistest.Start(t)
	owner := startWorker(t, server, setup{Lease: workerLease, Wait: time.Minute})
	first := owner.says()
	require.Equal(t, "running", first.Event)
	require.Equal(t, 1, first.Attempt)
	waiter := startWorker(t, server, setup{Lease: workerLease, Wait: time.Minute})
	awaitMark(t, server)

	owner.signal(syscall.SIGKILL)
	second := waiter.says()
	assert.Equal(t, "running", second.Event)
	assert.Equal(t, 2, second.Attempt)
	assert.Greater(t, second.Fence, first.Fence)
	waiter.finish("done by the second")
	assert.Equal(t, report{Event: "returned", Value: "done by the second"}, waiter.says())
}

// awaitMark waits until somebody waits for the job.
func awaitMark(t *testing.T, server *redistest.Server) {
	t.Helper()
	require.Eventually(t, func() bool {
		record, _ := server.Do("get", jobKey).(string)
		return strings.HasPrefix(record, "i1 running+ ")
	}, 30*time.Second, 5*time.Millisecond)
}

func TestAKilledOwnersExecutionIsInterruptedUnderOnCrashFail(t *testing.T) {
	server := redistest.Start(t)
	s := setup{Lease: workerLease, Wait: time.Minute, OnCrash: idem.CrashFail}
	owner := startWorker(t, server, s)
	require.Equal(t, "running", owner.says().Event)
	owner.signal(syscall.SIGKILL)
	for range 2 {
		assert.Equal(t, report{Event: "returned", Code: "INTERRUPTED"}, startWorker(t, server, s).says())
	}

	task := jobs(idem.New(open(t, server)), nothing, idem.WithOnCrash(idem.CrashFail))
	record, err := task.Lookup(t.Context(), "job")
	require.NoError(t, err)
	assert.Equal(t, idem.StateInterrupted, record.State)
	require.NoError(t, task.Forget(t.Context(), "job"))
	next := startWorker(t, server, s)
	assert.Equal(t, 2, next.says().Attempt)
}

// nothing is the run of a task that is not to be executed.
func nothing(context.Context, string) (string, error) { panic("executed") }

func TestAnOwnerThatWasStoppedIsRefusedOnceSomebodyTookOver(t *testing.T) {
	server := redistest.Start(t)
	owner := startWorker(t, server, setup{Lease: workerLease, Wait: time.Minute, Stubborn: true})
	first := owner.says()
	owner.signal(syscall.SIGSTOP)
	successor := startWorker(t, server, setup{Lease: workerLease, Wait: time.Minute})
	second := successor.says()
	require.Equal(t, "running", second.Event)
	assert.Equal(t, 2, second.Attempt)
	assert.Greater(t, second.Fence, first.Fence)

	owner.signal(syscall.SIGCONT)
	assert.Equal(t, report{Event: "cancelled", LeaseLost: true}, owner.says())
	owner.finish("late")
	assert.Equal(t, report{Event: "returned", Value: "late", Code: "LEASE_LOST"}, owner.says(),
		"its caller gets the value, and is told")
	successor.finish("new")
	assert.Equal(t, report{Event: "returned", Value: "new"}, successor.says())
	assert.Equal(t, report{Event: "returned", Value: "new", Duplicate: true},
		startWorker(t, server, setup{Lease: workerLease, Wait: time.Minute}).says())
}

func TestAnOwnerThatWasStoppedIsAcceptedWhereNobodyTookOver(t *testing.T) {
	server := redistest.Start(t)
	owner := startWorker(t, server, setup{Lease: workerLease, Wait: time.Minute, Stubborn: true})
	require.Equal(t, "running", owner.says().Event)
	owner.signal(syscall.SIGSTOP)
	task := jobs(idem.New(open(t, server)), nothing, idem.WithLease(workerLease))
	require.Eventually(t, func() bool {
		record, err := task.Lookup(t.Context(), "job")
		return err == nil && record.State == idem.StateInterrupted
	}, 30*time.Second, 10*time.Millisecond)

	owner.signal(syscall.SIGCONT)
	assert.Equal(t, report{Event: "cancelled", LeaseLost: true}, owner.says())
	owner.finish("late")
	assert.Equal(t, report{Event: "returned", Value: "late"}, owner.says())
	assert.Equal(t, report{Event: "returned", Value: "late", Duplicate: true},
		startWorker(t, server, setup{Lease: workerLease, Wait: time.Minute}).says())
}
