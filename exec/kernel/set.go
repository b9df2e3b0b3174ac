package kernel

import (
	"bytes"

	"github.com/skein-query/skein/exec/vector"
)

// IntSet is a set of integers for IN: a bitmap where the values lie close
// together, else open addressing.
type IntSet struct {
	lo, span uint64 // bitmap: offset and last bit
	bits     vector.Bitmap
	slots    []int64
	used     []uint8
	shift    uint
	empty    bool
}

// mostBits is the largest span of an IntSet's bitmap: 32 KiB of memory, which
// stays in the first-level cache.
const mostBits = 1 << 18

// NewIntSet makes the set of the keys.
func NewIntSet(keys []int64) *IntSet {
	s := &IntSet{empty: len(keys) == 0}
	if s.empty {
		return s
	}
	lo, hi := keys[0], keys[0]
	for _, k := range keys {
		lo, hi = min(lo, k), max(hi, k)
	}
	s.lo, s.span = uint64(lo), uint64(hi)-uint64(lo)
	if s.span < mostBits {
		s.bits = vector.NewBitmap(int(s.span) + 1)
		for _, k := range keys {
			s.bits.Set(int(uint64(k) - s.lo))
		}
		return s
	}
	n := 4
	s.shift = 62
	for n < 2*len(keys) {
		n *= 2
		s.shift--
	}
	s.slots, s.used = make([]int64, n), make([]uint8, n)
	for _, k := range keys {
		i := HashInt64(k) >> s.shift
		for s.used[i] != 0 && s.slots[i] != k {
			i = (i + 1) & uint64(n-1)
		}
		s.slots[i], s.used[i] = k, 1
	}
	return s
}

// Has is 1 when k is in the set, else 0.
func (s *IntSet) Has(k int64) uint8 {
	off := uint64(k) - s.lo
	if s.empty || off > s.span {
		return 0
	}
	if s.bits != nil {
		return uint8(s.bits[off>>6] >> (off & 63) & 1)
	}
	mask := uint64(len(s.slots) - 1)
	for i := HashInt64(k) >> s.shift; s.used[i] != 0; i = (i + 1) & mask {
		if s.slots[i] == k {
			return 1
		}
	}
	return 0
}

// Contains says for each row whether its value is in the set.
func Contains[T Integer](s *IntSet, values []T, sel vector.Selection, out []uint8) {
	if sel != nil {
		for _, row := range sel {
			out[row] = s.Has(int64(values[row]))
		}
		return
	}
	for i, v := range values {
		out[i] = s.Has(int64(v))
	}
}

// StringSet is a set of strings for IN, with open addressing.
type StringSet struct {
	slots [][]byte // nil: free
	mask  uint64
}

// NewStringSet makes an empty set with room for n strings.
func NewStringSet(n int) *StringSet {
	size := 4
	for size < 2*n {
		size *= 2
	}
	return &StringSet{slots: make([][]byte, size), mask: uint64(size - 1)}
}

// Add puts s, which the set keeps, into the set; no more than it was made for.
func (t *StringSet) Add(s []byte) {
	if s == nil {
		s = []byte{}
	}
	i := HashBytes(s) & t.mask
	for t.slots[i] != nil {
		if bytes.Equal(t.slots[i], s) {
			return
		}
		i = (i + 1) & t.mask
	}
	t.slots[i] = s
}

// Has is 1 when s is in the set, else 0.
func (t *StringSet) Has(s []byte) uint8 {
	for i := HashBytes(s) & t.mask; t.slots[i] != nil; i = (i + 1) & t.mask {
		if bytes.Equal(t.slots[i], s) {
			return 1
		}
	}
	return 0
}
