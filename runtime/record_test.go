package idem_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
)

const id = "WlRkO8ndhPUn3ZbZLuyB9w"

var records = []struct {
	name   string
	record idem.StoredRecord
	text   string
}{
	{
		"running",
		idem.StoredRecord{State: idem.StateRunning, ID: id, Attempt: 1, Fence: 1764000000000000, Started: 1764000000000000, Lease: 15 * time.Second, Retention: 86415 * time.Second},
		"i1 running- " + id + " 1 1764000000000000 15000 86415000\n",
	},
	{
		"running, awaited, of a task with match, overtaking a fence from the future",
		idem.StoredRecord{State: idem.StateRunning, Waiting: true, ID: id, Attempt: 3, Fence: 1764000000000001, Started: 1764000000000000, Lease: 100 * time.Millisecond, Retention: time.Second, Fingerprint: "abc"},
		"i1 running+ " + id + " 3 1764000000000001 100 1000 start=1764000000000000 match=abc\n",
	},
	{
		"released",
		idem.StoredRecord{State: idem.StateReleased, ID: id, Attempt: 0, Fence: 5, Started: 5},
		"i1 released " + id + " 0 5\n",
	},
	{
		"done without a value",
		idem.StoredRecord{State: idem.StateDone, Status: idem.StatusSuccess, ID: id, Attempt: 1, Fence: 5, Started: 5, Took: 52 * time.Millisecond},
		"i1 done " + id + " 1 5 52 -\n",
	},
	{
		"done with a value",
		idem.StoredRecord{State: idem.StateDone, Status: idem.StatusSuccess, ID: id, Attempt: 1, Fence: 5, Started: 5, Took: time.Second, Codec: "json", Value: []byte("{\n}"), HasValue: true},
		"i1 done " + id + " 1 5 1000 3\n{\n}",
	},
	{
		"done with an empty value of another codec",
		idem.StoredRecord{State: idem.StateDone, Status: idem.StatusSuccess, ID: id, Attempt: 1, Fence: 5, Started: 5, Codec: "proto", Value: []byte{}, HasValue: true},
		"i1 done " + id + " 1 5 0 0 codec=proto\n",
	},
	{
		"skipped with a note and a value",
		idem.StoredRecord{State: idem.StateDone, Status: idem.StatusSkipped, ID: id, Attempt: 1, Fence: 5, Started: 5, Codec: "json", Note: []byte(`{"reason":"r"}`), Value: []byte("7"), HasValue: true},
		"i1 skipped " + id + " 1 5 0 1 note=14\n{\"reason\":\"r\"}7",
	},
	{
		"failed",
		idem.StoredRecord{State: idem.StateDone, Status: idem.StatusFailed, ID: id, Attempt: 2, Fence: 5, Started: 5, Note: []byte(`{}`)},
		"i1 failed " + id + " 2 5 0 - note=2\n{}",
	},
}

func TestRecordsAreWrittenAndReadAsDocumented(t *testing.T) {
	for _, tt := range records {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.text, string(tt.record.Bytes()))
			got, err := idem.ParseRecord([]byte(tt.text))
			require.NoError(t, err)
			assert.Equal(t, tt.text, string(got.Bytes()))
			if tt.record.Note == nil {
				got.Note = nil // empty rather than nil
			}
			if got.State == idem.StateDone {
				got.Codec = tt.record.Codec // the default, where there is no value
			}
			assert.Equal(t, tt.record, got)
		})
	}
}

func TestARecordCutOffAnywhereIsCorrupt(t *testing.T) {
	for _, tt := range records {
		t.Run(tt.name, func(t *testing.T) {
			for n := range len(tt.text) {
				_, err := idem.ParseRecord([]byte(tt.text[:n]))
				require.ErrorIs(t, err, idem.ErrCorrupt, "%q", tt.text[:n])
			}
			_, err := idem.ParseRecord([]byte(tt.text + "x"))
			require.ErrorIs(t, err, idem.ErrCorrupt)
		})
	}
}

