//go:build !race

package smallworld_test

const defaultDepartures = 2
