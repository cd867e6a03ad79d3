package idem_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
)

type node struct{ Next *node }

func TestACyclicResultDoesNotEncode(t *testing.T) {
	task := idem.NewTask(idem.New(memstore.New()), idem.Spec[payment, *node]{
		Name: "x", Key: func(k *idem.KeyWriter, _ payment) { k.Part("Order").Int(1) },
		Run: func(context.Context, payment) (*node, error) { n := &node{}; n.Next = n; return n, nil },
	}, idem.WithOnDuplicate(idem.PolicyReturnCached))
	done := make(chan error, 1)
	go func() { _, err := task.Run(context.Background(), a17); done <- err }()
	select {
	case err := <-done:
		require.ErrorIs(t, err, idem.ErrNotRecorded)
	case <-time.After(5 * time.Second):
		panic("Run does not return (it ends in a fatal stack overflow)")
	}
}

// A raw is a codec of bytes that copies nothing.
type raw string

func (n raw) Name() string { return string(n) }

func (raw) Marshal(v any) ([]byte, error) { return v.([]byte), nil }

func (raw) Unmarshal(data []byte, v any) error { *v.(*[]byte) = data; return nil }

func aliasing(t *testing.T, codec idem.Codec) {
	synctest.Test(t, func(t *testing.T) {
		task := idem.NewTask(newClient(t, memstore.New()), idem.Spec[int, []byte]{
			Name: "x", Key: func(k *idem.KeyWriter, p int) { k.Part("p").Int(int64(p)) },
			Run: func(context.Context, int) ([]byte, error) { time.Sleep(time.Second); return []byte("answer"), nil },
		}, idem.WithCodec(codec), idem.WithOnDuplicate(idem.PolicyReturnCached))
		values := make(chan []byte, 3)
		for range 3 {
			go func() { res, _ := task.Run(t.Context(), 1); values <- res.Value }()
		}
		a, b, c := <-values, <-values, <-values
		for i := range a {
			a[i] = '-'
		}
		assert.Equal(t, "answer", string(b))
		assert.Equal(t, "answer", string(c))
		for i := range b {
			b[i] = '-'
		}
		assert.Equal(t, "answer", string(c))
	})
}

func TestAUsersCodecNamedJSONSharesNoBytes(t *testing.T) { aliasing(t, raw("json")) }

func TestFollowersDoNotShareTheLeadersValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		value := []byte("answer")
		task := idem.NewTask(newClient(t, memstore.New()), idem.Spec[int, []byte]{
			Name: "x", Key: func(k *idem.KeyWriter, p int) { k.Part("p").Int(int64(p)) },
			Run: func(context.Context, int) ([]byte, error) { time.Sleep(time.Second); return value, nil },
		}, idem.WithCodec(raw("raw")), idem.WithOnDuplicate(idem.PolicyReturnCached))
		go func() {
			res, _ := task.Run(t.Context(), 1)
			copy(res.Value, "------") // its own value, it thinks
		}()
		synctest.Wait()
		var bad atomic.Int32
		for range 50 {
			go func() {
				res, err := task.Run(t.Context(), 1)
				if err != nil || string(res.Value) != "answer" {
					bad.Add(1)
				}
			}()
		}
		time.Sleep(time.Minute)
		assert.Zero(t, bad.Load())
	})
}

type panicky struct{}

func (panicky) Name() string { return "panicky" }

func (panicky) Marshal(any) ([]byte, error) { return []byte("x"), nil }

func (panicky) Unmarshal(d []byte, _ any) error { _ = d[10]; return nil }

func TestACodecThatPanicsHasNotDecoded(t *testing.T) {
	task := paying(newClient(t, memstore.New()), paid, idem.WithCodec(panicky{}), idem.WithOnDuplicate(idem.PolicyReturnCached))
	_, err := task.Run(t.Context(), a17)
	require.NoError(t, err)
	require.NotPanics(t, func() { _, err = task.Run(t.Context(), a17) })
	require.ErrorIs(t, err, idem.ErrCorrupt)
}

func TestNoRecordIsLargerThanTheLimit(t *testing.T) {
	for n := 50; n < 200; n++ {
		store := memstore.New()
		c := newClient(t, store, idem.WithMaxRecordSize(200))
		_, err := paying(c, func(context.Context, payment) (receipt, error) {
			return receipt{Number: strings.Repeat("x", n)}, nil
		}, idem.WithOnDuplicate(idem.PolicyReturnCached)).Run(t.Context(), a17)
		if err != nil {
			continue
		}
		for _, r := range store.Records() {
			require.LessOrEqual(t, len(r.Bytes()), 200)
		}
	}
}

func TestReasonAndCodeAreKeptWhereOtherMetadataDoesNotEncode(t *testing.T) {
	reason := strings.Repeat("r", 300)
	task := paying(newClient(t, memstore.New()), func(context.Context, payment) (receipt, error) {
		return receipt{}, idem.Fail(reason, map[string]any{"code": "X", "f": func() {}})
	}, idem.WithOnDuplicate(idem.PolicyReturnCached))
	_, err := task.Run(t.Context(), a17)
	require.ErrorIs(t, err, idem.ErrNotRecorded)
	res, err := task.Run(t.Context(), a17)
	assert.Equal(t, reason, res.Reason)
	assert.Equal(t, "X", idem.Code(err))
}
