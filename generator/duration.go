package generator

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// longUnits are the units that a directive knows and time.ParseDuration lacks.
var longUnits = regexp.MustCompile(`([0-9]*\.?[0-9]+|[0-9]+\.)([dw])`)

// parseDuration is time.ParseDuration with days and weeks, of 24 hours and of
// seven days.
func parseDuration(s string) (time.Duration, error) {
	var long float64
	rest := longUnits.ReplaceAllStringFunc(s, func(part string) string {
		n, _ := strconv.ParseFloat(part[:len(part)-1], 64)
		if part[len(part)-1] == 'w' {
			n *= 7
		}
		long += n * float64(24*time.Hour)
		return ""
	})
	negative := strings.HasPrefix(rest, "-")
	var short time.Duration
	if sign := rest == "-" || rest == "+"; rest != "" && !sign || s == "" || s == rest {
		d, err := time.ParseDuration(rest)
		if err != nil {
			if overflows(rest) {
				return 0, fmt.Errorf("%s is more than a duration can hold, about 292 years", s)
			}
			return 0, fmt.Errorf("%q is not a duration: write a number and a unit, as 90s, 24h or 7d (units: ns us ms s m h d w)", s)
		}
		short = d
	}
	if negative {
		long = -long
	}
	if math.Abs(long)+math.Abs(float64(short)) >= math.MaxInt64 {
		return 0, fmt.Errorf("%s is more than a duration can hold, about 292 years", s)
	}
	return time.Duration(math.Round(long)) + short, nil
}

// overflows reports whether s is a duration in form but too long.
func overflows(s string) bool {
	return regexp.MustCompile(`^[-+]?([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$`).MatchString(s)
}

// durationCode writes a duration as a person would: 24 * time.Hour.
func durationCode(d time.Duration) Code {
	if d == 0 {
		return text("0")
	}
	units := []struct {
		name string
		size time.Duration
	}{
		{"Hour", time.Hour},
		{"Minute", time.Minute},
		{"Second", time.Second},
		{"Millisecond", time.Millisecond},
		{"Microsecond", time.Microsecond},
		{"Nanosecond", time.Nanosecond},
	}
	for _, unit := range units {
		if d%unit.size != 0 {
			continue
		}
		if d == unit.size {
			return qualified("time", unit.name)
		}
		return join(fmt.Sprintf("%d * ", d/unit.size), qualified("time", unit.name))
	}
	panic("unreachable: every duration is a number of nanoseconds")
}
