package idemhttp_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also serves as the main of the server processes that tests kill, see
// worker_test.go.
func TestMain(m *testing.M) {
	if addr := os.Getenv(workerVariable); addr != "" {
		work(addr)
		return
	}
	// A closed pool of go-redis that could not dial finds out within a second.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}
