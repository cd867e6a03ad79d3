package redisstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
)

// The tests of this file are about other programs that use our keys.

func TestWhatAnotherProgramKeepsUnderOurKeyIsCorruptAndStays(t *testing.T) {
	server := redistest.Start(t)
	task := jobs(idem.New(open(t, server)), nothing)
	for name, write := range map[string][]any{
		"a list":                {"rpush", jobKey, "x"},
		"a hash":                {"hset", jobKey, "i1", "done"},
		"a set":                 {"sadd", jobKey, "x"},
		"a sorted set":          {"zadd", jobKey, 1, "x"},
		"a stream":              {"xadd", jobKey, "1-1", "a", "b"},
		"a lock":                {"set", jobKey, "1", "px", 60000},
		"JSON":                  {"set", jobKey, `{"status":"COMPLETED"}`, "px", 60000},
		"nothing":               {"set", jobKey, "", "px", 60000},
		"bytes":                 {"set", jobKey, "\x00\xff\n", "px", 60000},
		"a bitmap":              {"setbit", jobKey, 7, 1},
		"a newer format":        {"set", jobKey, "i2 done x 1 1 1 -\n", "px", 60000},
		"a record without end":  {"set", jobKey, "i1 done x 1 1 1 -\n"},
		"a record with a guest": {"set", jobKey, "i1 done x 1 1 1 -\nguest", "px", 60000},
	} {
		t.Run(name, func(t *testing.T) {
			server.Do("del", jobKey)
			server.Do(write...)
			before := server.Do("dump", jobKey)
			_, err := task.Run(t.Context(), "job")
			if name == "a record without end" { // a claim sees no expiry, and it is an answer
				require.ErrorIs(t, err, idem.ErrNoResult)
			} else {
				require.ErrorIs(t, err, idem.ErrCorrupt)
				assert.ErrorContains(t, err, jobKey)
				assert.NotContains(t, err.Error(), "COMPLETED", "what others keep is not for our logs")
			}
			require.ErrorIs(t, task.Forget(t.Context(), "job"), idem.ErrCorrupt)
			require.ErrorIs(t, task.Resolve(t.Context(), "job", "answer"), idem.ErrCorrupt)
			assert.Equal(t, before, server.Do("dump", jobKey))
		})
	}
}

func TestARecordThatIsCutOffAnywhereIsCorrupt(t *testing.T) {
	server := redistest.Start(t)
	task := jobs(idem.New(open(t, server)), nothing)
	for _, record := range []string{
		"i1 running- x 1 1764000000000000 15000 3600000 match=abc\n",
		"i1 released x 2 5\n",
		"i1 done x 1 5 1000 8 note=14\n{\"reason\":\"r\"}\"answer\"",
	} {
		for n := range record {
			server.Do("set", jobKey, record[:n], "px", 60000)
			_, err := task.Run(t.Context(), "job")
			require.ErrorIs(t, err, idem.ErrCorrupt, "%q", record[:n])
			assert.Equal(t, record[:n], server.Do("get", jobKey))
		}
	}
}

func TestANeighbourWhoMeddlesWithARunningRecord(t *testing.T) {
	const foreign = "not ours"
	for name, tt := range map[string]struct {
		meddle []any
		lost   bool // the claim; then what the neighbour wrote stays
	}{
		"deletes it":              {[]any{"del", jobKey}, false},
		"takes its expiry":        {[]any{"persist", jobKey}, false},
		"lets it expire":          {[]any{"pexpire", jobKey, 1}, false},
		"renames it":              {[]any{"rename", jobKey, "elsewhere"}, false},
		"replaces it":             {[]any{"set", jobKey, foreign, "px", 60000}, true},
		"replaces it for good":    {[]any{"set", jobKey, foreign}, true},
		"appends to it":           {[]any{"append", jobKey, foreign}, true},
		"writes into it":          {[]any{"setrange", jobKey, 3, foreign}, true},
		"copies another's record": {[]any{"set", jobKey, "i1 running- y 1 5 15000 3600000\n", "px", 3600000}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			var meddled any
			task := jobs(idem.New(open(t, server)), func(context.Context, string) (string, error) {
				server.Do(tt.meddle...)
				time.Sleep(10 * time.Millisecond)
				meddled = server.Do("get", jobKey)
				return "answer", nil
			})
			res, err := task.Run(t.Context(), "job")
			assert.Equal(t, "answer", res.Value)
			if tt.lost {
				require.ErrorIs(t, err, idem.ErrLeaseLost)
				assert.Equal(t, meddled, server.Do("get", jobKey))
				return
			}
			require.NoError(t, err)
			res, err = jobs(idem.New(open(t, server)), nothing).Run(t.Context(), "job")
			require.NoError(t, err)
			assert.Equal(t, "answer", res.Value)
			assert.Positive(t, server.Do("pttl", jobKey))
		})
	}
}
