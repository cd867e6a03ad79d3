package idem_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

type ctx = context.Context

// A named is a codec that has nothing but a name.
type named string

func (n named) Name() string              { return string(n) }
func (named) Marshal(any) ([]byte, error) { panic("no bytes") }
func (named) Unmarshal([]byte, any) error { return errors.New("no value") }

func TestWhatIsWrongWithATaskEveryMethodReports(t *testing.T) {
	c := idem.New(memstore.New())
	for name, tt := range map[string]struct {
		client *idem.Client
		change func(s *idem.Spec[payment, receipt])
		opt    idem.TaskOption
		want   string
	}{
		"no client":             {nil, nil, nil, "idem: task billing.Pay: no client with a store: pass idem.New(store)"},
		"no store":              {idem.New(nil), nil, nil, "no client with a store"},
		"no name":               {c, func(s *idem.Spec[payment, receipt]) { s.Name = "" }, nil, "Spec.Name is empty"},
		"a version in the name": {c, func(s *idem.Spec[payment, receipt]) { s.Name = "billing.Pay@v2" }, nil, "Spec.Name has an '@'"},
		"no key":                {c, func(s *idem.Spec[payment, receipt]) { s.Key = nil }, nil, "Spec.Key is nil"},
		"no handler":            {c, func(s *idem.Spec[payment, receipt]) { s.Run = nil }, nil, "there is no handler"},
		"a negative number":     {c, func(s *idem.Spec[payment, receipt]) { s.Version = -1 }, nil, "Spec.Version is -1"},
		"a short ttl":           {c, nil, idem.WithTTL(time.Millisecond), "ttl 1ms: from 1s"},
		"an endless ttl":        {c, nil, idem.WithTTL(1 << 62), "to 100 years"},
		"a negative wait":       {c, nil, idem.WithWait(-1), "wait -1ns: at least 0"},
		"a short lease":         {c, nil, idem.WithLease(time.Millisecond), "lease 1ms: from 100ms"},
		"an odd policy":         {c, nil, idem.WithOnDuplicate("ignore"), `on-duplicate "ignore": one of skip, fail, return-cached`},
		"an odd on-error":       {c, nil, idem.WithOnError("ignore"), `on-error "ignore": one of release, store`},
		"an odd on-crash":       {c, nil, idem.WithOnCrash("ignore"), `on-crash "ignore": one of retry, fail`},
		"no codec":              {c, nil, idem.WithCodec(nil), "the codec is nil"},
		"another's hook":        {c, nil, idem.WithOnReplay(func(ctx, *idem.Result[int]) {}), "WithOnReplay has a func(context.Context, *idem.Result[int])"},
		"a nameless codec":      {c, nil, idem.WithCodec(named("a b")), `codec name "a b"`},
	} {
		t.Run(name, func(t *testing.T) {
			spec := payments(mustNotRun(t))
			if tt.change != nil {
				tt.change(&spec)
			}
			var opts []idem.TaskOption
			if tt.opt != nil {
				opts = append(opts, tt.opt)
			}
			task := idem.NewTask(tt.client, spec, opts...)
			_, err := task.Run(t.Context(), a17)
			require.ErrorContains(t, err, tt.want)
			_, err = task.Key(a17)
			require.ErrorContains(t, err, tt.want)
			_, err = task.Lookup(t.Context(), a17)
			require.ErrorContains(t, err, tt.want)
			require.ErrorContains(t, task.Forget(t.Context(), a17), tt.want)
			require.ErrorContains(t, task.Resolve(t.Context(), a17, receipt{}), tt.want)
		})
	}
}

func TestNilContextsAndNilTasksAreErrors(t *testing.T) {
	c := newClient(t, memstore.New())
	_, err := paying(c, mustNotRun(t)).Run(nil, a17) //nolint:staticcheck // what this test is about
	require.EqualError(t, err, "idem: task billing.Pay: the context is nil")

	task := idem.NewTask(c, idem.Spec[*payment, int]{
		Name: "billing.Pay",
		Key:  func(k *idem.KeyWriter, p *payment) { k.Part("Order").Int(int64(p.Order)) },
		Run:  func(context.Context, *payment) (int, error) { return 0, nil },
	})
	_, err = task.Run(t.Context(), nil)
	require.EqualError(t, err, "idem: task billing.Pay: the task is a nil pointer")
}

func TestAReplayedValueIsPutBackIntoEachDuplicatesTask(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		task := idem.NewTask(newClient(t, store), idem.Spec[*payment, int]{
			Name: "billing.Pay",
			Key:  func(k *idem.KeyWriter, p *payment) { k.Part("Order").Int(int64(p.Order)) },
			Run: func(_ context.Context, p *payment) (int, error) {
				p.Amount = 7
				return p.Amount, nil
			},
			Restore: func(p *payment, amount int) { p.Amount = amount },
		}, idem.WithOnDuplicate(idem.PolicyReturnCached))
		for range 2 {
			p := payment{Order: 17}
			_, err := task.Run(t.Context(), &p)
			require.NoError(t, err)
			assert.Equal(t, 7, p.Amount)
		}
	})
}

