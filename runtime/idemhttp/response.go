package idemhttp

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	idem "github.com/idemgen/idemgen/runtime"
)

// A Response is what is recorded of a handler's response, and replayed.
type Response struct {
	Status  int         // 0 for a connection that was hijacked
	Header  http.Header // without what may not be replayed
	Body    []byte
	Omitted bool // the body was too large, or never seen: there is nothing to replay
}

// Codec is how responses are stored unless [idem.WithCodec] says otherwise, given
// to [WithTask]: much as on the wire, the body as it is. Codecs that compress or
// encrypt may be put around it.
var Codec idem.Codec = codec{}

type codec struct{}

func (codec) Name() string { return "http" }

// One line with the status, a line for each field of the header, an empty one, and
// then the body.
func (codec) Marshal(v any) ([]byte, error) {
	r, ok := v.(Response)
	if !ok {
		return nil, fmt.Errorf("idemhttp: the codec stores a Response, not a %T", v)
	}
	data := strconv.AppendInt(make([]byte, 0, len(r.Body)+256), int64(r.Status), 10)
	if r.Omitted {
		data = append(data, omitted...)
	}
	data = append(data, '\n')
	for _, name := range sorted(r.Header) {
		if strings.ContainsAny(name, ":\r\n") {
			return nil, fmt.Errorf("idemhttp: %q is no name of a header", name)
		}
		for _, value := range r.Header[name] {
			data = append(append(append(data, name...), ": "...), oneLine.Replace(value)...)
			data = append(data, '\n')
		}
	}
	return append(append(data, '\n'), r.Body...), nil
}

func (codec) Unmarshal(data []byte, v any) error {
	r, ok := v.(*Response)
	if !ok {
		return fmt.Errorf("idemhttp: the codec reads a Response, not a %T", v)
	}
	line, rest, found := bytes.Cut(data, newline)
	status, isOmitted := strings.CutSuffix(string(line), omitted)
	var err error
	*r = Response{Header: http.Header{}, Omitted: isOmitted}
	if r.Status, err = strconv.Atoi(status); err != nil || !found {
		return errDamaged
	}
	if r.Status < 100 && !isOmitted || r.Status < 0 || r.Status > 999 {
		return errDamaged
	}
	for {
		line, rest, found = bytes.Cut(rest, newline)
		if !found {
			return errDamaged
		}
		if len(line) == 0 {
			r.Body = rest
			return nil
		}
		name, value, ok := strings.Cut(string(line), ": ")
		if !ok {
			return errDamaged
		}
		r.Header[name] = append(r.Header[name], value)
	}
}

const omitted = " omitted"

var (
	newline    = []byte("\n")
	errDamaged = errors.New("idemhttp: a stored response is damaged")
	// oneLine keeps a value from ending its line, as net/http does when it writes one.
	oneLine = strings.NewReplacer("\n", " ", "\r", " ")
)

func sorted(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// replay sends a recorded response.
func replay(w http.ResponseWriter, r Response) {
	h := w.Header()
	for name, values := range r.Header {
		h[name] = slices.Clone(values)
	}
	if _, ok := r.Header["Content-Type"]; !ok {
		h["Content-Type"] = nil // nor did the first response have one: let nobody guess it
	}
	h.Set(replayedHeader, "true")
	if !bodyAllowed(r.Status) {
		w.WriteHeader(r.Status)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(r.Body)))
	w.WriteHeader(r.Status)
	_, _ = w.Write(r.Body) // a client that has gone may come again
}

const replayedHeader = "Idempotency-Replayed"

func bodyAllowed(status int) bool {
	return status >= 200 && status != http.StatusNoContent && status != http.StatusNotModified
}
