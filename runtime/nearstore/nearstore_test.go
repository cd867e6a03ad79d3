package nearstore_test

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/idemgen/idemgen/internal/redistest"
	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/idemgen/idemgen/runtime/redisstore"
	"github.com/idemgen/idemgen/runtime/storetest"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/runtime/nearstore"
)

// The store behind does not always tell how long an answer stands. One that expires
// there goes from here after the age.
func TestConformance(t *testing.T) {
	const age = 50 * time.Millisecond
	t.Run("before memstore", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) idem.Store { return near(t, memstore.New(), nearstore.Limits{Age: age}) })
	})
	t.Run("before Redis", func(t *testing.T) {
		behind := redisstore.New(client(t, redistest.Start(t)))
		t.Cleanup(func() { _ = behind.Close() })
		storetest.Run(t, func(t *testing.T) idem.Store { return near(t, behind, nearstore.Limits{Age: age}) })
	})
}

func TestADuplicateOfAnAnswerThatIsNearAsksNobody(t *testing.T) {
	server := redistest.Start(t)
	behind := redisstore.New(client(t, server))
	t.Cleanup(func() { _ = behind.Close() })
	job := jobs(idem.New(near(t, behind, nearstore.Limits{Age: time.Hour})))
	_, err := job.Run(t.Context(), "here")
	require.NoError(t, err)
	_, err = jobs(idem.New(behind)).Run(t.Context(), "elsewhere")
	require.NoError(t, err)

	for _, key := range []string{"here", "elsewhere", "elsewhere"} {
		server.ResetStats()
		res, err := job.Run(t.Context(), key)
		require.NoError(t, err)
		assert.True(t, res.Duplicate)
		assert.Equal(t, "answer", res.Value)
		if key == "elsewhere" { // brings it near
			continue
		}
		assert.Empty(t, server.CommandStats())
	}
	assert.Empty(t, server.CommandStats(), "the last one's answer was near")
}

func TestOnlyAnswersAreKept(t *testing.T) {
	behind := &counting{Store: memstore.New()}
	store := near(t, behind, nearstore.Limits{Age: time.Hour})
	owner := idem.Claim{ID: "owner", Now: time.Now(), Lease: time.Minute, Retention: time.Hour, OnCrash: idem.CrashRetry}
	other := owner
	other.ID = "other"
	_, err := store.Claim(t.Context(), "key", owner)
	require.NoError(t, err)
	for range 2 {
		r, err := store.Claim(t.Context(), "key", other)
		require.NoError(t, err)
		assert.True(t, idem.IsRunning(r.Record))
	}
	assert.EqualValues(t, 3, behind.claims.Load(), "a running record")

	released := idem.StoredRecord{State: idem.StateReleased, ID: "owner", Attempt: 1, Fence: 1, Started: 1}.Bytes()
	stands, err := store.Replace(t.Context(), "key", idem.Swap{Old: owner.Record().Bytes(), New: released, TTL: time.Minute})
	require.NoError(t, err)
	require.True(t, stands)
	for range 2 {
		_, err = store.Claim(t.Context(), "key", other)
		require.NoError(t, err)
	}
	assert.EqualValues(t, 5, behind.claims.Load(), "a released record")
}

func TestAnAnswerGoesWithItsTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := near(t, memstore.New(), nearstore.Limits{Age: time.Hour})
		job := jobs(idem.New(store), idem.WithTTL(10*time.Second))
		for _, duplicate := range []bool{false, true} {
			res, err := job.Run(t.Context(), "job")
			require.NoError(t, err)
			assert.Equal(t, duplicate, res.Duplicate)
		}
		time.Sleep(10*time.Second + time.Millisecond)
		res, err := job.Run(t.Context(), "job")
		require.NoError(t, err)
		assert.False(t, res.Duplicate)
	})
}

func TestAForgetIsHeededHereAtOnceAndElsewhereWithinTheAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := memstore.New()
		here := jobs(idem.New(near(t, behind, nearstore.Limits{Age: time.Minute})))
		elsewhere := jobs(idem.New(near(t, behind, nearstore.Limits{Age: time.Minute})))
		run := func(job *idem.Task[string, string]) (duplicate bool) {
			t.Helper()
			res, err := job.Run(t.Context(), "job")
			require.NoError(t, err)
			return res.Duplicate
		}
		require.False(t, run(here))
		require.True(t, run(elsewhere))

		require.NoError(t, here.Forget(t.Context(), "job"))
		assert.True(t, run(elsewhere), "still near")
		_, err := elsewhere.Lookup(t.Context(), "job")
		require.NoError(t, err)
		assert.False(t, run(elsewhere), "whoever has looked knows better")
		require.True(t, run(here))

		require.NoError(t, elsewhere.Forget(t.Context(), "job"))
		require.False(t, run(elsewhere))
		require.NoError(t, elsewhere.Forget(t.Context(), "job"))
		assert.True(t, run(here), "still near")
		time.Sleep(time.Minute + time.Millisecond)
		assert.False(t, run(here))
	})
}

func TestAnAnswerOnItsWayWhileItIsForgottenIsNotKept(t *testing.T) {
	behind := &counting{Store: memstore.New()}
	store := near(t, behind, nearstore.Limits{Age: time.Hour})
	_, err := jobs(idem.New(behind)).Run(t.Context(), "job")
	require.NoError(t, err)
	job := jobs(idem.New(store))
	behind.claimed = func() { // the reply is there, but not yet with us
		behind.claimed = nil
		require.NoError(t, job.Forget(t.Context(), "job"))
	}
	res, err := job.Run(t.Context(), "job")
	require.NoError(t, err)
	assert.True(t, res.Duplicate, "it was asked before")
	res, err = job.Run(t.Context(), "job")
	require.NoError(t, err)
	assert.False(t, res.Duplicate)
}

