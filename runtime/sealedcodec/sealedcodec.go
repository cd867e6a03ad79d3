// Package sealedcodec stores results encrypted: a codec around another one.
//
//	keys := sealedcodec.Keys{Current: "2026-11", Secrets: map[string][]byte{"2026-11": secret}}
//	receipts, err := sealedcodec.New(idem.JSON, "billing receipts", keys)
//	pay := NewIdempotentProcessPayment(client, idem.WithCodec(receipts))
//
// Whoever reads Redis, its snapshots or its network learns how long a result is, and
// nothing else of it; whoever writes there cannot make up one. What is not sealed:
// the key (see idem.WithHashedKeys), the reason and metadata of idem.Fail and
// idem.Skip, and which execution it was. An intruder who may write to Redis can put
// an old answer, or that of another key, in the place of one with the same purpose.
//
// Each result is sealed by AES-256-GCM under a key of its own, which HKDF-SHA-256 (RFC
// 5869) derives from a secret and 16 random bytes, so that a secret serves any number
// of results. It adds 46 bytes and the length of the secret's name.
//
// # Rotation
//
// Add a new secret under a new name everywhere; then make it Current; once the ttl of
// the last result under the old one has passed, take that away. A result whose secret
// is missing is an error that names it, and its task does not run again.
package sealedcodec

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	idem "github.com/idemgen/idemgen/runtime"
)

// Keys are secrets by their names.
type Keys struct {
	// Current names the secret under which results are sealed.
	Current string
	// Secrets are what results are opened with, by their names: of 32 random bytes
	// each. A name, of up to 255 bytes, is stored with every result.
	Secrets map[string][]byte
}

// A Codec seals what another codec writes. Make one with [New].
type Codec struct {
	inner   idem.Codec
	purpose string
	current string
	secrets map[string][]byte
}

var _ idem.Codec = (*Codec)(nil)

const (
	version    = 1
	secretSize = 32
	saltSize   = 16
	maxName    = 255
)

// New returns a codec that seals what inner writes. Results that were sealed for
// another purpose do not open: give tasks whose results must not stand for each
// other different ones. Its error says what is wrong with the keys, and shows none.
func New(inner idem.Codec, purpose string, keys Keys) (*Codec, error) {
	if inner == nil {
		return nil, errors.New("sealedcodec: there is no codec to seal the results of: pass idem.JSON")
	}
	if _, ok := keys.Secrets[keys.Current]; !ok {
		return nil, fmt.Errorf("sealedcodec: Keys.Current is %q, and Secrets has %s", keys.Current, names(keys.Secrets))
	}
	c := &Codec{inner: inner, purpose: purpose, current: keys.Current, secrets: make(map[string][]byte)}
	for name, secret := range keys.Secrets {
		switch {
		case name == "" || len(name) > maxName:
			return nil, fmt.Errorf("sealedcodec: a secret's name of %d bytes: from 1 to %d", len(name), maxName)
		case len(secret) != secretSize:
			return nil, fmt.Errorf("sealedcodec: the secret %q has %d bytes: %d are needed, from crypto/rand", name, len(secret), secretSize)
		}
		c.secrets[name] = slices.Clone(secret)
	}
	return c, nil
}

func names(secrets map[string][]byte) string {
	if len(secrets) == 0 {
		return "none"
	}
	quoted := make([]string, 0, len(secrets))
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	return strings.Join(quoted, ", ")
}

// Name implements [idem.Codec].
func (c *Codec) Name() string { return "sealed+" + c.inner.Name() }

// Marshal implements [idem.Codec].
func (c *Codec) Marshal(v any) ([]byte, error) {
	data, err := c.inner.Marshal(v)
	if err != nil {
		return nil, err
	}
	header := make([]byte, 0, 2+len(c.current)+saltSize)
	header = append(header, version, byte(len(c.current)))
	header = append(header, c.current...)
	header = header[:len(header)+saltSize]
	_, _ = rand.Read(header[len(header)-saltSize:]) // never fails
	aead, err := c.aead(header)
	if err != nil {
		return nil, err
	}
	return aead.Seal(header, nil, data, c.bound(header)), nil
}

// Unmarshal implements [idem.Codec].
func (c *Codec) Unmarshal(data []byte, v any) error {
	if len(data) < 2 || len(data) < 2+int(data[1])+saltSize {
		return errors.New("sealedcodec: the result is cut off")
	}
	if data[0] != version {
		return fmt.Errorf("sealedcodec: the result is of version %d, and this program reads %d", data[0], version)
	}
	header, sealed := data[:2+int(data[1])+saltSize], data[2+int(data[1])+saltSize:]
	aead, err := c.aead(header)
	if err != nil {
		return err
	}
	opened, err := aead.Open(nil, nil, sealed, c.bound(header))
	if err != nil {
		return fmt.Errorf("sealedcodec: the result does not open with the secret %q for %q: it was changed, "+
			"sealed for another purpose, or under another secret of this name", name(header), c.purpose)
	}
	return c.inner.Unmarshal(opened, v)
}

// A header is version, length of the secret's name, the name, and the salt.
func name(header []byte) string { return string(header[2 : len(header)-saltSize]) }

// aead returns the cipher of one result. It has one message, so that any nonce would
// do; a random one is there in case the salt is not as random as it should be.
func (c *Codec) aead(header []byte) (cipher.AEAD, error) {
	secret, ok := c.secrets[name(header)]
	if !ok {
		return nil, fmt.Errorf("sealedcodec: the result was sealed under the secret %q, which is not among %s", name(header), names(c.secrets))
	}
	key, err := hkdf.Key(sha256.New, secret, header[len(header)-saltSize:], "idemgen sealedcodec", secretSize)
	if err != nil {
		return nil, fmt.Errorf("sealedcodec: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("sealedcodec: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("sealedcodec: %w", err)
	}
	return aead, nil
}

// bound is what a result is bound to beside its own bytes.
func (c *Codec) bound(header []byte) []byte {
	return slices.Concat(header, []byte(c.inner.Name()), []byte{0}, []byte(c.purpose))
}
