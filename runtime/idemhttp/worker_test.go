package idemhttp_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/idemhttp"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// workerVariable holds the address of Redis; a test binary that finds it set is a
// server process.
const workerVariable = "IDEMHTTP_TEST_WORKER"

// work is a server process's main: its handler says that it runs, and never returns.
func work(redisAddr string) {
	client := idem.New(redisstore.New(redis.NewClient(&redis.Options{Addr: redisAddr})))
	requests := idemhttp.New(client, byCustomer, shortLease)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	panic(http.Serve(l, requests.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { //nolint:gosec // a test's
		fmt.Println("attempt", idem.FromContext(r.Context()).Attempt)
		<-context.Background().Done()
	}))))
}

var shortLease = idemhttp.WithTask(idem.WithLease(time.Second))

// startWorker runs a server process until the test ends.
func startWorker(t *testing.T, server *redistest.Server) (process *exec.Cmd, says *bufio.Scanner) {
	t.Helper()
	process = exec.Command(os.Args[0])
	process.Env = append(os.Environ(), workerVariable+"="+server.Addr)
	process.Stderr = os.Stderr
	output, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	return process, bufio.NewScanner(output)
}
