package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// waiterCommand, as the first argument, makes the command a waiter: a process of
// its own that calls for each key it is told, and tells when each call returned.
const waiterCommand = "waiter"

// waiterProcess is what runs in that process.
func waiterProcess(addr string, in io.Reader, out io.Writer) (exit int) {
	p := newProcess(addr)
	task := newTask(p.idem, pay)
	ids := bufio.NewScanner(in)
	for ids.Scan() {
		res, err := task.Run(context.Background(), charge{ids.Text()})
		returned := time.Now()
		switch {
		case err != nil:
			fmt.Fprintln(out, err)
		case !res.Duplicate:
			fmt.Fprintln(out, errNotDuplicate)
		default:
			fmt.Fprintln(out, returned.UnixNano())
		}
	}
	return 0
}

// A waiter is that process, seen from the one that measures.
type waiter struct {
	process *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
}

func startWaiter(addr string) (*waiter, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	process := exec.Command(self, waiterCommand, addr)
	process.Stderr = os.Stderr
	in, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &waiter{process, in, bufio.NewScanner(out)}, process.Start()
}

// call lets the waiter call for a key.
func (w *waiter) call(id string) error {
	_, err := fmt.Fprintln(w.in, id)
	return err
}

// returned waits until that call has returned, and says when it did.
func (w *waiter) returned() (time.Time, error) {
	if !w.out.Scan() {
		return time.Time{}, fmt.Errorf("the waiting process has ended: %w", w.out.Err())
	}
	ns, err := strconv.ParseInt(strings.TrimSpace(w.out.Text()), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("the waiting process: %s", w.out.Text())
	}
	return time.Unix(0, ns), nil
}

// end lets the process end, which it does when there are no more keys.
func (w *waiter) end() error {
	if err := w.in.Close(); err != nil {
		return err
	}
	return w.process.Wait()
}
