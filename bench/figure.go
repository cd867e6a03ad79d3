package main

import (
	"math"
	"strconv"
	"strings"
)

// A figure is one measured value, beside its goal if there is one.
type figure struct {
	Section string  `json:"section"`
	Name    string  `json:"name"`
	Value   float64 `json:"value"`
	Unit    string  `json:"unit,omitempty"`
	Detail  string  `json:"detail,omitempty"`
	Goal    string  `json:"goal,omitempty"`
	Verdict verdict `json:"verdict,omitempty"`
}

type verdict string

const (
	met    verdict = "met"
	missed verdict = "missed"
	// incomparable: the goal was set on a machine that was faster than this one is
	// now, by its floor.
	incomparable verdict = "machine too slow"
)

// atMost returns the figure beside an upper limit.
func (f figure) atMost(limit float64) figure { return f.judge("≤ ", limit, f.Value <= limit) }

// lessThan returns the figure beside an upper limit that does not do itself.
func (f figure) lessThan(limit float64) figure { return f.judge("< ", limit, f.Value < limit) }

// atLeast returns the figure beside a lower limit.
func (f figure) atLeast(limit float64) figure { return f.judge("≥ ", limit, f.Value >= limit) }

// moreThan returns the figure beside a lower limit that does not do itself.
func (f figure) moreThan(limit float64) figure { return f.judge("> ", limit, f.Value > limit) }

func (f figure) judge(relation string, limit float64, holds bool) figure {
	f.Goal, f.Verdict = relation+number(limit), missed
	if holds {
		f.Verdict = met
	}
	return f
}

// number writes a value with the digits that count.
func number(v float64) string {
	switch abs := math.Abs(v); {
	case abs >= 100 || v == math.Trunc(v):
		return grouped(strconv.FormatFloat(v, 'f', 0, 64))
	case abs >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case abs >= 0.1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// grouped puts commas between the thousands of an integer.
func grouped(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}
