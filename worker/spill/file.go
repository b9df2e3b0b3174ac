package spill

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
)

// File is a sequence of blocks. Safe for concurrent use.
type File struct {
	query *Query

	mu     sync.Mutex
	file   *os.File // nil: nothing was appended, or the file was freed
	freed  bool
	blocks []extent
	size   int64
}

// extent is where a block stands.
type extent struct {
	at     int64
	length int // header included
}

// Append writes the selected rows of a batch as a block, which stands from byte from to
// byte to.
func (f *File) Append(b *vector.Batch) (from, to int64, err error) {
	w := writers.Get().(*writer)
	defer writers.Put(w)
	block, err := w.block(b)
	if err != nil {
		return 0, 0, err
	}
	file, at, err := f.extend(len(block))
	if err != nil {
		return 0, 0, err
	}
	if _, err := file.WriteAt(block, at); err != nil {
		return 0, 0, failure(err, "write %d bytes", len(block))
	}
	return at, at + int64(len(block)), nil
}

// extend makes the file longer by a block of n bytes.
func (f *File) extend(n int) (*os.File, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.freed {
		return nil, 0, failure(os.ErrClosed, "write %d bytes", n)
	}
	if f.file == nil {
		file, err := os.OpenFile(f.query.path(), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err != nil {
			return nil, 0, failure(err, "create a file")
		}
		f.file = file
	}
	at := f.size
	f.blocks = append(f.blocks, extent{at, n})
	f.size += int64(n)
	f.query.store.used.Add(int64(n))
	f.query.store.ever.Add(int64(n))
	f.query.wrote.Store(true)
	return f.file, at, nil
}

// Batches is the number of blocks.
func (f *File) Batches() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.blocks)
}

// Bytes is the length of the file.
func (f *File) Bytes() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.size
}

// Read gives the batch of block i, which the caller owns.
func (f *File) Read(i int) (*vector.Batch, error) {
	f.mu.Lock()
	file, where := f.file, extent{}
	if i < len(f.blocks) {
		where = f.blocks[i]
	}
	f.mu.Unlock()
	if file == nil || where.length == 0 {
		return nil, failure(os.ErrClosed, "read block %d", i)
	}
	w := writers.Get().(*writer)
	defer writers.Put(w)
	b, err := w.read(file, where, f.query.pool, f.query.account)
	return b, sqlerr.Wrap(err, "block %d of a spill file", i)
}

// Free removes the file.
func (f *File) Free() {
	f.mu.Lock()
	file, size := f.file, f.size
	f.file, f.blocks, f.size, f.freed = nil, nil, 0, true
	f.mu.Unlock()
	f.query.mu.Lock()
	delete(f.query.files, f)
	f.query.mu.Unlock()
	if file == nil {
		return
	}
	f.query.store.used.Add(-size)
	_ = os.Remove(file.Name()) // Close of the store removes what is left
	_ = file.Close()
}

// failure gives trouble with files its code.
func failure(err error, format string, args ...any) error {
	code := sqlerr.IOError
	hint := "See that the folder of --spill can be written to."
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		code, hint = sqlerr.DiskFull, "Make room in the folder of --spill, name another one, or raise --memory."
	}
	return sqlerr.New(code, "spill: %s: %v", fmt.Sprintf(format, args...), err).WithHint("%s", hint)
}
