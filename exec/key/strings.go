package key

import (
	"math/bits"
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

	mostShardBits = 6
)

// Strings gives every distinct string an id, from 1. It is an open-addressing
// table of ids over a view and a hash per id; the bytes stand in arenas.
//
// Made by NewStrings it is for one goroutine; several may look up while none interns. Made
// by NewSharedStrings several may intern at a time: it is divided by hash into shards of
// one lock each, and ids are not without gaps.
type Strings struct {
	account *memory.Account
	held    atomic.Int64 // bytes reserved; what encoders that look up remember is among them
	bits    int          // an id is a place in a shard, and in so many lower bits the shard
	shards  []shard
}

// shard is the strings of a range of hashes.
type shard struct {
	mu      sync.Mutex // shared: around what interns
	slots   []uint64   // upper half of the hash, id; 0 empty; length a power of two
	hashes  []uint64   // by place; entry 0 stands for NULL
	views   []vector.View
	buffers [][]byte // arenas the views point into; the last has room
	largest int      // bytes of an arena
	number  uint32
}

// NewStrings makes an empty interner that reserves its memory from account.
func NewStrings(account *memory.Account) *Strings { return newStrings(account, 0) }

// NewSharedStrings makes an interner for so many goroutines.
func NewSharedStrings(account *memory.Account, sharers int) *Strings {
	if sharers < 2 {
		return NewStrings(account)
	}
	return newStrings(account, min(mostShardBits, bits.Len(uint(4*sharers-1))))
}

func newStrings(account *memory.Account, shardBits int) *Strings {
	s := &Strings{account: account, bits: shardBits, shards: make([]shard, 1<<shardBits)}
	for i := range s.shards {
		s.shards[i] = shard{hashes: []uint64{nullHash}, views: make([]vector.View, 1), largest: maxChunk >> shardBits, number: uint32(i)}
	}
	return s
}

// HashBytes is the hash of a string, the same in every process.
func HashBytes(b []byte) uint64 { return xxh3.Hash(b) }

// Len is the number of ids given, the NULL included. Unless s is shared ids are below it.
func (s *Strings) Len() int {
	n := 1
	for i := range s.shards {
		n += len(s.shards[i].views) - 1
	}
	return n
}

// All visits the ids but that of NULL.
func (s *Strings) All(yield func(id uint32) bool) {
	for i := range s.shards {
		for place := 1; place < len(s.shards[i].views); place++ {
			if !yield(uint32(place)<<s.bits | uint32(i)) {
				return
			}
		}
	}
}

// at is where an id's string stands.
func (s *Strings) at(id uint32) (*shard, uint32) {
	return &s.shards[id&uint32(len(s.shards)-1)], id >> s.bits
}

// shardOf is the shard of a hash: by its upper bits, as slots go by the lower ones.
func (s *Strings) shardOf(hash uint64) *shard { return &s.shards[hash>>32>>(32-s.bits)] }

// Bytes is the string of an id; it shares memory with s.
func (s *Strings) Bytes(id uint32) []byte {
	h, place := s.at(id)
	return h.views[place].Bytes(h.buffers)
}

// Hash is HashBytes of the string of an id.
func (s *Strings) Hash(id uint32) uint64 {
	h, place := s.at(id)
	return h.hashes[place]
}

