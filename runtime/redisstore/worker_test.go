package redisstore_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// workerVariable holds a worker's setup; a test binary that finds it set is one.
const workerVariable = "IDEMGEN_TEST_WORKER"

// A setup is what a worker process is told.
type setup struct {
	Addr     string
	Lease    time.Duration
	Wait     time.Duration
	OnCrash  idem.CrashPolicy // by default retry
	Stubborn bool             // its task goes on when its context is cancelled
	Closing  time.Duration    // on SIGTERM it closes its client, for as long as this; 0: it dies
}

// A report is what a worker says on its standard output, as a line of JSON.
type report struct {
	Event     string // running, cancelled, returned, refused or closed
	Attempt   int    `json:",omitempty"`
	Fence     int64  `json:",omitempty"`
	LeaseLost bool   `json:",omitempty"` // the cause of a cancelled context
	Value     string `json:",omitempty"`
	Duplicate bool   `json:",omitempty"`
	Code      string `json:",omitempty"`
	Left      string `json:",omitempty"` // the error of Close
}

// work is a worker's main: it runs one task, whose value is the first line of its
// standard input.
func work(text string) {
	var s setup
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		panic(err)
	}
	client := idem.New(redisstore.New(redis.NewClient(&redis.Options{Addr: s.Addr})))
	over := make(chan struct{}) // closed when the task's call has returned
	if s.Closing > 0 {
		terminated := make(chan os.Signal, 1)
		signal.Notify(terminated, syscall.SIGTERM)
		go func() {
			<-terminated
			shutDown(client, s.Closing, over)
			os.Exit(0)
		}()
	}
	task := jobs(client, func(ctx context.Context, _ string) (string, error) {
		x := idem.FromContext(ctx)
		say(report{Event: "running", Attempt: x.Attempt, Fence: x.Fence})
		value := make(chan string, 1)
		go func() {
			line, _, _ := bufio.NewReader(os.Stdin).ReadLine()
			value <- string(line)
		}()
		select {
		case v := <-value:
			return v, nil
		case <-ctx.Done():
			say(report{Event: "cancelled", LeaseLost: context.Cause(ctx) == idem.ErrLeaseLost}) //nolint:errorlint // the very cause
		}
		if s.Stubborn {
			return <-value, nil
		}
		return "", ctx.Err()
	}, idem.WithLease(s.Lease), idem.WithWait(s.Wait), idem.WithOnCrash(s.OnCrash))
	res, err := task.Run(context.Background(), "job")
	say(report{Event: "returned", Value: res.Value, Duplicate: res.Duplicate, Code: idem.Code(err)})
	close(over)
	if s.Closing > 0 {
		select {} // until the signal
	}
}

// shutDown closes the client, and lets a call that comes meanwhile tell what it got.
func shutDown(client *idem.Client, patience time.Duration, over <-chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	closed := make(chan error)
	go func() { closed <- client.Close(ctx) }()
	late := jobs(client, func(context.Context, string) (string, error) { return "", errors.New("not closed yet") })
	for {
		if _, err := late.Run(context.Background(), "late"); idem.Code(err) != "" {
			say(report{Event: "refused", Code: idem.Code(err)})
			break
		}
	}
	if err := <-closed; err != nil {
		say(report{Event: "closed", Left: err.Error()})
		return
	}
	<-over
	say(report{Event: "closed"})
}

// jobs is the task of this package's tests, keyed by its text.
func jobs(c *idem.Client, run func(context.Context, string) (string, error), opts ...idem.TaskOption) *idem.Task[string, string] {
	return idem.NewTask(c, idem.Spec[string, string]{
		Name: "test.Job",
		Key:  func(k *idem.KeyWriter, job string) { k.Part("job").String(job) },
		Run:  run,
	}, append([]idem.TaskOption{idem.WithOnDuplicate(idem.PolicyReturnCached)}, opts...)...)
}

const jobKey = "idempotency:test.Job:job"

func say(r report) {
	line, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

// A worker is a process that runs the job, as seen from a test.
type worker struct {
	t       *testing.T
	process *exec.Cmd
	input   io.WriteCloser
	reports chan report
}

// startWorker runs a worker until the test ends.
func startWorker(t *testing.T, server *redistest.Server, s setup) *worker {
	t.Helper()
	s.Addr = server.Addr
	if s.OnCrash == "" {
		s.OnCrash = idem.CrashRetry
	}
	text, err := json.Marshal(s)
	require.NoError(t, err)
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), workerVariable+"="+string(text))
	process.Stderr = os.Stderr
	input, err := process.StdinPipe()
	require.NoError(t, err)
	output, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	w := &worker{t: t, process: process, input: input, reports: make(chan report, 10)}
	go func() {
		defer close(w.reports)
		for lines := bufio.NewScanner(output); lines.Scan(); {
			var r report
			if json.Unmarshal(lines.Bytes(), &r) == nil {
				w.reports <- r
			}
		}
	}()
	t.Cleanup(func() {
		_ = process.Process.Kill() // also where it is stopped
		for range w.reports {      // until its output ends
		}
		_ = process.Wait()
	})
	return w
}

// says returns the worker's next report.
func (w *worker) says() report {
	w.t.Helper()
	select {
	case r, ok := <-w.reports:
		require.True(w.t, ok, "the worker has ended")
		return r
	case <-time.After(30 * time.Second):
		require.Fail(w.t, "the worker says nothing")
		return report{}
	}
}

// finish lets the worker's task return the value.
func (w *worker) finish(value string) {
	w.t.Helper()
	_, err := io.WriteString(w.input, value+"\n")
	require.NoError(w.t, err)
}

func (w *worker) signal(s syscall.Signal) {
	w.t.Helper()
	require.NoError(w.t, w.process.Process.Signal(s))
}

// ended waits until the worker's process has ended by itself.
func (w *worker) ended() {
	w.t.Helper()
	select {
	case r, ok := <-w.reports:
		require.False(w.t, ok, "it says: %+v", r)
	case <-time.After(30 * time.Second):
		require.Fail(w.t, "the worker does not end")
	}
}
