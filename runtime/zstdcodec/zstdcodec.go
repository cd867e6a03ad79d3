// Package zstdcodec stores results compressed: a codec around another one.
//
//	//idem:task key=ID on-duplicate=return-cached codec=zstdcodec.JSON
//
// It pays where results are large and repetitive, as JSON lists are: less memory
// in Redis, less on the wire, for some microseconds of CPU. Results below [MinSize]
// and those that do not get smaller are stored as they are. docs/performance.md
// has numbers.
package zstdcodec

import (
	"errors"
	"fmt"
	"sync"

	idem "github.com/idemgen/idemgen/runtime"
	"github.com/klauspost/compress/zstd"
)

const (
	// MinSize is the size in bytes from which a result is compressed.
	MinSize = 512
	// DefaultMaxSize is the largest result in bytes that is unpacked, unless
	// [WithMaxSize] says otherwise.
	DefaultMaxSize = 16 << 20
)

// plain is the first byte of what is stored as it is. No zstd frame starts so.
const plain = 0

// JSON stores results as compressed JSON.
var JSON = New(idem.JSON)

// A Codec compresses what another codec writes. Make one with [New].
type Codec struct {
	inner   idem.Codec
	maxSize int
	encoder func() *zstd.Encoder
	decoder func() (*zstd.Decoder, error)
}

var _ idem.Codec = (*Codec)(nil)

// An Option sets up a [Codec].
type Option func(*Codec)

// WithMaxSize sets the largest result, in bytes, that is unpacked. A record that
// would unpack to more is an error: it is damaged, or meant to do harm.
func WithMaxSize(bytes int) Option { return func(c *Codec) { c.maxSize = bytes } }

// New returns a codec that compresses what inner writes.
func New(inner idem.Codec, opts ...Option) *Codec {
	c := &Codec{inner: inner, maxSize: DefaultMaxSize}
	for _, opt := range opts {
		opt(c)
	}
	// Both keep tables of some megabytes, so they are made when they are needed.
	c.encoder = sync.OnceValue(func() *zstd.Encoder {
		e, _ := zstd.NewWriter(nil) // fails for wrong options only
		return e
	})
	c.decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderMaxMemory(uint64(max(c.maxSize, 1))))
	})
	return c
}

// Name implements [idem.Codec].
func (c *Codec) Name() string { return "zstd+" + c.inner.Name() }

// Marshal implements [idem.Codec].
func (c *Codec) Marshal(v any) ([]byte, error) {
	data, err := c.inner.Marshal(v)
	if err != nil {
		return nil, err
	}
	if len(data) >= MinSize {
		if packed := c.encoder().EncodeAll(data, make([]byte, 0, len(data)/4)); len(packed) < len(data) {
			return packed, nil
		}
	}
	return append(append(make([]byte, 0, 1+len(data)), plain), data...), nil
}

// Unmarshal implements [idem.Codec].
func (c *Codec) Unmarshal(data []byte, v any) error {
	if len(data) == 0 {
		return errors.New("zstdcodec: there is no data")
	}
	if data[0] == plain {
		return c.inner.Unmarshal(data[1:], v)
	}
	decoder, err := c.decoder()
	if err != nil {
		return fmt.Errorf("zstdcodec: %w", err)
	}
	unpacked, err := decoder.DecodeAll(data, nil)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), err == nil && len(unpacked) > c.maxSize:
		return fmt.Errorf("zstdcodec: the result unpacks to more than the %d bytes that WithMaxSize allows", c.maxSize)
	case err != nil:
		return fmt.Errorf("zstdcodec: %w", err)
	}
	return c.inner.Unmarshal(unpacked, v)
}
