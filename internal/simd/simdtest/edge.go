//go:build unix

package simdtest

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// AtEdge is a copy of s, of plain numbers, that ends where memory begins that can be
// neither read nor written. It is gone when the test is over.
func AtEdge[T any](t testing.TB, s []T) []T {
	t.Helper()
	size := len(s) * int(unsafe.Sizeof(*new(T)))
	page := unix.Getpagesize()
	room := (size + page - 1) / page * page
	m, err := unix.Mmap(-1, 0, room+page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Munmap(m); err != nil {
			t.Error(err)
		}
	})
	if err := unix.Mprotect(m[room:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	out := unsafe.Slice((*T)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(m)), room-size)), len(s))
	copy(out, s)
	return out[:len(s):len(s)]
}
