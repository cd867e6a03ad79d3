package generator

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"time"
)

var (
	durationForm = regexp.MustCompile(`^[-+]?(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h|d|w))+$`)
	durationPart = regexp.MustCompile(`([0-9.]+)([^0-9.]+)`)
)

// parseDuration is time.ParseDuration with days and weeks, of 24 hours and of
// seven days.
func parseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	if !durationForm.MatchString(s) {
		return 0, fmt.Errorf("%q is not a duration: write a number and a unit, as 90s, 24h or 7d (units: ns us ms s m h d w)", s)
	}
	var sum time.Duration
	for _, part := range durationPart.FindAllStringSubmatch(s, -1) {
		number, unit, times := part[1], part[2], time.Duration(1)
		switch unit {
		case "d":
			unit, times = "h", 24
		case "w":
			unit, times = "h", 7*24
		}
		d, err := time.ParseDuration(number + unit)
		if err != nil || d > (math.MaxInt64-sum)/times {
			return 0, fmt.Errorf("%s is more than a duration can hold, about 292 years", s)
		}
		sum += d * times
	}
	if strings.HasPrefix(s, "-") {
		return -sum, nil
	}
	return sum, nil
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
