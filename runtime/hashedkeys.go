package idem

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
)

// minSecret is the shortest secret for hashed keys, in bytes: 128 bits.
const minSecret = 16

var errShortSecret = errors.New("the secret of WithHashedKeys is shorter than 16 bytes: whoever sees a key could try all of them")

// WithHashedKeys puts a hash in the place of all parts of a key, before it leaves
// the process: neither the store nor logs, events and errors of the client show what
// a key is made of. A key is then
//
//	<prefix>:<name>[@v<version>]:%hmac<64 hex digits>
//
// with the HMAC-SHA-256, under secret, of the parts as they would have been
// written, colons before each included. Prefix and name stay readable, and so does
// what a task itself puts into errors and results. The fingerprint of match fields
// is made under the secret too: without it, whoever sees one could try amounts until
// one fits.
//
// The secret is at least 16 bytes, random, and the same for all who share keys. A
// client with another one, or none, does not find what this one has stored: to
// change it makes every key new, so that what ran before may run again. A
// wrapper's Key gives the key of a task, to look for in the store.
func WithHashedKeys(secret []byte) Option {
	secret = append([]byte{}, secret...)
	return func(c *Client) { c.secret = secret }
}

// markHMAC stands before the hash of all parts; like those of key.go, no text
// starts with it.
const markHMAC = "%hmac"

// hashedPrint returns 128 bits of the HMAC-SHA-256 of match fields.
func hashedPrint(fields, secret []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("match"))
	mac.Write(fields)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// hashed returns the key that starts with head, with the parts that follow hashed.
func hashed(key []byte, head int, secret []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write(key[head:])
	out := make([]byte, 0, head+1+len(markHMAC)+2*sha256.Size)
	out = append(append(out, key[:head]...), ':')
	out = append(out, markHMAC...)
	return string(hex.AppendEncode(out, mac.Sum(nil)))
}
