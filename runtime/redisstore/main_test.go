package redisstore_test

import (
	"flag"
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
	// These tests wait for servers more than they compute. A -parallel of the
	// command line comes later and wins.
	_ = flag.Set("test.parallel", "6")
	// A closed pool of go-redis that could not dial finds out within a second.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}
