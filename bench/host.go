package main

import (
	"fmt"
	"os"
	"slices"
)

// A host is to redistest what a test is: it ends servers, and the run when one of
// them does not do its work.
type host struct{ cleanups []func() }

// Helper does nothing: there are no tests whose lines could be meant.
func (h *host) Helper() {}

// TempDir returns a folder that goes when the run ends.
func (h *host) TempDir() string {
	dir, err := os.MkdirTemp("", "idemgen-bench-")
	if err != nil {
		h.Fatalf("no folder for redis-server: %v", err)
	}
	h.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Cleanup calls f when the run ends.
func (h *host) Cleanup(f func()) { h.cleanups = append(h.cleanups, f) }

// Fatalf ends the run.
func (h *host) Fatalf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
	h.end()
	os.Exit(1)
}

// end undoes what the run has set up, the latest first.
func (h *host) end() {
	for _, f := range slices.Backward(h.cleanups) {
		f()
	}
	h.cleanups = nil
}
