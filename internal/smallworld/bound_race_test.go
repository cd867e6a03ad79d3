//go:build race

package smallworld_test

// defaultDepartures is less under the race detector, where a schedule takes ten
// times as long. TestEveryMutantIsFound explores as far as without it.
const defaultDepartures = 1