// Lookup is the id of a string whose HashBytes is hash, or Missing.
func (s *Strings) Lookup(b []byte, hash uint64) uint32 {
	h := s.shardOf(hash)
	if len(h.slots) == 0 {
		return Missing
	}
	mask := uint64(len(h.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		e := h.slots[at]
		if e == 0 {
			return Missing
		}
		if (e^hash)>>32 == 0 && string(h.views[uint32(e)>>s.bits].Bytes(h.buffers)) == string(b) {
			return uint32(e)
		}
	}
}

// near reads, for a batch of hashes, the slot that each comes to first. These loads
// wait for memory together, where one look-up after the other would wait in turn.
func (s *Strings) near(hashes, out []uint64) {
	if len(s.shards) == 1 {
		s.shards[0].near(hashes, out)
		return
	}
	for i, hash := range hashes {
		h := s.shardOf(hash)
		if out[i] = 0; len(h.slots) > 0 {
			out[i] = h.slots[hash&uint64(len(h.slots)-1)]
		}
	}
}

func (h *shard) near(hashes, out []uint64) {
	if len(h.slots) == 0 {
		clear(out)
		return
	}
	slots, mask := h.slots, uint64(len(h.slots)-1)
	for i, hash := range hashes {
		out[i] = slots[hash&mask]
	}
}

// isAt reports whether an entry of near is the string v, which points into buffers and
// has that hash.
func (s *Strings) isAt(e, hash uint64, v *vector.View, buffers [][]byte) bool {
	if e == 0 || (e^hash)>>32 != 0 {
		return false
	}
	h, place := s.at(uint32(e))
	known := &h.views[place]
	if v.Inline() {
		return *known == *v
	}
	return known.Len == v.Len && string(known.Bytes(h.buffers)) == string(v.Bytes(buffers))
}

// Intern is the id of a string whose HashBytes is hash, a new one when it is new.
func (s *Strings) Intern(b []byte, hash uint64) (uint32, error) {
	h := s.shardOf(hash)
	if len(s.shards) > 1 {
		h.mu.Lock()
		defer h.mu.Unlock()
	}
	return s.intern(h, b, hash)
}

// intern is Intern in the shard of the hash, which is locked when s is shared.
func (s *Strings) intern(h *shard, b []byte, hash uint64) (uint32, error) {
	if id := s.Lookup(b, hash); id != Missing {
		return id, nil
	}
	if len(h.views)*4 >= len(h.slots)*3 {
		if err := s.grow(h); err != nil {
			return 0, err
		}
	}
	v, err := s.copyIn(h, b)
	if err != nil {
		return 0, err
	}
	id := uint32(len(h.views))<<s.bits | h.number
	h.views = append(h.views, v)
	h.hashes = append(h.hashes, hash)
	h.insert(id, hash)
	return id, nil
}

func (h *shard) insert(id uint32, hash uint64) {
	mask := uint64(len(h.slots) - 1)
	at := hash & mask
	for h.slots[at] != 0 {
		at = (at + 1) & mask
	}
	h.slots[at] = hash&^(1<<32-1) | uint64(id)
}

// grow doubles the slots of a shard and makes room for as many ids as they may hold.
func (s *Strings) grow(h *shard) error {
	n := max(firstSlots, 2*len(h.slots))
	if n > 1<<31>>s.bits {
		return sqlerr.New(sqlerr.OutOfMemory, "more than %d distinct strings in a hash table", s.Len()-1)
	}
	ids := n*3/4 + 1
	more := int64(n)*8 + int64(ids)*(8+16) - int64(len(h.slots))*8 - int64(cap(h.views))*(8+16)
	if err := s.reserve(more); err != nil {
		return err
	}
	h.slots = make([]uint64, n)
	h.hashes = append(make([]uint64, 0, ids), h.hashes...)
	h.views = append(make([]vector.View, 0, ids), h.views...)
	for place := 1; place < len(h.hashes); place++ {
		h.insert(uint32(place)<<s.bits|h.number, h.hashes[place])
	}
	return nil
}

// copyIn puts a copy of b into the last arena of a shard.
func (s *Strings) copyIn(h *shard, b []byte) (vector.View, error) {
	if len(b) <= vector.InlineLen {
		return vector.MakeView(b, 0, 0), nil
	}
	last := len(h.buffers) - 1
	if last < 0 || len(h.buffers[last])+len(b) > cap(h.buffers[last]) {
		size := chunkBytes >> s.bits
		if last >= 0 {
			size = min(h.largest, 2*cap(h.buffers[last]))
		}
		size = max(size, len(b))
		if err := s.reserve(int64(size)); err != nil {
			return vector.View{}, err
		}
		h.buffers = append(h.buffers, make([]byte, 0, size))
		last++
	}
	off := len(h.buffers[last])
	h.buffers[last] = append(h.buffers[last], b...)
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
	out := vector.Column{Kind: vector.String, Len: len(ids)}
	first := make([]uint32, len(s.shards)) // by shard: where its buffers begin
	for i := range s.shards {
		first[i] = uint32(len(out.Buffers))
		out.Buffers = append(out.Buffers, s.shards[i].buffers...)
	}
	views := make([]vector.View, len(ids))
	for i, id := range ids {
		h, place := s.at(id)
		views[i] = h.views[place].Move(first[h.number])
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

// Dict is all strings as a dictionary that shares s's memory, which is not shared: the code
// of a string is its id less 1.
func (s *Strings) Dict() *vector.Dict {
	h := &s.shards[0]
	return &vector.Dict{Values: vector.Column{Kind: vector.String, Len: len(h.views) - 1,
		Data: vector.BytesOf(h.views[1:]), Buffers: slices.Clone(h.buffers)}}
}

// Close gives the reserved memory back. Columns made before stay readable.
// Close is idempotent.
func (s *Strings) Close() {
	if held := s.held.Swap(0); s.account != nil {
		s.account.Release(held)
	}
	for i := range s.shards {
		h := &s.shards[i]
		h.mu.Lock()
		h.slots, h.hashes, h.views, h.buffers = nil, nil, nil, nil
		h.mu.Unlock()
	}
}
