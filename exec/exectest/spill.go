package exectest

import (
	"sync"
	"sync/atomic"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/vector"
)

// Store is what operators spill to in tests: memory that nobody counts, with an error
// in place of one operation if asked for.
type Store struct {
	open   atomic.Int64 // files not freed
	writes atomic.Int64
	ops    atomic.Int64
	failAt int64 // the operation that is an error, from 1; 0: none
	err    error
}

// Open is how many files have not been freed.
func (s *Store) Open() int { return int(s.open.Load()) }

// Writes is how many batches have been appended.
func (s *Store) Writes() int { return int(s.writes.Load()) }

// Create makes a file.
func (s *Store) Create() exec.SpillFile {
	s.open.Add(1)
	return &storeFile{store: s}
}

// fails counts an operation and gives its error.
func (s *Store) fails() error {
	if s.ops.Add(1) == s.failAt {
		return s.err
	}
	return nil
}

type storeFile struct {
	store   *Store
	mu      sync.Mutex
	batches []*vector.Batch
	bytes   int64
	freed   bool
}

func (f *storeFile) Append(b *vector.Batch) (from, to int64, err error) {
	if err := f.store.fails(); err != nil {
		return 0, 0, err
	}
	f.store.writes.Add(1)
	own := &vector.Batch{Cols: make([]vector.Column, len(b.Cols)), Len: b.Rows()}
	for i := range own.Cols {
		c := vector.Gather(&b.Cols[i], b.Selected())
		own.Cols[i] = vector.Copy(&c)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.batches = append(f.batches, own)
	from = f.bytes
	f.bytes += int64(own.Len*8*len(own.Cols)) + 1
	return from, f.bytes, nil
}

func (f *storeFile) Batches() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.batches)
}

func (f *storeFile) Bytes() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bytes
}

func (f *storeFile) Read(i int) (*vector.Batch, error) {
	if err := f.store.fails(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.batches[i].Share(), nil
}

func (f *storeFile) Free() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.freed {
		f.freed, f.batches = true, nil
		f.store.open.Add(-1)
	}
}
