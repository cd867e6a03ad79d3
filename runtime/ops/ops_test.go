package ops_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/internal/opstest"
	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/ops"
	"github.com/idemgen/idemgen/runtime/redisstore"
)

// seeded returns a Redis with a record in every state.
func seeded(t *testing.T) (*redistest.Server, *redis.Client) {
	t.Helper()
	server := redistest.Start(t)
	client := server.Client()
	require.NoError(t, opstest.Seed(t.Context(), client))
	return server, client
}

// list returns the keys and states that a query finds.
func list(t *testing.T, i *ops.Inspector, q ops.Query) map[string]idem.State {
	t.Helper()
	found := make(map[string]idem.State)
	for r, err := range i.List(t.Context(), q) {
		require.NoError(t, err)
		require.Empty(t, found[r.Key], "each key comes once")
		found[r.Key] = r.State
	}
	return found
}

func TestEveryStateIsListed(t *testing.T) {
	_, client := seeded(t)
	client.LPush(t.Context(), "idempotency:billing.Pay:list", "x")
	client.Set(t.Context(), "idempotency:billing.Pay:forever", opstest.Records()[0].Record.Bytes(), 0)
	client.Set(t.Context(), "sessions:ada:1", "not ours", 0)
	assert.Equal(t, map[string]idem.State{
		opstest.Running: idem.StateRunning, opstest.Interrupted: idem.StateInterrupted, opstest.Released: idem.StateReleased,
		opstest.Done: idem.StateDone, opstest.Failed: idem.StateDone, opstest.Skipped: idem.StateDone, opstest.Corrupt: ops.StateCorrupt,
		"idempotency:billing.Pay:list": ops.StateCorrupt, "idempotency:billing.Pay:forever": ops.StateCorrupt,
	}, list(t, ops.New(client), ops.Query{}))
}

func TestOnlyWhatIsAskedForIsListed(t *testing.T) {
	_, client := seeded(t)
	client.Set(t.Context(), "idempotency:billing.Payout:1", opstest.Records()[3].Record.Bytes(), time.Hour)
	client.Set(t.Context(), "other[*]:billing.Pay:1", opstest.Records()[3].Record.Bytes(), time.Hour)
	for name, test := range map[string]struct {
		query ops.Query
		opts  []ops.Option
		want  []string
	}{
		"a task, every version": {
			query: ops.Query{Task: "billing.Pay"},
			want:  []string{opstest.Running, opstest.Released, opstest.Done, opstest.Failed, opstest.Corrupt},
		},
		"a task's version":  {query: ops.Query{Task: "billing.Pay@v2"}, want: []string{opstest.Failed}},
		"states":            {query: ops.Query{States: []idem.State{idem.StateRunning, idem.StateInterrupted}}, want: []string{opstest.Running, opstest.Interrupted}},
		"a pattern":         {query: ops.Query{Pattern: "*:ada:*"}, want: []string{opstest.Interrupted}},
		"one key":           {query: ops.Query{Pattern: opstest.Done}, want: []string{opstest.Done}},
		"no key":            {query: ops.Query{Pattern: "idempotency:billing.Pay:0"}, want: nil},
		"what is old":       {query: ops.Query{Older: 90 * time.Minute}, want: []string{opstest.Interrupted, opstest.Done, "idempotency:billing.Payout:1"}},
		"another prefix":    {opts: []ops.Option{ops.WithPrefix("other[*]")}, want: []string{"other[*]:billing.Pay:1"}},
		"pattern and state": {query: ops.Query{Pattern: "*Pay:*", States: []idem.State{idem.StateReleased}}, want: []string{opstest.Released}},
	} {
		t.Run(name, func(t *testing.T) {
			got := slices.Collect(maps.Keys(list(t, ops.New(client, test.opts...), test.query)))
			assert.ElementsMatch(t, test.want, got)
		})
	}
}