func TestNoMoreIsKeptThanTheLimitsAllow(t *testing.T) {
	const answers = 5_000
	for name, limits := range map[string]nearstore.Limits{
		"in number":   {Age: time.Hour, Count: answers / 10},
		"in bytes":    {Age: time.Hour, Bytes: answers / 10 * 150}, // an answer takes some 100
		"in one size": {Age: time.Hour, Bytes: roomForNone},
	} {
		t.Run(name, func(t *testing.T) {
			behind := &counting{Store: memstore.New()}
			job := jobs(idem.New(near(t, behind, limits), idem.WithLogger(slog.New(slog.DiscardHandler))))
			for i := range answers {
				_, err := job.Run(t.Context(), strconv.Itoa(i))
				require.NoError(t, err)
			}
			behind.claims.Store(0)
			for i := range answers {
				res, err := job.Run(t.Context(), strconv.Itoa(i))
				require.NoError(t, err)
				require.True(t, res.Duplicate)
			}
			// The cache may go beyond its limit for a moment, and replaces answers while they are asked for.
			assert.Greater(t, behind.claims.Load(), int64(answers/2))
		})
	}
}

// roomForNone are so few bytes that no answer is a hundredth of them.
const roomForNone = 1_000

func TestAWrongLimitIsNamed(t *testing.T) {
	for text, limits := range map[string]nearstore.Limits{
		"Limits.Age is 0s":         {},
		"Limits.Count is -1":       {Age: 1, Count: -1},
		"Limits.Bytes is 99":       {Age: 1, Bytes: 99},
		"there is no store behind": {Age: 1},
	} {
		var behind idem.Store
		if text != "there is no store behind" {
			behind = memstore.New()
		}
		_, err := nearstore.New(behind, limits)
		require.ErrorContains(t, err, text)
	}
}

func TestManyCallersAtOnce(t *testing.T) {
	store := near(t, memstore.New(), nearstore.Limits{Age: time.Hour})
	job := jobs(idem.New(store, idem.WithLogger(slog.New(slog.DiscardHandler))))
	var ran sync.WaitGroup
	for c := range 8 {
		ran.Go(func() {
			for i := range 500 {
				key := strconv.Itoa(i % 50)
				res, err := job.Run(t.Context(), key)
				assert.NoError(t, err)
				assert.Equal(t, "answer", res.Value)
				if c == 0 && i%10 == 0 {
					_ = job.Forget(t.Context(), key) // somebody may run it just now
				}
			}
		})
	}
	ran.Wait()
}

func TestOnceClosedItKeepsNothing(t *testing.T) {
	behind := &counting{Store: memstore.New()}
	store := near(t, behind, nearstore.Limits{Age: time.Hour})
	job := jobs(idem.New(store))
	_, err := job.Run(t.Context(), "job")
	require.NoError(t, err)
	require.NoError(t, store.Close())
	for range 2 {
		res, err := job.Run(t.Context(), "job")
		require.NoError(t, err)
		assert.True(t, res.Duplicate)
	}
	assert.EqualValues(t, 3, behind.claims.Load())
}

// BenchmarkDuplicate says what it saves.
func BenchmarkDuplicate(b *testing.B) {
	server := redistest.Start(b)
	behind := redisstore.New(client(b, server))
	b.Cleanup(func() { _ = behind.Close() })
	for name, store := range map[string]idem.Store{
		"Redis": behind,
		"near":  near(b, behind, nearstore.Limits{Age: time.Hour}),
	} {
		job := jobs(idem.New(store, idem.WithLogger(slog.New(slog.DiscardHandler))))
		for _, callers := range []int{1, 64} {
			b.Run(name+"/"+strconv.Itoa(callers), func(b *testing.B) {
				ctx, cancel := context.WithCancel(b.Context())
				defer cancel()
				var n atomic.Int64
				b.SetParallelism(max(callers/2, 1))
				b.ReportAllocs()
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						_, _ = job.Run(ctx, strconv.FormatInt(n.Add(1)%100, 10))
					}
				})
			})
		}
	}
}

// near returns the store in front of another.
func near(t testing.TB, behind idem.Store, limits nearstore.Limits) *nearstore.Store {
	t.Helper()
	s, err := nearstore.New(behind, limits)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func client(t testing.TB, server *redistest.Server) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: server.Addr})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func jobs(c *idem.Client, opts ...idem.TaskOption) *idem.Task[string, string] {
	return idem.NewTask(c, idem.Spec[string, string]{
		Name: "test.Job",
		Key:  func(k *idem.KeyWriter, job string) { k.Part("job").String(job) },
		Run:  func(context.Context, string) (string, error) { return "answer", nil },
	}, append([]idem.TaskOption{idem.WithOnDuplicate(idem.PolicyReturnCached)}, opts...)...)
}

// counting is a store that counts claims, and says when one has its reply.
type counting struct {
	idem.Store
	claims  atomic.Int64
	claimed func()
}

func (s *counting) Claim(ctx context.Context, key string, c idem.Claim) (idem.Reply, error) {
	s.claims.Add(1)
	r, err := s.Store.Claim(ctx, key, c)
	if s.claimed != nil {
		s.claimed()
	}
	return r, err
}
