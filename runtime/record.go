package idem

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A StoredRecord is everything that a store keeps about a key, as one string:
// a header of one line that can be read in redis-cli, then note and value.
//
//	i1 running- ID ATTEMPT FENCE LEASE RETENTION [OPTION…]
//	i1 released ID ATTEMPT FENCE [OPTION…]
//	i1 done     ID ATTEMPT FENCE TOOK SIZE [OPTION…]     also: skipped, failed
//
// "i1" is the format's version; a running record that somebody waits for says
// "running+". Durations are in milliseconds. SIZE is the value's length in
// bytes, or "-" where none is stored. The options, each omitted where its
// default holds: start=MICROSECONDS (the fence), match=FINGERPRINT (none),
// codec=NAME (json), note=LENGTH (0).
type StoredRecord struct {
	State       State         // running, released or done
	Waiting     bool          // running: the waiting mark
	Status      Status        // done: how it ended
	ID          string        // of the execution: 128 random bits
	Attempt     int           // 1 for a key's first execution
	Fence       int64         // grows with every claim
	Started     int64         // in Unix microseconds, by its owner's clock
	Lease       time.Duration // running: from its last heartbeat
	Retention   time.Duration // running: the expiry that a heartbeat sets
	Took        time.Duration // done: from start to finish
	Fingerprint string        // of the match fields, or empty
	Codec       string        // of the value
	Note        []byte        // done: reason, metadata and trace, as JSON
	Value       []byte        // done: the result as the codec wrote it
	HasValue    bool          // done: a value is stored, be it an empty one
}

const (
	recordVersion = "i1"
	markOffset    = len("i1 running") // where a running record has its mark
	markAlone     = '-'
	markWaiting   = '+'
	maxFence      = 1<<53 - 1 // what Lua's numbers can count to
)

var runningPrefix = []byte(recordVersion + " running")

// LeaseLeft returns how long a running record's lease still lives when its key
// expires in ttl: zero or less once it is stale. No clock but the store's has a
// part in it.
func (r StoredRecord) LeaseLeft(ttl time.Duration) time.Duration {
	return ttl - (r.Retention - r.Lease)
}

// StateAt returns the record's state when its key expires in ttl: nobody writes
// that an execution was interrupted.
func (r StoredRecord) StateAt(ttl time.Duration) State {
	if r.State == StateRunning && r.LeaseLeft(ttl) <= 0 {
		return StateInterrupted
	}
	return r.State
}

// Marked returns a running record's bytes with its waiting mark set, in place.
func Marked(record []byte) []byte {
	record[markOffset] = markWaiting
	return record
}

// unmarked returns a running record without its waiting mark: itself, where it has
// none, or a copy.
func unmarked(record []byte) []byte {
	if record[markOffset] == markAlone {
		return record
	}
	record = bytes.Clone(record)
	record[markOffset] = markAlone
	return record
}

// SameClaim tells whether stored is the running record own, waiting mark aside.
// It is false where own is no running record.
func SameClaim(stored, own []byte) bool {
	return len(stored) == len(own) && len(own) > markOffset && IsRunning(own) &&
		bytes.Equal(stored[:markOffset], own[:markOffset]) &&
		bytes.Equal(stored[markOffset+1:], own[markOffset+1:])
}

// IsRunning tells whether stored is a running record, without reading all of it.
func IsRunning(stored []byte) bool { return bytes.HasPrefix(stored, runningPrefix) }

// IsMarked tells whether stored is a running record with the waiting mark.
func IsMarked(stored []byte) bool {
	return IsRunning(stored) && len(stored) > markOffset && stored[markOffset] == markWaiting
}

// Bytes returns the record as it is stored.
func (r StoredRecord) Bytes() []byte {
	var header [HeaderLen]byte
	b := r.appendHeader(header[:0])
	return slices.Concat(b, r.Note, r.Value)
}

// size is how many bytes the record has as it is stored.
func (r StoredRecord) size() int {
	var header [HeaderLen]byte
	return len(r.appendHeader(header[:0])) + len(r.Note) + len(r.Value)
}

func (r StoredRecord) appendHeader(b []byte) []byte {
	b = append(b, recordVersion...)
	b = append(b, ' ')
	switch r.State {
	case StateRunning:
		b = append(b, "running"...)
		if r.Waiting {
			b = append(b, markWaiting)
		} else {
			b = append(b, markAlone)
		}
	case StateDone:
		if r.Status == StatusSuccess {
			b = append(b, "done"...)
		} else {
			b = append(b, r.Status...)
		}
	default:
		b = append(b, r.State...)
	}
	b = append(append(b, ' '), r.ID...)
	b = appendField(b, int64(r.Attempt))
	b = appendField(b, r.Fence)
	switch r.State {
	case StateRunning:
		b = appendField(b, r.Lease.Milliseconds())
		b = appendField(b, r.Retention.Milliseconds())
	case StateDone:
		b = appendField(b, r.Took.Milliseconds())
		if r.HasValue {
			b = appendField(b, int64(len(r.Value)))
		} else {
			b = append(b, " -"...)
		}
	}
	if r.Started != r.Fence {
		b = strconv.AppendInt(append(b, " start="...), r.Started, 10)
	}
	if r.Fingerprint != "" {
		b = append(append(b, " match="...), r.Fingerprint...)
	}
	if r.HasValue && r.Codec != JSON.Name() {
		b = append(append(b, " codec="...), r.Codec...)
	}
	if len(r.Note) > 0 {
		b = strconv.AppendInt(append(b, " note="...), int64(len(r.Note)), 10)
	}
	return append(b, '\n')
}

