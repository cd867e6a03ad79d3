package idemhttp_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/idemgen/idemgen/runtime/idemhttp"
)

func TestAResponseIsStoredMuchAsOnTheWire(t *testing.T) {
	data, err := idemhttp.Codec.Marshal(idemhttp.Response{
		Status: 201,
		Header: http.Header{"Vary": {"Accept", "Origin"}, "Content-Type": {"text/plain"}, "Location": {""}},
		Body:   []byte("two\n\nlines"),
	})
	require.NoError(t, err)
	assert.Equal(t, "201\nContent-Type: text/plain\nLocation: \nVary: Accept\nVary: Origin\n\ntwo\n\nlines", string(data))

	var r idemhttp.Response
	require.NoError(t, idemhttp.Codec.Unmarshal(data, &r))
	assert.Equal(t, idemhttp.Response{
		Status: 201,
		Header: http.Header{"Vary": {"Accept", "Origin"}, "Content-Type": {"text/plain"}, "Location": {""}},
		Body:   []byte("two\n\nlines"),
	}, r)
}

func TestAStoredHeaderCannotBreakOutOfItsLine(t *testing.T) {
	data, err := idemhttp.Codec.Marshal(idemhttp.Response{
		Status: 200, Header: http.Header{"Location": {"/a\r\nSet-Cookie: admin=1\n\n<script>"}},
	})
	require.NoError(t, err)
	var r idemhttp.Response
	require.NoError(t, idemhttp.Codec.Unmarshal(data, &r))
	assert.Equal(t, http.Header{"Location": {"/a  Set-Cookie: admin=1  <script>"}}, r.Header)
	assert.Empty(t, r.Body)

	_, err = idemhttp.Codec.Marshal(idemhttp.Response{Status: 200, Header: http.Header{"A\nB": {"c"}}})
	assert.EqualError(t, err, `idemhttp: "A\nB" is no name of a header`)
}

func TestADamagedResponseIsAnError(t *testing.T) {
	for _, data := range []string{"", "200", "200\n", "200\nA: b", "200\nA: b\n", "200\nnonsense\n\n", "x\n\n", "0\n\n", "1000\n\n", "-1 omitted\n\n", "42\n\n"} {
		assert.EqualError(t, idemhttp.Codec.Unmarshal([]byte(data), new(idemhttp.Response)),
			"idemhttp: a stored response is damaged", "%q", data)
	}
	assert.ErrorContains(t, idemhttp.Codec.Unmarshal(nil, new(string)), "reads a Response")
	_, err := idemhttp.Codec.Marshal("text")
	assert.ErrorContains(t, err, "stores a Response")
}

// What is read as a response is written as the same bytes again, or at least read
// as the same response.
func FuzzCodec(f *testing.F) {
	f.Add([]byte("200\n\nbody"))
	f.Add([]byte("201 omitted\nLocation: /a\nVary: b\nVary: \n\n"))
	f.Add([]byte("0 omitted\n\n"))
	f.Add([]byte("200\nA: b\r\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var first, second idemhttp.Response
		if idemhttp.Codec.Unmarshal(data, &first) != nil {
			return
		}
		again, err := idemhttp.Codec.Marshal(first)
		if err != nil {
			return // a name with a colon or carriage return
		}
		require.NoError(t, idemhttp.Codec.Unmarshal(again, &second))
		require.Equal(t, first.Status, second.Status)
		require.Equal(t, first.Omitted, second.Omitted)
		require.Equal(t, first.Body, second.Body)
		require.Len(t, second.Header, len(first.Header))
	})
}