func TestManyKeysAreLookedThroughGently(t *testing.T) {
	server, client := seeded(t)
	require.NoError(t, opstest.Fill(t.Context(), client, 3000, 100))
	var last ops.Progress
	steps := 0
	i := ops.New(client, ops.WithCount(100), ops.WithRate(10_000))
	began := time.Now()
	found := list(t, i, ops.Query{Task: "bulk.Work", Progress: func(p ops.Progress) {
		assert.GreaterOrEqual(t, p.Looked, last.Looked)
		last = p
		steps++
	}})
	assert.GreaterOrEqual(t, time.Since(began), 250*time.Millisecond, "10,000 keys a second")
	assert.Len(t, found, 3000)
	assert.Greater(t, steps, 20)
	assert.Equal(t, ops.Progress{Looked: 3007, Total: 3007, Found: 3000}, last)
	assert.Zero(t, server.CommandStats()["keys"], "KEYS")
	assert.Zero(t, server.CommandStats()["get"], "values are not read")
}

func TestAListCanBeLeftAndCancelled(t *testing.T) {
	_, client := seeded(t)
	require.NoError(t, opstest.Fill(t.Context(), client, 1000, 0))
	i := ops.New(client, ops.WithCount(10), ops.WithRate(100))
	for _, err := range i.List(t.Context(), ops.Query{}) {
		require.NoError(t, err)
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var err error
	for _, err = range i.List(ctx, ops.Query{}) {
		cancel()
	}
	require.ErrorIs(t, err, context.Canceled)
}

func TestARecordIsShownWithItsPayload(t *testing.T) {
	_, client := seeded(t)
	i := ops.New(client)
	r, err := i.Get(t.Context(), opstest.Done)
	require.NoError(t, err)
	assert.Equal(t, "billing.Pay", r.TaskName())
	assert.Equal(t, idem.StateDone, r.State)
	assert.Equal(t, idem.StatusSuccess, r.Status)
	assert.JSONEq(t, `{"receipt":"R-19","note":"two\nlines"}`, string(r.Value))
	assert.Equal(t, "json", r.Codec)
	assert.Equal(t, 1500*time.Millisecond, r.FinishedAt.Sub(r.StartedAt))
	assert.WithinDuration(t, time.Now().Add(22*time.Hour), r.ExpiresAt, time.Minute)

	r, err = i.Get(t.Context(), opstest.Failed)
	require.NoError(t, err)
	assert.Equal(t, "billing.Pay@v2", r.TaskName())
	assert.Equal(t, "card expired", r.Reason)
	assert.Equal(t, map[string]any{"code": "CARD_EXPIRED"}, r.Metadata)
	assert.Nil(t, r.Value)

	r, err = i.Get(t.Context(), opstest.Interrupted)
	require.NoError(t, err)
	assert.Equal(t, idem.StateInterrupted, r.State)
	assert.Equal(t, 2, r.Attempt)
	assert.Equal(t, 15*time.Second, r.Lease)
	assert.Equal(t, 30*24*time.Hour, r.TTL)
	assert.True(t, r.LeaseEndsAt.Before(time.Now()))

	r, err = i.Get(t.Context(), opstest.Corrupt)
	require.NoError(t, err)
	assert.Equal(t, ops.StateCorrupt, r.State)
	assert.Equal(t, `its format "i2" is not the "i1" that this program reads`, r.Problem)

	noted := opstest.Records()[4].Record
	noted.Note = []byte("{")
	client.Set(t.Context(), "idempotency:billing.Pay:22", noted.Bytes(), time.Hour)
	r, err = i.Get(t.Context(), "idempotency:billing.Pay:22")
	require.NoError(t, err)
	assert.Equal(t, "its reason and metadata are no JSON", r.Problem)

	client.LPush(t.Context(), "l", "x")
	r, err = i.Get(t.Context(), "l")
	require.NoError(t, err)
	assert.Equal(t, ops.StateCorrupt, r.State)

	_, err = i.Get(t.Context(), "idempotency:billing.Pay:0")
	require.ErrorIs(t, err, idem.ErrNotFound)
}

func TestOnlyWhatWasSeenIsForgotten(t *testing.T) {
	_, client := seeded(t)
	i := ops.New(client)
	get := func(key string) ops.Record {
		r, err := i.Get(t.Context(), key)
		require.NoError(t, err)
		return r
	}
	require.ErrorIs(t, i.Forget(t.Context(), get(opstest.Running)), idem.ErrInProgress)
	require.ErrorIs(t, i.Forget(t.Context(), get(opstest.Released)), idem.ErrNotFound)
	require.ErrorIs(t, i.Forget(t.Context(), get(opstest.Corrupt)), idem.ErrCorrupt)

	seen := get(opstest.Interrupted)
	other := opstest.Records()[3].Record // the owner has come back, and finished
	client.Set(t.Context(), opstest.Interrupted, other.Bytes(), time.Hour)
	err := i.Forget(t.Context(), seen)
	require.ErrorIs(t, err, ops.ErrChanged)
	assert.ErrorContains(t, err, "was interrupted (attempt 2, execution "+opstest.ID+") and is done (attempt 1, execution "+opstest.ID+")")
	require.ErrorIs(t, i.Resolve(t.Context(), seen, idem.Answer{}), idem.ErrDuplicate)

	require.NoError(t, i.Forget(t.Context(), get(opstest.Interrupted)))
	assert.Equal(t, idem.StateReleased, get(opstest.Interrupted).State)
}

func TestAnInterruptedExecutionIsResolved(t *testing.T) {
	_, client := seeded(t)
	i := ops.New(client)
	seen, err := i.Get(t.Context(), opstest.Interrupted)
	require.NoError(t, err)
	require.NoError(t, i.Resolve(t.Context(), seen, idem.Answer{Value: []byte(`"booked"`)}))
	r, err := i.Get(t.Context(), opstest.Interrupted)
	require.NoError(t, err)
	assert.Equal(t, idem.StateDone, r.State)
	assert.Equal(t, `"booked"`, string(r.Value))
	assert.Equal(t, "abc", r.Fingerprint)
	assert.WithinDuration(t, time.Now().Add(30*24*time.Hour), r.ExpiresAt, time.Minute)

	absent := ops.Record{Key: "idempotency:billing.Pay:new"}
	require.NoError(t, i.Resolve(t.Context(), absent, idem.Answer{}))
	require.ErrorIs(t, i.Resolve(t.Context(), absent, idem.Answer{}), idem.ErrDuplicate)
	require.ErrorContains(t, i.Resolve(t.Context(), ops.Record{Key: "misspelt"}, idem.Answer{}), "is no key")
	client.Del(t.Context(), absent.Key)
	require.ErrorIs(t, i.Resolve(t.Context(), seen, idem.Answer{}), idem.ErrDuplicate)
	seen.Key = absent.Key
	err = i.Resolve(t.Context(), seen, idem.Answer{})
	require.ErrorIs(t, err, ops.ErrChanged)
	assert.ErrorContains(t, err, "and is not there")
}

func TestRecordsAreCountedByTask(t *testing.T) {
	_, client := seeded(t)
	stats, err := ops.New(client).Stats(t.Context(), ops.Query{})
	require.NoError(t, err)
	require.Len(t, stats, 4)
	pay := stats[0]
	assert.Equal(t, "billing.Pay", pay.Task)
	assert.Equal(t, map[idem.State]int{idem.StateRunning: 1, idem.StateReleased: 1, idem.StateDone: 1, ops.StateCorrupt: 1}, pay.States)
	assert.Equal(t, 4, pay.Total)
	assert.Equal(t, 1, pay.Retried)
	assert.WithinDuration(t, time.Now().Add(-90*time.Second), pay.Oldest[idem.StateRunning], time.Minute/2)
	assert.Positive(t, pay.Largest)
	assert.Greater(t, pay.Bytes, int64(pay.Largest))
	assert.Equal(t, "billing.Pay@v2", stats[1].Task)
	assert.Equal(t, 1, stats[1].Failed)
	assert.Equal(t, "transfer.TransferFunds", stats[2].Task)
	assert.Equal(t, "webhook.Deliver", stats[3].Task)
}

func TestAWatchTellsOfWhatChanges(t *testing.T) {
	_, client := seeded(t)
	store := redisstore.New(client)
	tasks := idem.New(store)
	task := idem.NewTask(tasks, idem.Spec[string, string]{
		Name: "shop.Order", Key: func(k *idem.KeyWriter, s string) { k.Part("ID").String(s) },
		Run: func(context.Context, string) (string, error) { return "", errors.New("sold out") },
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := make(map[string][]string)
	for r, err := range ops.New(client).Watch(ctx, ops.Query{}, time.Millisecond) {
		require.NoError(t, err)
		seen[r.Key] = append(seen[r.Key], strings.TrimSpace(string(r.State)+" "+string(r.Status)))
		switch {
		case len(seen) == 4 && len(seen[opstest.Released]) == 1 && r.State != "gone" && seen["idempotency:shop.Order:1"] == nil:
			_, err := task.Run(ctx, "1")
			require.ErrorContains(t, err, "sold out")
		case r.Key == "idempotency:shop.Order:1":
			require.NoError(t, client.Set(ctx, opstest.Interrupted, opstest.Records()[3].Record.Bytes(), time.Hour).Err())
		case r.Key == opstest.Interrupted && r.State == idem.StateDone:
			require.NoError(t, client.Del(ctx, opstest.Released, opstest.Done).Err())
		case r.State == ops.StateGone:
			cancel()
		}
	}
	assert.Equal(t, map[string][]string{
		opstest.Running: {"running"}, opstest.Released: {"released", "gone"}, opstest.Corrupt: {"corrupt"},
		opstest.Interrupted:        {"interrupted", "done success"},
		"idempotency:shop.Order:1": {"released"},
	}, seen)
}

func TestOnAClusterEveryPrimaryIsLookedThrough(t *testing.T) {
	cluster := redistest.StartCluster(t)
	client := cluster.Client()
	require.NoError(t, opstest.Seed(t.Context(), client))
	want := map[string]idem.State{}
	for n := range cluster.Primaries {
		key := cluster.KeyOf(n, "idempotency:billing.Charge:")
		require.NoError(t, client.Set(t.Context(), key, opstest.Records()[1].Record.Bytes(), time.Hour).Err())
		want[key] = idem.StateInterrupted
	}
	i := ops.New(client)
	assert.Equal(t, want, list(t, i, ops.Query{Task: "billing.Charge"}))
	servers, err := i.Servers(t.Context())
	require.NoError(t, err)
	require.Len(t, servers, 3)
	total := int64(0)
	for _, s := range servers {
		assert.Contains(t, s.Version, "7.")
		total += s.Keys
	}
	assert.Equal(t, int64(10), total)
	for key := range want {
		assert.Equal(t, map[string]idem.State{key: idem.StateInterrupted}, list(t, i, ops.Query{Pattern: key}))
		r, err := i.Get(t.Context(), key)
		require.NoError(t, err)
		require.NoError(t, i.Forget(t.Context(), r))
	}
	assert.Empty(t, list(t, i, ops.Query{Task: "billing.Charge", States: []idem.State{idem.StateInterrupted}}))
}

func TestAClientThatMayHideKeysIsRefused(t *testing.T) {
	ring := redis.NewRing(&redis.RingOptions{})
	t.Cleanup(func() { _ = ring.Close() })
	i := ops.New(ring)
	for _, err := range i.List(t.Context(), ops.Query{}) {
		require.ErrorContains(t, err, "a *redis.Ring may not show all keys")
	}
	_, err := i.Check(t.Context())
	require.ErrorContains(t, err, "may not show all keys")
	_, err = i.Servers(t.Context())
	require.ErrorContains(t, err, "may not show all keys")
}

func TestDocumentedRightsAreEnough(t *testing.T) {
	const looks = "~* +hello +client|setname +ping +scan +dbsize +evalsha +eval +getrange +strlen +pttl +get"
	server := redistest.Start(t, redistest.WithUser("looker", "pw", looks), redistest.WithUser("operator", "pw", looks+" &* +set +setrange +publish"))
	require.NoError(t, opstest.Seed(t.Context(), server.Client()))
	as := func(user string) *ops.Inspector {
		client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: user, Password: "pw"})
		t.Cleanup(func() { _ = client.Close() })
		return ops.New(client)
	}
	assert.Len(t, list(t, as("looker"), ops.Query{}), 7)
	r, err := as("looker").Get(t.Context(), opstest.Interrupted)
	require.NoError(t, err)
	_, err = as("looker").Servers(t.Context())
	require.NoError(t, err, "without +info no version is told")
	require.ErrorIs(t, as("looker").Forget(t.Context(), r), idem.ErrUnavailable)
	require.NoError(t, as("operator").Forget(t.Context(), r))
}

func TestAFindingIsTold(t *testing.T) {
	server := redistest.Start(t)
	server.Do("config", "set", "maxmemory-policy", "allkeys-lru")
	found, err := ops.New(server.Client(), ops.WithPrefix("p")).Check(t.Context())
	require.NoError(t, err)
	subjects := make([]string, len(found))
	for n, f := range found {
		subjects[n] = f.Subject
	}
	assert.Equal(t, []string{"appendonly", "maxmemory-policy"}, subjects)
}
