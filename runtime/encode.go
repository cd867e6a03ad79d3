package idem

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
	"unicode/utf8"
)

// done returns the record of an execution that took so long and gave res. The
// value is stored only where a duplicate can get it. What does not encode or is
// too large is left out, since the task has run and would give the same again;
// the error then says so. The trace goes first where there is no room for all.
func (t *Task[T, R]) done(c *call, running StoredRecord, took time.Duration, res Result[R], trace string) (StoredRecord, error) {
	r := StoredRecord{
		State: StateDone, Status: res.Status, ID: running.ID, Attempt: running.Attempt,
		Fence: running.Fence, Started: running.Started, Fingerprint: running.Fingerprint, Took: took,
	}
	unfit := t.annotate(c, &r, res, trace)
	if t.void || t.settings.onDuplicate != PolicyReturnCached || res.Status == StatusFailed {
		return r, unfit
	}
	codec := t.settings.codec
	data, err := marshal(codec, res.Value)
	if err != nil {
		path, cause := blame(codec, reflect.ValueOf(res.Value), err, maxDepth)
		return r, errors.Join(unfit, c.fail(ErrNotRecorded, fmt.Sprintf("the value's %s does not encode as %s",
			field[R](path), codec.Name()), cause))
	}
	if !isJSON(codec) {
		data = bytes.Clone(data) // which may be the value itself, and is the followers' too
	}
	full := r
	full.Value, full.HasValue, full.Codec = data, true, codec.Name()
	if size := full.size(); size > c.client.maxSize {
		if trace != "" {
			return t.done(c, running, took, res, "")
		}
		path, part := largest(codec, reflect.ValueOf(res.Value), len(data), maxDepth)
		return r, errors.Join(unfit, c.fail(ErrNotRecorded, fmt.Sprintf(
			"the record would have %d bytes, %d of them the value's %s, and WithMaxRecordSize allows %d",
			size, part, field[R](path), c.client.maxSize), nil))
	}
	return full, unfit
}

// annotate adds reason, metadata and trace to r, or as much of them as can be stored:
// the reason, shortened if need be, and the code.
func (t *Task[T, R]) annotate(c *call, r *StoredRecord, res Result[R], trace string) error {
	if trace != "" && c.annotate(r, note{res.Reason, res.Metadata, trace}) == nil {
		return nil
	}
	if res.Reason == "" && len(res.Metadata) == 0 {
		return nil
	}
	err := c.annotate(r, note{Reason: res.Reason, Metadata: res.Metadata})
	if err == nil {
		return nil
	}
	rest := note{Reason: res.Reason}
	if code, ok := res.Metadata["code"].(string); ok {
		rest.Metadata = map[string]any{"code": code}
	}
	if c.annotate(r, rest) != nil {
		rest.Reason = shortened(rest.Reason)
		if c.annotate(r, rest) != nil {
			r.Note, _ = json.Marshal(note{Reason: rest.Reason}) // a string always encodes
		}
	}
	return c.fail(ErrNotRecorded, "the metadata was left out", err)
}

// annotate adds a note to r if it encodes and fits.
func (c *call) annotate(r *StoredRecord, n note) error {
	data, err := marshal(JSON, n)
	if err != nil {
		return err
	}
	full := *r
	full.Note = data
	if size := full.size(); size > c.client.maxSize {
		return fmt.Errorf("the record would have %d bytes, and WithMaxRecordSize allows %d", size, c.client.maxSize)
	}
	r.Note = data
	return nil
}

// shortened cuts a text that is longer than a line or two.
func shortened(s string) string {
	const most = 256
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// marshal encodes v; a codec that panics has not encoded it.
func marshal(codec Codec, v any) (data []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			data, err = nil, fmt.Errorf("codec %s panicked: %v", codec.Name(), p)
		}
	}()
	return codec.Marshal(v)
}

// unmarshal decodes data; a codec that panics has not decoded it.
func unmarshal(codec Codec, data []byte, v any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("codec %s panicked: %v", codec.Name(), p)
		}
	}()
	return codec.Unmarshal(data, v)
}

// blame returns the path to the innermost struct field that does not encode,
// and its error.
func blame(codec Codec, v reflect.Value, err error, depth int) (string, error) {
	path := ""
	descend(v, depth, func(name string, fv reflect.Value) bool {
		_, ferr := marshal(codec, fv.Interface())
		if ferr == nil {
			return false
		}
		var rest string
		rest, err = blame(codec, fv, ferr, depth-1)
		path = name + rest
		return true
	})
	return path, err
}

// largest returns the path to the innermost struct field that makes up more
// than half of a value of size bytes, and how many bytes it takes.
func largest(codec Codec, v reflect.Value, size, depth int) (string, int) {
	path, part := "", size
	descend(v, depth, func(name string, fv reflect.Value) bool {
		data, err := marshal(codec, fv.Interface())
		if err != nil || len(data) <= size/2 {
			return false
		}
		path, part = largest(codec, fv, len(data), depth-1)
		path = name + path
		return true
	})
	return path, part
}

// maxDepth is how many fields deep a fault is looked for: values may be cyclic.
const maxDepth = 8

// descend visits the exported fields of a struct, or of what v points to, until
// visit says that it has found what it looks for.
func descend(v reflect.Value, depth int, visit func(name string, v reflect.Value) bool) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if depth == 0 || v.Kind() != reflect.Struct {
		return
	}
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && visit("."+f.Name, v.Field(i)) {
			return
		}
	}
}

// field names the place at path in an R.
func field[R any](path string) string {
	if path == "" {
		return "type " + reflect.TypeFor[R]().String()
	}
	return "field " + reflect.TypeFor[R]().String() + path
}
