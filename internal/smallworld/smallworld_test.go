package smallworld_test

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
)

// The worlds. Callers of one process share its flights.
var settings = []setting{
	{"pair", []entry{{0, 0}, {1, 0}}, idem.CrashRetry},
	{"careful", []entry{{0, 0}, {1, 0}}, idem.CrashFail},
	{"trio", []entry{{0, 0}, {1, 0}, {2, 2 * time.Second}}, idem.CrashRetry},
	{"flight", []entry{{0, 0}, {0, time.Millisecond}, {1, 0}}, idem.CrashRetry},
}

const (
	faultsVariable   = "IDEMGEN_FAULTS"
	scheduleVariable = "IDEMGEN_SCHEDULE"
)

func departures(t *testing.T) int {
	t.Helper()
	text := os.Getenv(faultsVariable)
	if text == "" {
		return defaultDepartures
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, faultsVariable)
	return n
}

func TestNoScheduleBreaksAPromise(t *testing.T) {
	var enough atomic.Bool
	for _, s := range settings {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			tried, broken := explore(t, s, departures(t), &enough)
			t.Logf("%d schedules", tried)
			if broken != nil {
				enough.Store(true)
				t.Fatalf("%s=%s/%s\n%s", scheduleVariable, s.name, broken.path, broken.tell())
			}
		})
	}
}

func TestReplay(t *testing.T) {
	text := os.Getenv(scheduleVariable)
	if text == "" {
		text = "pair/" // the course where nothing fails
	}
	name, choices, _ := strings.Cut(text, "/")
	p, err := parsePath(choices)
	require.NoError(t, err)
	for _, s := range settings {
		if s.name == name {
			c := follow(t, s, p)
			t.Log("\n" + c.tell())
			require.Empty(t, c.faults)
			require.False(t, c.strayed, "the schedule has a choice that this world does not offer")
			return
		}
	}
	t.Fatalf("%s: there is no world %q", scheduleVariable, name)
}
