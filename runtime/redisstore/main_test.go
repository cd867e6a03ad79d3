package redisstore_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also serves as the main of the processes that tests start, pause and
// kill, see worker_test.go.
func TestMain(m *testing.M) {
	if setup := os.Getenv(workerVariable); setup != "" {
		work(setup)
		return
	}
	goleak.VerifyTestMain(m)
}
