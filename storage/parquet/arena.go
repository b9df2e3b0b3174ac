package parquet

import (
	"unsafe"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
)

// arena collects the slabs under one decoded page, dictionary or batch.
type arena struct {
	pool    *memory.Pool
	account *memory.Account
	slabs   []*memory.Slab
}

func newArena(s *Scan) arena { return arena{pool: s.Pool, account: s.Account} }

// bytes gives n bytes of undefined content.
func (a *arena) bytes(n int) ([]byte, error) {
	if n < 0 || int64(n) > maxAllocBytes {
		return nil, bad("a size of %d bytes", n)
	}
	slab, err := a.pool.Get(n, a.account)
	if err != nil {
		return nil, err
	}
	a.slabs = append(a.slabs, slab)
	return slab.Bytes()[:n], nil
}

// words gives the memory of a bitmap.
func (a *arena) words(n int) (vector.Bitmap, error) {
	b, err := a.bytes(n * 8)
	return cast[uint64](b, n), err
}

// release gives up all slabs.
func (a *arena) release() {
	for _, s := range a.slabs {
		s.Release()
	}
	a.slabs = nil
}

// retain adds a reference to each slab and gives them.
func (a *arena) retain() []*memory.Slab {
	for _, s := range a.slabs {
		s.Retain()
	}
	return a.slabs
}

// maxAllocBytes bounds one allocation whatever a file says; a page has at most
// 2 GiB by its format, and values of 16 bytes are made from as little as a bit.
const maxAllocBytes = 1 << 33

// alloc gives n values of T of undefined content.
func alloc[T any](a *arena, n int) ([]T, error) {
	var t T
	b, err := a.bytes(n * int(unsafe.Sizeof(t)))
	if err != nil {
		return nil, err
	}
	return cast[T](b, n), nil
}

// cast is the first n values of T in b, which may be unaligned.
func cast[T any](b []byte, n int) []T {
	var t T
	if n == 0 || len(b) < n*int(unsafe.Sizeof(t)) {
		return nil
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}
