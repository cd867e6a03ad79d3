//go:build !race

package idem_test

const raced = 0.0
