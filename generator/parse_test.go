package generator

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDurationsHaveDaysAndWeeks(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0":      0,
		"90s":    90 * time.Second,
		"7d":     7 * 24 * time.Hour,
		"1w":     7 * 24 * time.Hour,
		"1w2d3h": (9*24 + 3) * time.Hour,
		"1.5d":   36 * time.Hour,
		"1h30m":  90 * time.Minute,
		"-1d1h":  -25 * time.Hour,
		"2500us": 2500 * time.Microsecond,
	} {
		got, err := parseDuration(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "7", "d", "-", "+", "7 d", "1y", "7D", "x7d", "7dx", "--1d", "1d-1h", "300000000000d", "106751d24h"} {
		_, err := parseDuration(text)
		assert.Error(t, err, text)
	}
}

func TestDurationsAreWrittenAsAPersonWould(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                       "0",
		time.Hour:               "time.Hour",
		36 * time.Hour:          "36 * time.Hour",
		90 * time.Minute:        "90 * time.Minute",
		1500 * time.Millisecond: "1500 * time.Millisecond",
		3:                       "3 * time.Nanosecond",
	} {
		assert.Equal(t, want, durationCode(d).String())
	}
}

func TestTheNearestNameIsSuggested(t *testing.T) {
	names := []string{"OrderID", "Amount", "on-duplicate", "ttl", "N"}
	for name, want := range map[string]string{
		"orderid":     "OrderID",
		"OrderDI":     "OrderID",
		"Ammount":     "Amount",
		"onduplicate": "on-duplicate",
		"tll":         "ttl",
		"retries":     "",
		"x":           "",
		"n":           "N",
	} {
		assert.Equal(t, want, nearest(name, names), name)
	}
}

func TestFileNamesSayForWhichPlatformTheyAre(t *testing.T) {
	for name, want := range map[string][]string{
		"a.go":                  nil,
		"linux.go":              nil,
		"a_linux.go":            {"linux"},
		"a_amd64.go":            {"amd64"},
		"a_linux_amd64.go":      {"linux", "amd64"},
		"a_linux_amd64_test.go": {"linux", "amd64"},
		"a_amd64_linux.go":      {"linux"},
		"a_linux_idem.go":       nil,
		"linux_test.go":         nil,
		"linux_amd64.go":        {"amd64"},
		"a_unix.go":             nil,
		"a_linux.pb.go":         {"linux"},
		"a.pb_linux.go":         nil,
		"a_linux.pb_test.go":    {"linux"},
	} {
		assert.Equal(t, want, nameConstraints(name), name)
	}
}

func TestOutputNamesLeadBackToTheirSource(t *testing.T) {
	for source, output := range map[string]string{
		"payment.go":       "payment_idem.go",
		"payment_test.go":  "payment_idem_test.go",
		"payment_linux.go": "payment_linux_idem.go",
	} {
		assert.Equal(t, output, outputName(source))
		assert.Equal(t, source, sourceName(output))
	}
}

func TestWrapperNamesFollowTheVisibilityOfTheType(t *testing.T) {
	for _, c := range []struct{ typ, wanted, wrapper, constructor string }{
		{"Vote", "", "IdempotentVote", "NewIdempotentVote"},
		{"vote", "", "idempotentVote", "newIdempotentVote"},
		{"Vote", "Voting", "Voting", "NewVoting"},
		{"Vote", "voting", "voting", "newVoting"},
		{"größe", "", "idempotentGröße", "newIdempotentGröße"},
		{"任务", "", "idempotent任务", "newIdempotent任务"},
	} {
		wrapper, constructor := wrapperNames(c.typ, c.wanted)
		assert.Equal(t, c.wrapper, wrapper)
		assert.Equal(t, c.constructor, constructor)
	}
}
