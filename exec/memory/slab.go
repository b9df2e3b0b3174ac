package memory

import (
	"math/bits"
	"sync"
	"sync/atomic"
)

const (
	minClass = 10 // 1 KiB
	maxClass = 23 // 8 MiB; larger slabs are allocated exactly and not pooled
)

// Pool keeps freed slabs by size class (powers of two), so that a scan does not
// pay for zeroing and page faults at every page. Pools may be shared.
type Pool struct {
	classes [maxClass + 1]sync.Pool
	poison  bool
}

// NewPool makes an empty pool.
func NewPool() *Pool { return &Pool{} }

// NewPoisonPool makes a pool that overwrites a slab at its last Release and never
// hands it out again: a test that reads released memory then fails.
func NewPoisonPool() *Pool { return &Pool{poison: true} }

// Slab is a reference-counted buffer without Go pointers.
type Slab struct {
	buf     []byte
	refs    atomic.Int32
	pool    *Pool
	account *Account
	class   int8
}

// Get allocates a slab of at least n bytes with one reference, charged to the
// account (which may be nil: not charged). The bytes are NOT zeroed.
func (p *Pool) Get(n int, account *Account) (*Slab, error) {
	class := max(minClass, bits.Len(uint(max(n, 1)-1)))
	size := n
	if class <= maxClass {
		size = 1 << class
	}
	if account != nil {
		if err := account.Reserve(int64(size)); err != nil {
			return nil, err
		}
	}
	var s *Slab
	if class <= maxClass {
		s, _ = p.classes[class].Get().(*Slab)
	}
	if s == nil {
		s = &Slab{buf: make([]byte, size), pool: p, class: int8(min(class, maxClass+1))}
	}
	s.account = account
	s.refs.Store(1)
	return s, nil
}

// Bytes is the whole buffer, at least as long as was asked for. It is valid
// until the last Release.
func (s *Slab) Bytes() []byte { return s.buf }

// TryMove charges the slab to another account from now on, and reports whether that
// had room. Only who holds the one reference there is may call it.
func (s *Slab) TryMove(to *Account) bool {
	if to == s.account {
		return true
	}
	if !to.TryReserve(int64(len(s.buf))) {
		return false
	}
	if s.account != nil {
		s.account.Release(int64(len(s.buf)))
	}
	s.account = to
	return true
}

// Retain adds a reference.
func (s *Slab) Retain() {
	if s.refs.Add(1) <= 1 {
		panic("memory: Retain of a released slab")
	}
}

// Release drops a reference; the last one gives the buffer back to its pool.
func (s *Slab) Release() {
	left := s.refs.Add(-1)
	if left > 0 {
		return
	}
	if left < 0 {
		panic("memory: Release of a released slab")
	}
	if s.account != nil {
		s.account.Release(int64(len(s.buf)))
		s.account = nil
	}
	if s.pool.poison {
		for i := range s.buf {
			s.buf[i] = 0xDB
		}
		return
	}
	if s.class <= maxClass {
		s.pool.classes[s.class].Put(s)
	}
}
