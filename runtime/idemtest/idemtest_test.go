package idemtest_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemtest"
)

// recorder is a testing.TB that keeps what a test would have been told.
type recorder struct {
	testing.TB
	errors   []string
	cleanups []func()
}

func (r *recorder) Helper()          {}
func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) end() {
	for _, f := range r.cleanups {
		f()
	}
}

func newTask(c *idem.Client, run func(context.Context, string) (int, error)) *idem.Task[string, int] {
	return idem.NewTask(c, idem.Spec[string, int]{
		Name: "test.Task",
		Key:  func(k *idem.KeyWriter, task string) { k.Part("task").String(task) },
		Run:  run,
	})
}

func TestAFinishedTaskLeavesNothingToReport(t *testing.T) {
	r := &recorder{TB: t}
	task := newTask(idemtest.NewClient(r), func(context.Context, string) (int, error) { return 7, nil })
	res, err := task.Run(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, 7, res.Value)
	r.end()
	assert.Empty(t, r.errors)
}

func TestACallThatHasNotReturnedFailsTheTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{TB: t}
		hang := make(chan struct{})
		task := newTask(idemtest.NewClient(r), func(context.Context, string) (int, error) {
			<-hang
			return 0, nil
		})
		go func() { _, _ = task.Run(context.Background(), "a") }()
		synctest.Wait()
		r.end()
		require.Len(t, r.errors, 2)
		assert.Contains(t, r.errors[0], "still running: idempotency:test.Task:a")
		assert.Contains(t, r.errors[1], "unfinished claim on idempotency:test.Task:a")
		close(hang)
		time.Sleep(time.Second)
	})
}
