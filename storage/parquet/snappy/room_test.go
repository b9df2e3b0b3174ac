//go:build unix

package snappy

import (
	"bytes"
	"testing"

	reference "github.com/klauspost/compress/snappy"
	"golang.org/x/sys/unix"
)

// atEdge is a copy of b that ends where unreadable memory begins.
func atEdge(t *testing.T, b []byte) []byte {
	t.Helper()
	page := unix.Getpagesize()
	size := (len(b) + page - 1) / page * page
	m, err := unix.Mmap(-1, 0, size+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(m); err != nil {
			t.Error(err)
		}
	})
	if err := unix.Mprotect(m[size:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	out := m[size-len(b) : size : size]
	copy(out, b)
	return out
}

// A read past the source, or a write past the destination, ends the test.
func TestNothingBeyondTheEndsIsTouched(t *testing.T) {
	for name, s := range samples() {
		for _, n := range []int{1, 17, 63, 96, 97, 129, 200, 5000, len(s)} {
			src := atEdge(t, reference.Encode(nil, s[:n]))
			dst := atEdge(t, make([]byte, n))
			if err := Decode(dst, src); err != nil || !bytes.Equal(dst, s[:n]) {
				t.Fatalf("%s, %d bytes: %v", name, n, err)
			}
		}
	}
}
