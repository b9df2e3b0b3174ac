package key

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/zeebo/xxh3"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
)

// Missing is what Lookup gives for a string that was never interned.
const Missing = ^uint32(0)

const (
	chunkBytes = 1 << 16 // the first arena chunk; later ones double up to maxChunk
	maxChunk   = 1 << 22
	firstSlots = 64
)

// Strings gives every distinct string an id, from 1. It is an open-addressing
// table of ids over a view and a hash per id; the bytes stand in arenas.
//
// Its methods do not lock: Encoder does, around a batch. Several may look up at the
// same time.
type Strings struct {
	mu      sync.Mutex
	account *memory.Account
	held    atomic.Int64 // bytes reserved; what encoders that look up remember is among them

	slots   []uint64 // upper half of the hash, id; 0 empty; length a power of two
	hashes  []uint64 // by id; entry 0 stands for NULL
	views   []vector.View
	buffers [][]byte // arenas the views point into; the last has room
}

// NewStrings makes an empty interner that reserves its memory from account.
func NewStrings(account *memory.Account) *Strings {
	return &Strings{account: account, hashes: []uint64{nullHash}, views: make([]vector.View, 1)}
}

// HashBytes is the hash of a string, the same in every process.
func HashBytes(b []byte) uint64 { return xxh3.Hash(b) }

// Len is the number of ids given, the NULL included: ids are below it.
func (s *Strings) Len() int { return len(s.views) }

// Bytes is the string of an id; it shares memory with s.
func (s *Strings) Bytes(id uint32) []byte { return s.views[id].Bytes(s.buffers) }

// Hash is HashBytes of the string of an id.
func (s *Strings) Hash(id uint32) uint64 { return s.hashes[id] }

// Lookup is the id of a string whose HashBytes is hash, or Missing.
func (s *Strings) Lookup(b []byte, hash uint64) uint32 {
	if len(s.slots) == 0 {
		return Missing
	}
	mask := uint64(len(s.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		e := s.slots[at]
		if e == 0 {
			return Missing
		}
		if (e^hash)>>32 == 0 && string(s.Bytes(uint32(e))) == string(b) {
			return uint32(e)
		}
	}
}

// near reads, for a batch of hashes, the slot that each comes to first. These loads
// wait for memory together, where one look-up after the other would wait in turn.
func (s *Strings) near(hashes, out []uint64) {
	if len(s.slots) == 0 {
		clear(out)
		return
	}
	mask := uint64(len(s.slots) - 1)
	for i, h := range hashes {
		out[i] = s.slots[h&mask]
	}
}

// isAt reports whether an entry of near is the string v, which points into buffers and
// has that hash.
func (s *Strings) isAt(e, hash uint64, v *vector.View, buffers [][]byte) bool {
	if e == 0 || (e^hash)>>32 != 0 {
		return false
	}
	known := &s.views[uint32(e)]
	if v.Inline() {
		return *known == *v
	}
	return known.Len == v.Len && string(known.Bytes(s.buffers)) == string(v.Bytes(buffers))
}

// Intern is the id of a string whose HashBytes is hash, a new one when it is new.
func (s *Strings) Intern(b []byte, hash uint64) (uint32, error) {
	if id := s.Lookup(b, hash); id != Missing {
		return id, nil
	}
	if len(s.views)*4 >= len(s.slots)*3 {
		if err := s.grow(); err != nil {
			return 0, err
		}
	}
	v, err := s.copyIn(b)
	if err != nil {
		return 0, err
	}
	id := uint32(len(s.views))
	s.views = append(s.views, v)
	s.hashes = append(s.hashes, hash)
	s.insert(id, hash)
	return id, nil
}

func (s *Strings) insert(id uint32, hash uint64) {
	mask := uint64(len(s.slots) - 1)
	at := hash & mask
	for s.slots[at] != 0 {
		at = (at + 1) & mask
	}
	s.slots[at] = hash&^(1<<32-1) | uint64(id)
}

// grow doubles the slots and makes room for as many ids as they may hold.
func (s *Strings) grow() error {
	n := max(firstSlots, 2*len(s.slots))
	if n > 1<<31 {
		return sqlerr.New(sqlerr.OutOfMemory, "more than %d distinct strings in a hash table", len(s.views)-1)
	}
	ids := n*3/4 + 1
	more := int64(n)*8 + int64(ids)*(8+16) - int64(len(s.slots))*8 - int64(cap(s.views))*(8+16)
	if err := s.reserve(more); err != nil {
		return err
	}
	s.slots = make([]uint64, n)
	s.hashes = append(make([]uint64, 0, ids), s.hashes...)
	s.views = append(make([]vector.View, 0, ids), s.views...)
	for id := 1; id < len(s.hashes); id++ {
		s.insert(uint32(id), s.hashes[id])
	}
	return nil
}

// copyIn puts a copy of b into the last arena.
func (s *Strings) copyIn(b []byte) (vector.View, error) {
	if len(b) <= vector.InlineLen {
		return vector.MakeView(b, 0, 0), nil
	}
	last := len(s.buffers) - 1
	if last < 0 || len(s.buffers[last])+len(b) > cap(s.buffers[last]) {
		size := chunkBytes
		if last >= 0 {
			size = min(maxChunk, 2*cap(s.buffers[last]))
		}
		size = max(size, len(b))
		if err := s.reserve(int64(size)); err != nil {
			return vector.View{}, err
		}
		s.buffers = append(s.buffers, make([]byte, 0, size))
		last++
	}
	off := len(s.buffers[last])
	s.buffers[last] = append(s.buffers[last], b...)
	return vector.MakeView(b, uint32(last), uint32(off)), nil
}

func (s *Strings) reserve(n int64) error {
	if s.account == nil {
		return nil
	}
	if err := s.account.Reserve(n); err != nil {
		return err
	}
	s.held.Add(max(n, 0))
	return nil
}

// Column is the strings with these ids as a column that shares s's memory; id 0
// is NULL.
func (s *Strings) Column(ids []uint32) vector.Column {
	out := vector.Column{Kind: vector.String, Len: len(ids), Buffers: slices.Clone(s.buffers)}
	views := make([]vector.View, len(ids))
	for i, id := range ids {
		views[i] = s.views[id]
		if id == 0 {
			if out.Valid == nil {
				out.Valid = vector.NewBitmapSet(len(ids))
			}
			out.Valid.Clear(i)
		}
	}
	out.Data = vector.BytesOf(views)
	return out
}

// Dict is all strings as a dictionary that shares s's memory: the code of a string is
// its id less 1.
func (s *Strings) Dict() *vector.Dict {
	return &vector.Dict{Values: vector.Column{Kind: vector.String, Len: len(s.views) - 1,
		Data: vector.BytesOf(s.views[1:]), Buffers: slices.Clone(s.buffers)}}
}

// Close gives the reserved memory back. Columns made before stay readable.
// Close is idempotent.
func (s *Strings) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held := s.held.Swap(0); s.account != nil {
		s.account.Release(held)
	}
	s.slots, s.hashes, s.views, s.buffers = nil, nil, nil, nil
}