func TestWhatIsNoRecordIsCorrupt(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"a newer version":       {"i2 done x 1 1 1 -\n", `its format "i2" is not the "i1" that this program reads`},
		"no version":            {"\n", "format"},
		"no header":             {"hello", "no header line"},
		"a header without end":  {"i1 done " + strings.Repeat("x", 600) + "\n", "no header line"},
		"an unknown state":      {"i1 asleep x 1 1\n", `its state "asleep" is unknown`},
		"an unknown option":     {"i1 released x 1 1 color=red\n", `its option "color" is unknown`},
		"a negative attempt":    {"i1 released x -1 1\n", `"-1" where a number should be`},
		"a signed fence":        {"i1 released x 1 +1\n", `"+1" where a number should be`},
		"a fence beyond Lua":    {"i1 released x 1 9007199254740992\n", "where a number should be"},
		"a lease of nothing":    {"i1 running- x 1 1 0 100\n", "lease"},
		"a lease over its term": {"i1 running- x 1 1 200 100\n", "lease"},
		"two spaces":            {"i1 released x  1 1\n", "cut off"},
		"a huge payload":        {"i1 done x 1 1 1 99999999999999999999\n", "where a number should be"},
		"a wrong size":          {"i1 done x 1 1 1 5\nabc", "promises 5 bytes after it, 3 are there"},
		"a wrong note":          {"i1 done x 1 1 1 1 note=3\nabc", "promises 4 bytes after it, 3 are there"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := idem.ParseRecord([]byte(tt.text))
			require.ErrorIs(t, err, idem.ErrCorrupt)
			assert.ErrorContains(t, err, tt.want)
		})
	}
}

func TestAFinishedRecordsHeaderIsShort(t *testing.T) {
	r := idem.StoredRecord{
		State: idem.StateDone, Status: idem.StatusSuccess, ID: id, Attempt: 1, Fence: 1764000000000000, Started: 1764000000000000,
		Took: 9 * time.Second, Codec: "json", HasValue: true, Value: make([]byte, 66),
	}
	assert.LessOrEqual(t, len(r.Bytes())-66, 58, "so that a small result stays in Redis's next size class")
}

func FuzzParseRecord(f *testing.F) {
	for _, tt := range records {
		f.Add([]byte(tt.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := idem.ParseRecord(data)
		if err != nil {
			require.ErrorIs(t, err, idem.ErrCorrupt)
			return
		}
		again, err := idem.ParseRecord(r.Bytes())
		require.NoError(t, err)
		assert.Equal(t, r, again)
	})
}

func TestARecordIsReadAsStrictlyAsTheScriptsDo(t *testing.T) {
	for _, record := range []string{
		"i1 released id -0 2\n", "i1 released id 1 2 \n", "i1 done id 1 2 -0 -\n", "i1 done id 1 2 3 -0\n",
		"i1 running- id 1 2 3 4 \n", "i1 released id 1 2 note=-0\n", "i1 released id 1 2 start=-0\n",
	} {
		_, err := idem.ParseRecord([]byte(record))
		require.ErrorIs(t, err, idem.ErrCorrupt, "%q", record)
	}
}

func TestAClaimOfAnyClockCanBeRead(t *testing.T) {
	for _, year := range []int{-1, 1969, 1970, 2026, 2300, 9999} {
		claim := idem.Claim{ID: "x", Now: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), Lease: time.Second, Retention: time.Minute}
		record, err := idem.ParseRecord(claim.Record().Bytes())
		require.NoError(t, err, year)
		require.Positive(t, record.Fence)
	}
}

func TestAHeaderIsReadWithoutWhatFollows(t *testing.T) {
	for _, test := range records {
		whole, err := idem.ParseRecord([]byte(test.text))
		require.NoError(t, err)
		whole.Note, whole.Value = nil, nil
		header := test.text[:strings.IndexByte(test.text, '\n')+1]
		r, err := idem.ParseHeader([]byte(header), len(test.text))
		require.NoError(t, err, test.name)
		assert.Equal(t, whole, r, test.name)
		_, err = idem.ParseHeader([]byte(header), len(test.text)+1)
		require.ErrorIs(t, err, idem.ErrCorrupt, test.name)
		_, err = idem.ParseHeader([]byte(header[:len(header)-1]), len(test.text))
		require.ErrorIs(t, err, idem.ErrCorrupt, test.name)
	}
}
