package exec

import (
	"slices"

	"github.com/skein-query/skein/exec/vector"
)

const (
	arenaChunk   = 1 << 14
	arenaLargest = 1 << 22
)

// arena holds one string per group, in memory of its own.
type arena struct {
	b       *budget
	views   []vector.View
	buffers [][]byte
	used    int64 // bytes written to buffers
	live    int64 // of them, bytes that some view still names
}

func (a *arena) grow(n int) (err error) {
	a.views, err = grown(a.b, a.views, n)
	return err
}

func (a *arena) bytes(g uint32) []byte { return a.views[g].Bytes(a.buffers) }

// set gives group g a copy of s.
func (a *arena) set(g uint32, s []byte) error {
	if !a.views[g].Inline() {
		a.live -= int64(a.views[g].Len)
	}
	a.views[g] = vector.View{}
	if len(s) <= vector.InlineLen {
		a.views[g] = vector.MakeView(s, 0, 0)
		return nil
	}
	if a.used > arenaLargest && a.used > 2*a.live {
		if err := a.compact(); err != nil {
			return err
		}
	}
	v, err := a.write(s)
	if err != nil {
		return err
	}
	a.views[g] = v
	return nil
}

func (a *arena) write(s []byte) (vector.View, error) {
	last := len(a.buffers) - 1
	if last < 0 || len(a.buffers[last])+len(s) > cap(a.buffers[last]) {
		size := arenaChunk
		if last >= 0 {
			size = min(arenaLargest, 2*cap(a.buffers[last]))
		}
		size = max(size, len(s))
		if err := a.b.reserve(int64(size)); err != nil {
			return vector.View{}, err
		}
		a.buffers = append(a.buffers, make([]byte, 0, size))
		last++
	}
	off := len(a.buffers[last])
	a.buffers[last] = append(a.buffers[last], s...)
	a.used += int64(len(s))
	a.live += int64(len(s))
	return vector.MakeView(s, uint32(last), uint32(off)), nil
}

// compact writes the strings anew without the holes that replaced ones left.
func (a *arena) compact() error {
	old, held := a.buffers, int64(0)
	for _, b := range old {
		held += int64(cap(b))
	}
	a.buffers, a.used, a.live = nil, 0, 0
	for g := range a.views {
		v := &a.views[g]
		if v.Inline() {
			continue
		}
		moved, err := a.write(v.Bytes(old))
		if err != nil {
			return err
		}
		*v = moved
	}
	a.b.giveBack(held)
	return nil
}

// column is the strings of groups [from, to), which share the arena's memory.
func (a *arena) column(from, to int, valid vector.Bitmap) vector.Column {
	return vector.Column{Kind: vector.String, Len: to - from, Valid: valid,
		Data: vector.BytesOf(a.views[from:to]), Buffers: slices.Clone(a.buffers)}
}
