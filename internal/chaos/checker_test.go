package chaos_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ledgerOf writes entries in a short form: their times are their places.
func ledgerOf(entries ...entry) []entry {
	for i := range entries {
		entries[i].Time, entries[i].Key = int64(i+1), "k"
	}
	return entries
}

func called(call string) entry { return entry{Op: "call", Call: call} }

func begun(call string, attempt int, fence int64) entry {
	return entry{Op: "begin", Call: call, ID: "x" + call, Attempt: attempt, Fence: fence}
}
func alive(call string) entry { return entry{Op: "alive", Call: call, ID: "x" + call} }
func effect(call string) entry {
	return entry{Op: "effect", Call: call, ID: "x" + call, Value: "v" + call}
}

func got(call, value string) entry {
	return entry{Op: "return", Call: call, Value: value}
}

// duplicate is what the second call got, failed what the first did.
func duplicate(value string) entry {
	return entry{Op: "return", Call: "2", Value: value, Dup: true}
}

func failed(value, code string) entry {
	return entry{Op: "return", Call: "1", Value: value, Failed: true, Code: code}
}

func TestTheCheckerFindsEveryBrokenPromise(t *testing.T) {
	for name, tt := range map[string]struct {
		ledger []entry
		want   string // part of what it finds; nothing if empty
	}{
		"nothing is wrong": {
			ledgerOf(called("1"), called("2"), begun("1", 1, 10), alive("1"), effect("1"), got("1", "v1"), duplicate("v1")), "",
		},
		"an owner that was killed": {
			ledgerOf(called("1"), begun("1", 1, 10), effect("1"), called("2"), begun("2", 2, 11), effect("2"), got("2", "v2")), "",
		},
		"two live leases": {
			ledgerOf(called("1"), called("2"), begun("1", 1, 10), begun("2", 2, 11), alive("1")), "had the lease at once",
		},
		"a second run after an answer": {
			ledgerOf(called("1"), begun("1", 1, 10), effect("1"), got("1", "v1"), called("2"), begun("2", 2, 11), effect("2"), got("2", "v2")),
			`its answer was "v1", and then "v2"`,
		},
		"an answer that nobody gave": {
			ledgerOf(called("1"), begun("1", 1, 10), effect("1"), got("1", "v1"), called("2"), duplicate("v3")), "cannot have got",
		},
		"a value that is another's": {
			ledgerOf(called("1"), called("2"), begun("1", 1, 10), effect("1"), got("2", "v1")), "cannot have got",
		},
		"a fence that stands still": {
			ledgerOf(called("1"), begun("1", 1, 10), called("2"), begun("2", 2, 10)), "with fence 10 came attempt 2 with fence 10",
		},
		"an attempt that is counted twice": {
			ledgerOf(called("1"), begun("1", 1, 10), called("2"), begun("2", 1, 11)), "after attempt 1",
		},
		"something ran although the store is said to be unavailable": {
			ledgerOf(called("1"), begun("1", 1, 10), failed("", "STORE_UNAVAILABLE")), "cannot have got",
		},
		"an unrecorded result that is not the caller's": {
			ledgerOf(called("1"), begun("1", 1, 10), effect("1"), failed("", "NOT_RECORDED")), "cannot have got",
		},
		"a refused result that is the answer": {
			ledgerOf(called("1"), begun("1", 1, 10), effect("1"), failed("v1", "LEASE_LOST"), called("2"), duplicate("v1")),
			"told that its result was refused",
		},
		"an error without a meaning": {
			ledgerOf(called("1"), failed("", "")), "cannot have got",
		},
		"a call that ran twice": {
			ledgerOf(called("1"), begun("1", 1, 10), entry{Op: "begin", Call: "1", ID: "y", Attempt: 2, Fence: 11}, failed("", "declined")),
			"it ran the task 2 times",
		},
		"lost data, after which nothing is promised": {
			ledgerOf(called("1"), called("2"), begun("1", 1, 10), entry{Op: "loss"}, entry{Op: "recovered"}, begun("2", 1, 11), alive("1")), "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			broken, _, _ := check(tt.ledger)
			if tt.want == "" {
				require.Empty(t, broken)
				return
			}
			assert.Contains(t, strings.Join(broken, "\n"), tt.want)
		})
	}
}

func TestPorcupineFindsWhatNoOrderExplains(t *testing.T) {
	for name, tt := range map[string]struct {
		ledger []entry
		want   porcupine.CheckResult
	}{
		"an answer of a killed owner": {
			ledgerOf(called("1"), begun("1", 1, 10), effect("1"), called("2"), duplicate("v1")), porcupine.Ok,
		},
		"a duplicate before anything ran": {
			ledgerOf(called("2"), duplicate("v1"), called("1"), begun("1", 1, 10), effect("1"), got("1", "v1")), porcupine.Illegal,
		},
		"two firsts": {
			ledgerOf(called("1"), begun("1", 1, 10), effect("1"), got("1", "v1"), called("2"), begun("2", 2, 11), effect("2"), got("2", "v2"),
				called("2"), duplicate("v1")),
			porcupine.Illegal,
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, histories := check(tt.ledger)
			require.Len(t, histories, 1)
			result, info := histories[0].linearizable()
			assert.Equal(t, tt.want, result)
			picture := filepath.Join(t.TempDir(), "history.html")
			require.NoError(t, porcupine.VisualizePath(record.ToModel(), info, picture))
			html, err := os.ReadFile(picture)
			require.NoError(t, err)
			assert.Contains(t, string(html), "duplicate v1")
		})
	}
}
