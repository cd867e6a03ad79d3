package idem

import "encoding/json"

// A Codec writes results as bytes and reads them back. It is used by many
// goroutines at once.
type Codec interface {
	// Name is stored with every result that is not JSON, so that a result is
	// never read by another codec than wrote it: one word of letters, digits
	// and "+-._/".
	Name() string
	Marshal(v any) ([]byte, error)
	Unmarshal(data []byte, v any) error
}

// JSON is the default codec, encoding/json's.
var JSON Codec = jsonCodec{}

type jsonCodec struct{}

func (jsonCodec) Name() string                       { return "json" }
func (jsonCodec) Marshal(v any) ([]byte, error)      { return json.Marshal(v) }
func (jsonCodec) Unmarshal(data []byte, v any) error { return json.Unmarshal(data, v) }

// isJSON tells whether codec is the default one, which shares no memory with what
// it reads and writes; of others nobody can know.
func isJSON(codec Codec) bool {
	_, ok := codec.(jsonCodec)
	return ok
}