func appendField(b []byte, n int64) []byte { return strconv.AppendInt(append(b, ' '), n, 10) }

// ParseRecord reads a stored record. Note and Value share data's memory. Its
// errors are ErrCorrupt and say what is wrong, without the payload.
func ParseRecord(data []byte) (StoredRecord, error) {
	r, err := parseRecord(data)
	if err != nil {
		return StoredRecord{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return r, nil
}

// ParseHeader reads a record of which only the beginning is at hand: at least its
// first [HeaderLen] bytes, or all of it. size is how many bytes it has in all. Note
// and Value are left out. Its errors are those of [ParseRecord].
func ParseHeader(beginning []byte, size int) (StoredRecord, error) {
	r, _, _, err := parseHeader(beginning, size)
	if err != nil {
		return StoredRecord{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return r, nil
}

func parseRecord(data []byte) (StoredRecord, error) {
	r, header, note, err := parseHeader(data, len(data))
	if err != nil {
		return r, err
	}
	r.Note = data[header : header+note]
	if r.HasValue {
		r.Value = data[header+note:]
	}
	return r, nil
}

// parseHeader reads the header of a record of size bytes; header and note are the
// lengths of its first two pieces.
func parseHeader(data []byte, size int) (r StoredRecord, header, note int, err error) {
	end := bytes.IndexByte(data[:min(len(data), HeaderLen)], '\n')
	if end < 0 {
		return r, 0, 0, errors.New("it has no header line")
	}
	header = end + 1
	note, err = r.parseFields(string(data[:end]), size)
	if err != nil {
		return r, 0, 0, err
	}
	return r, header, note, nil
}

// parseFields reads a header line, of a record of size bytes, and returns the
// length of the note.
func (r *StoredRecord) parseFields(line string, size int) (note int, err error) {
	p := headerParser{fields: line}
	if strings.HasSuffix(p.fields, " ") {
		return 0, errors.New("its header is cut off")
	}
	if version := p.text(); version != recordVersion {
		return 0, fmt.Errorf("its format %.16q is not the %q that this program reads", version, recordVersion)
	}
	state := p.text()
	r.ID = p.text()
	r.Attempt = int(p.number(maxFence))
	r.Fence = p.number(maxFence)
	r.Started = r.Fence
	value := "0"
	switch state {
	case "running-", "running+":
		r.State, r.Waiting = StateRunning, state == "running+"
		r.Lease = p.duration()
		r.Retention = p.duration()
	case "released":
		r.State = StateReleased
	case "done", "skipped", "failed":
		r.State, r.Status = StateDone, Status(state)
		if state == "done" {
			r.Status = StatusSuccess
		}
		r.Took = p.duration()
		value = p.text()
		r.HasValue = value != "-"
		r.Codec = JSON.Name()
	default:
		return 0, fmt.Errorf("its state %.16q is unknown", state)
	}
	for p.fields != "" && p.err == nil {
		name, option, _ := strings.Cut(p.text(), "=")
		switch o := (headerParser{fields: option}); name {
		case "start":
			r.Started = o.number(maxFence)
			p.fail(o.err)
		case "match":
			r.Fingerprint = option
		case "codec":
			r.Codec = option
		case "note":
			note = int(o.number(int64(size)))
			p.fail(o.err)
		default:
			return 0, fmt.Errorf("its option %.16q is unknown", name)
		}
	}
	payload := note
	if r.HasValue {
		o := headerParser{fields: value}
		payload += int(o.number(int64(size)))
		p.fail(o.err)
	}
	switch promised := len(line) + 1 + payload; {
	case p.err != nil:
		return 0, p.err
	case promised != size:
		return 0, fmt.Errorf("its header promises %d bytes after it, %d are there", payload, size-len(line)-1)
	case r.State == StateRunning && (r.Lease <= 0 || r.Retention < r.Lease):
		return 0, errors.New("its lease is out of range")
	}
	return note, nil
}

// HeaderLen is the greatest length of a record's header in bytes, its line's end
// included.
const HeaderLen = 512

// headerParser takes a header apart, field by field; the first error stays.
type headerParser struct {
	fields string
	err    error
}

func (p *headerParser) text() string {
	var field string
	field, p.fields, _ = strings.Cut(p.fields, " ")
	if field == "" {
		p.fail(errors.New("its header is cut off"))
	}
	return field
}

// number reads decimal digits, from 0 to limit.
func (p *headerParser) number(limit int64) int64 {
	field := p.text()
	n, err := strconv.ParseInt(field, 10, 64)
	if err != nil || n > limit || field[0] < '0' {
		p.fail(fmt.Errorf("its header has %.24q where a number should be", field))
	}
	return n
}

func (p *headerParser) duration() time.Duration {
	return time.Duration(p.number(int64(1<<63-1)/int64(time.Millisecond))) * time.Millisecond
}

func (p *headerParser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}
