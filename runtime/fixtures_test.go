package idem_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
)

// The files of testdata/records are records as a release has written them. They are
// never rewritten: a later format gets a folder of its own beside this one.

func TestARecordOfAnEarlierReleaseIsRead(t *testing.T) {
	const id = "AAAAAAAAAAAAAAAAAAAAAA"
	began := time.UnixMicro(1764000000000000)
	ended := began.Add(250 * time.Millisecond)
	skipped := map[string]any{"left": float64(0)}
	failed := map[string]any{"code": "EXPIRED_42"}
	fixtures := map[string]idem.Record[receipt]{
		"success": {
			ID: id, State: idem.StateDone, Attempt: 1, StartedAt: began, FinishedAt: ended,
			Result: idem.Result[receipt]{Value: receipt{"R-1", 999}, Status: idem.StatusSuccess},
		},
		"success-without-value": {
			ID: id, State: idem.StateDone, Attempt: 2, StartedAt: began, FinishedAt: ended,
			Result: idem.Result[receipt]{Status: idem.StatusSuccess},
		},
		"skipped": {
			ID: id, State: idem.StateDone, Attempt: 1, StartedAt: began, FinishedAt: ended,
			Result: idem.Result[receipt]{Status: idem.StatusSkipped, Reason: "sold out", Metadata: skipped},
		},
		"failed": {
			ID: id, State: idem.StateDone, Attempt: 3, StartedAt: began, FinishedAt: ended,
			Result: idem.Result[receipt]{Status: idem.StatusFailed, Reason: "card expired", Metadata: failed},
		},
		"released":        {ID: id, State: idem.StateReleased, Attempt: 1, StartedAt: began},
		"running":         {ID: id, State: idem.StateInterrupted, Attempt: 4, StartedAt: began},
		"running-awaited": {ID: id, State: idem.StateInterrupted, Attempt: 1, StartedAt: began},
	}
	files, err := os.ReadDir(filepath.Join("testdata", "records", "i1"))
	require.NoError(t, err)
	require.Len(t, files, len(fixtures))
	for _, file := range files {
		t.Run(file.Name(), func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", "records", "i1", file.Name()))
			require.NoError(t, err)
			want, known := fixtures[file.Name()]
			require.True(t, known)
			parsed, err := idem.ParseRecord(data)
			require.NoError(t, err)
			assert.Equal(t, string(data), string(parsed.Bytes()), "what is written today is what was written then")

			onEachStore(t, func(t *testing.T, store idem.Store) {
				// An owner's lease has long run out.
				_, err := store.Replace(t.Context(), paymentKey, idem.Swap{New: data, TTL: time.Hour, IfAbsent: true})
				require.NoError(t, err)
				task := paying(newClient(t, store), paid, idem.WithOnDuplicate(idem.PolicyReturnCached))
				got, err := task.Lookup(t.Context(), a17)
				require.NoError(t, err)
				want.Key = paymentKey
				assert.True(t, want.StartedAt.Equal(got.StartedAt) && want.FinishedAt.Equal(got.FinishedAt))
				assert.WithinDuration(t, time.Now().Add(time.Hour), got.ExpiresAt, time.Minute)
				want.StartedAt, want.FinishedAt, want.ExpiresAt = got.StartedAt, got.FinishedAt, got.ExpiresAt
				got.Result.Original = nil
				assert.Equal(t, want, got)

				res, err := task.Run(t.Context(), a17)
				switch want.State {
				case idem.StateDone:
					assert.True(t, res.Duplicate)
					assert.Equal(t, want.Result.Value, res.Value)
				default: // taken over
					require.NoError(t, err)
					assert.False(t, res.Duplicate)
				}
			})
		})
	}
}
