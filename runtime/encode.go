package idem

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// done returns the record of a finished execution. The value is stored only
// where a duplicate can get it. What does not encode or is too large is left
// out, since the task has run and would give the same again; the error then
// says so.
func (t *Task[T, R]) done(c *call, running StoredRecord, res Result[R]) (StoredRecord, error) {
	r := StoredRecord{
		State: StateDone, Status: res.Status, ID: running.ID, Attempt: running.Attempt,
		Fence: running.Fence, Started: running.Started, Fingerprint: running.Fingerprint,
		Took: max(0, time.Since(running.startedAt())),
	}
	unfit := t.annotate(c, &r, res)
	if t.void || t.settings.onDuplicate != PolicyReturnCached || res.Status == StatusFailed {
		return r, unfit
	}
	data, err := marshal(t.settings.codec, res.Value)
	switch size := len(r.Bytes()) + len(data); {
	case err != nil:
		path, cause := blame(t.settings.codec, reflect.ValueOf(res.Value), err)
		err = c.fail(ErrNotRecorded, fmt.Sprintf("the value's %s does not encode as %s",
			field[R](path), t.settings.codec.Name()), cause)
	case size > c.client.maxSize:
		path, part := largest(t.settings.codec, reflect.ValueOf(res.Value), len(data))
		err = c.fail(ErrNotRecorded, fmt.Sprintf("the record would have %d bytes, %d of them the value's %s, and WithMaxRecordSize allows %d",
			size, part, field[R](path), c.client.maxSize), nil)
	default:
		r.Value, r.HasValue, r.Codec = data, true, t.settings.codec.Name()
	}
	return r, errors.Join(unfit, err)
}

// annotate adds reason and metadata to r, or as much of them as can be stored.
func (t *Task[T, R]) annotate(c *call, r *StoredRecord, res Result[R]) error {
	if res.Reason == "" && len(res.Metadata) == 0 {
		return nil
	}
	data, err := marshal(JSON, note{res.Reason, res.Metadata})
	if size := len(r.Bytes()) + len(data); err == nil && size > c.client.maxSize {
		err = fmt.Errorf("the record would have %d bytes, and WithMaxRecordSize allows %d", size, c.client.maxSize)
	}
	if err == nil {
		r.Note = data
		return nil
	}
	const shortest = 256
	reason := res.Reason
	if len(reason) > shortest {
		reason = reason[:shortest] + "…"
	}
	r.Note, _ = json.Marshal(note{Reason: reason}) // a string always encodes
	return c.fail(ErrNotRecorded, "the metadata was left out", err)
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

// blame returns the path to the innermost struct field that does not encode,
// and its error.
func blame(codec Codec, v reflect.Value, err error) (string, error) {
	path := ""
	descend(v, func(name string, fv reflect.Value) bool {
		_, ferr := marshal(codec, fv.Interface())
		if ferr == nil {
			return false
		}
		var rest string
		rest, err = blame(codec, fv, ferr)
		path = name + rest
		return true
	})
	return path, err
}

// largest returns the path to the innermost struct field that makes up more
// than half of a value of size bytes, and how many bytes it takes.
func largest(codec Codec, v reflect.Value, size int) (string, int) {
	path, part := "", size
	descend(v, func(name string, fv reflect.Value) bool {
		data, err := marshal(codec, fv.Interface())
		if err != nil || len(data) <= size/2 {
			return false
		}
		path, part = largest(codec, fv, len(data))
		path = name + path
		return true
	})
	return path, part
}

// descend visits the exported fields of a struct, or of what v points to, until
// visit says that it has found what it looks for.
func descend(v reflect.Value, visit func(name string, v reflect.Value) bool) {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
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