func TestACodecThatPanicsHasNotEncoded(t *testing.T) {
	opts := []idem.TaskOption{idem.WithOnDuplicate(idem.PolicyReturnCached), idem.WithCodec(named("odd"))}
	task := paying(newClient(t, memstore.New()), paid, opts...)
	res, err := task.Run(t.Context(), a17)
	require.ErrorIs(t, err, idem.ErrNotRecorded)
	require.ErrorContains(t, err, "no bytes")
	assert.Equal(t, "R-1", res.Value.Number)
}

func TestATaskKnowsItsExecution(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		assert.Zero(t, idem.FromContext(t.Context()))
		began := time.Now()
		var got idem.Execution
		_, err := paying(newClient(t, store), func(ctx context.Context, p payment) (receipt, error) {
			got = idem.FromContext(ctx)
			return paid(ctx, p)
		}).Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, paymentKey, got.Key)
		assert.Len(t, got.ID, 22)
		assert.Equal(t, 1, got.Attempt)
		assert.WithinDuration(t, began, time.UnixMicro(got.Fence), time.Minute, "a fresh key's fence is the claimant's clock")
	})
}

func TestEventsAndLogs(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		var out bytes.Buffer
		var log eventLog
		logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		task := paying(newClient(t, store, idem.WithObserver(log.observe), idem.WithLogger(logger)), paid)
		for range 2 {
			_, err := task.Run(t.Context(), a17)
			require.NoError(t, err)
		}
		assert.Equal(t, []idem.EventKind{idem.EventClaimed, idem.EventRecorded, idem.EventDuplicate}, log.kinds())
		for _, e := range log.events {
			assert.Equal(t, "billing.Pay", e.Task)
			assert.Equal(t, paymentKey, e.Key)
			assert.Len(t, e.ID, 22)
			assert.GreaterOrEqual(t, e.Duration, time.Duration(0))
		}
		assert.Equal(t, idem.StatusSuccess, log.events[2].Status)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		require.Len(t, lines, 3)
		assert.Contains(t, lines[0], `level=DEBUG msg="idem: claimed" task=billing.Pay key=idempotency:billing.Pay:17`)
		assert.NotContains(t, out.String(), "R-1", "payloads are never logged")
	})
}

func TestTypeNamesCarryTheirWholeImportPath(t *testing.T) {
	assert.Equal(t, "int", idem.TypeName[int]())
	assert.Equal(t, "github.com/idemgen/idemgen/runtime_test.payment", idem.TypeName[payment]())
	assert.Equal(t, "map[string][]*github.com/idemgen/idemgen/runtime_test.payment", idem.TypeName[map[string][]*payment]())
}

func TestCodeOfAForeignErrorIsEmpty(t *testing.T) {
	assert.Empty(t, idem.Code(errors.New("foreign")))
	assert.Empty(t, idem.Code(nil))
	assert.Equal(t, "IDEMPOTENCY_TIMEOUT", idem.Code(errors.Join(errors.New("foreign"), idem.ErrTimeout)))
}

func TestWhoLooksAtReplaysMayChangeWhatADuplicateGets(t *testing.T) {
	onEachStore(t, func(t *testing.T, store idem.Store) {
		client := newClient(t, store)
		seen := 0
		annotate := func(_ context.Context, res *idem.Result[receipt]) {
			seen++
			res.Value.Number += " (repeated)"
			res.Metadata = map[string]any{"replayed": true}
		}
		task := paying(client, paid, idem.WithOnDuplicate(idem.PolicyReturnCached), idem.WithOnReplay(annotate))
		res, err := task.Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Equal(t, "R-1", res.Value.Number, "the first one is no replay")
		for range 2 {
			res, err = task.Run(t.Context(), a17)
			require.NoError(t, err)
			assert.Equal(t, "R-1 (repeated)", res.Value.Number, "what is stored stays as it is")
			assert.Equal(t, map[string]any{"replayed": true}, res.Metadata)
			assert.Equal(t, idem.StatusSuccess, res.Status)
		}
		assert.Equal(t, 2, seen)

		other := payment{Order: 18}
		task = paying(client, func(ctx, payment) (receipt, error) { return receipt{}, idem.Fail("no money", nil) },
			idem.WithOnDuplicate(idem.PolicyReturnCached), idem.WithOnReplay(annotate))
		_, _ = task.Run(t.Context(), other)
		res, err = task.Run(t.Context(), other)
		require.ErrorIs(t, err, idem.ErrFailed, "a stored failure stays one")
		assert.Equal(t, map[string]any{"replayed": true}, res.Metadata)

		skips := paying(client, mustNotRun(t), idem.WithOnReplay(annotate))
		res, err = skips.Run(t.Context(), a17)
		require.NoError(t, err)
		assert.Zero(t, res.Value, "nothing is replayed")
		assert.Equal(t, 3, seen)
		assert.NoError(t, paying(client, paid, idem.WithOnReplay[receipt](nil)).Resolve(t.Context(), payment{Order: 19}, receipt{}))
	})
}
