package cluster

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"os"
)

// minKeyBytes is the least that a cluster key has: who sees a connection being made
// can try short ones at leisure.
const minKeyBytes = 32

// Key is the secret that all processes of a cluster share. What uses it gets a key of
// its own, derived from it. The zero Key is none.
type Key struct{ secret []byte }

// LoadKey reads a key from a file: all its bytes, but white space around them.
func LoadKey(path string) (Key, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("cluster key: %w", err)
	}
	k, err := NewKey(b)
	if err != nil {
		return Key{}, fmt.Errorf("cluster key %s: %w", path, err)
	}
	return k, nil
}

// NewKey is the key with these bytes, but white space around them.
func NewKey(secret []byte) (Key, error) {
	secret = bytes.Clone(bytes.TrimSpace(secret))
	if len(secret) < minKeyBytes {
		return Key{}, fmt.Errorf("%d bytes are too few for a key; take at least %d from a source of random bytes", len(secret), minKeyBytes)
	}
	return Key{secret}, nil
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return len(k.secret) == 0 }

// Derive is 32 bytes for one use outside of this package, from which nobody can tell the
// key or what is derived for another.
func (k Key) Derive(use string) ([]byte, error) { return k.derive("for " + use) }

// derive is 32 bytes for one use (RFC 5869).
func (k Key) derive(use string) ([]byte, error) {
	return hkdf.Key(sha256.New, k.secret, nil, "skein 1 "+use, 32)
}
