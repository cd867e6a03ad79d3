package zstdcodec_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/idemgen/idemgen/runtime/memstore"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/runtime/zstdcodec"
)

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	for name, value := range map[string]string{
		"nothing":                   "",
		"a short text":              "hello",
		"just below the limit":      strings.Repeat("x", zstdcodec.MinSize-3),
		"a long repetitive text":    strings.Repeat("all work and no play ", 1000),
		"a long incompressible one": rand.Text() + random(10_000),
	} {
		t.Run(name, func(t *testing.T) {
			data, err := zstdcodec.JSON.Marshal(value)
			require.NoError(t, err)
			written, err := json.Marshal(value)
			require.NoError(t, err)
			assert.LessOrEqual(t, len(data), len(written)+1, "never longer by more than a byte")
			var got string
			require.NoError(t, zstdcodec.JSON.Unmarshal(data, &got))
			assert.Equal(t, value, got)
		})
	}
}

func random(n int) string {
	b := make([]byte, n/2)
	_, _ = rand.Read(b)
	return fmt.Sprintf("%x", b)
}

func TestALongRepetitiveResultTakesAFractionOfItsSize(t *testing.T) {
	data, err := zstdcodec.JSON.Marshal(orders(100))
	require.NoError(t, err)
	written, err := json.Marshal(orders(100))
	require.NoError(t, err)
	assert.Less(t, len(data), len(written)/3)
}

func TestAResultThatUnpacksToTooMuchIsAnError(t *testing.T) {
	encoder, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	bomb := encoder.EncodeAll(make([]byte, 64<<20), nil)
	require.Less(t, len(bomb), 64<<10)
	var value any
	require.ErrorContains(t, zstdcodec.JSON.Unmarshal(bomb, &value), "unpacks to more than the 16777216 bytes that WithMaxSize allows")

	exact := encoder.EncodeAll([]byte(`"`+strings.Repeat("x", 4094)+`"`), nil)
	require.NoError(t, zstdcodec.New(idem.JSON, zstdcodec.WithMaxSize(4096)).Unmarshal(exact, &value))
	require.ErrorContains(t, zstdcodec.New(idem.JSON, zstdcodec.WithMaxSize(4095)).Unmarshal(exact, &value), "unpacks to more")
}

func TestDamagedDataIsAnError(t *testing.T) {
	data, err := zstdcodec.JSON.Marshal(orders(10))
	require.NoError(t, err)
	var value any
	for name, damaged := range map[string][]byte{
		"nothing": nil, "cut off": data[:len(data)/2], "no frame": []byte("hello"), "overwritten": bytes.Repeat([]byte{0x28}, 100),
	} {
		require.Error(t, zstdcodec.JSON.Unmarshal(damaged, &value), name)
	}
}

func TestADuplicateGetsACompressedResultBack(t *testing.T) {
	task := idem.NewTask(idem.New(memstore.New()), idem.Spec[int, []order]{
		Name: "test.Orders",
		Key:  func(k *idem.KeyWriter, n int) { k.Part("n").Int(int64(n)) },
		Run:  func(_ context.Context, n int) ([]order, error) { return orders(n), nil },
	}, idem.WithOnDuplicate(idem.PolicyReturnCached), idem.WithCodec(zstdcodec.JSON))
	for _, duplicate := range []bool{false, true} {
		res, err := task.Run(t.Context(), 100)
		require.NoError(t, err)
		assert.Equal(t, duplicate, res.Duplicate)
		assert.Equal(t, orders(100), res.Value)
	}
}

// An order is a line of a typical large result.
type order struct {
	ID       int    `json:"id"`
	Customer string `json:"customer"`
	Status   string `json:"status"`
	Cents    int    `json:"cents"`
}

func orders(n int) []order {
	list := make([]order, n)
	for i := range list {
		list[i] = order{1000 + i*7, fmt.Sprintf("customer-%d", i*31%977), []string{"paid", "open", "cancelled"}[i%3], i * 7919 % 100_000}
	}
	return list
}

// BenchmarkOrders says when it pays: bytes is what is stored.
func BenchmarkOrders(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000, 10_000} {
		for _, codec := range []idem.Codec{idem.JSON, zstdcodec.JSON} {
			list := orders(n)
			data, err := codec.Marshal(list)
			require.NoError(b, err)
			b.Run(fmt.Sprintf("%d/%s/write", n, codec.Name()), func(b *testing.B) {
				for b.Loop() {
					_, _ = codec.Marshal(list)
				}
				b.ReportMetric(float64(len(data)), "bytes")
			})
			b.Run(fmt.Sprintf("%d/%s/read", n, codec.Name()), func(b *testing.B) {
				for b.Loop() {
					var got []order
					_ = codec.Unmarshal(data, &got)
				}
			})
		}
	}
}
