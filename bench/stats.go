package main

import (
	"fmt"
	"math"
	"slices"
)

// median is the middle of the values, which machines with other things to do
// disturb less than the mean.
func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile returns the value below which a share q of the values lies.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	at := q * float64(len(sorted)-1)
	low, high := sorted[int(math.Floor(at))], sorted[int(math.Ceil(at))]
	return low + (high-low)*(at-math.Floor(at))
}

// ratios divides round by round, so that what slows a whole round down cancels out.
func ratios(of, by []float64) []float64 {
	r := make([]float64, len(of))
	for i := range of {
		r[i] = of[i] / by[i]
	}
	return r
}

// spread says how far the rounds lie apart.
func spread(values []float64) string {
	return fmt.Sprintf("%s to %s", number(slices.Min(values)), number(slices.Max(values)))
}
