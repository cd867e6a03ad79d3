//go:build race

package idem_test

// raced is what the race detector adds to a call's allocations.
const raced = 5.0
