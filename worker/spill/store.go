package spill

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/memory"
)

const (
	prefix     = "skein-"
	lockSuffix = ".lock"
)

// Store is the folder in which a process keeps its files. Safe for concurrent use.
type Store struct {
	folder string
	lock   *os.File
	used   atomic.Int64
	ever   atomic.Int64
	names  atomic.Int64
}

// DefaultFolder is where processes of this user spill if they are not told where.
func DefaultFolder() string {
	return filepath.Join(os.TempDir(), fmt.Sprintf("skein-spill-%d", os.Getuid()))
}

// Open makes a folder of its own within dir, which is made if need be, and removes what
// processes that died have left there.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, failure(err, "open %s", dir)
	}
	removeLeftovers(dir)
	for range 10 {
		s, err := open(dir)
		if s != nil || err != nil {
			return s, err
		}
	}
	return nil, failure(errors.New("another process takes every lock"), "open %s", dir)
}

// open makes the lock, then the folder that it stands for; nil when another process
// took the lock for a left-over between its making and its locking.
func open(dir string) (*Store, error) {
	folder := filepath.Join(dir, prefix+strings.ToLower(rand.Text()[:12]))
	lock, err := os.OpenFile(folder+lockSuffix, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, failure(err, "open %s", dir)
	}
	s := &Store{folder: folder, lock: lock}
	if !tryLock(lock) || !named(lock, folder+lockSuffix) {
		return nil, lock.Close()
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return nil, errors.Join(failure(err, "open %s", dir), s.Close())
	}
	return s, nil
}

// named reports whether a file is still found under its name.
func named(f *os.File, path string) bool {
	is, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(is, there)
}

// removeLeftovers removes the folders whose locks nobody holds. What cannot be removed
// stays for the next time.
func removeLeftovers(dir string) {
	locks, _ := filepath.Glob(filepath.Join(dir, prefix+"*"+lockSuffix))
	for _, path := range locks {
		lock, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			continue
		}
		if tryLock(lock) {
			if os.RemoveAll(strings.TrimSuffix(path, lockSuffix)) == nil {
				_ = os.Remove(path)
			}
		}
		_ = lock.Close()
	}
}

// Folder is where the files are.
func (s *Store) Folder() string { return s.folder }

// UsedBytes is what all files hold now.
func (s *Store) UsedBytes() int64 { return s.used.Load() }

// WrittenBytes is what has ever been written.
func (s *Store) WrittenBytes() int64 { return s.ever.Load() }

// Close removes the folder. Queries that have not been closed lose their files.
func (s *Store) Close() error {
	err := os.RemoveAll(s.folder)
	return errors.Join(err, os.Remove(s.lock.Name()), s.lock.Close())
}

// Query is the files of one run of a query.
type Query struct {
	store   *Store
	pool    *memory.Pool
	account *memory.Account

	mu     sync.Mutex
	files  map[*File]struct{}
	closed bool
	wrote  atomic.Bool
}

// Written reports whether anything was ever written; nil has not.
func (q *Query) Written() bool { return q != nil && q.wrote.Load() }

// Query begins the files of a run. Batches that are read are in slabs of the pool,
// charged to the account.
func (s *Store) Query(pool *memory.Pool, account *memory.Account) *Query {
	return &Query{store: s, pool: pool, account: account, files: map[*File]struct{}{}}
}

// Create makes an empty file.
func (q *Query) Create() exec.SpillFile {
	f := &File{query: q}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.files[f] = struct{}{}
	return f
}

// Close frees all files. It is idempotent.
func (q *Query) Close() {
	q.mu.Lock()
	files := q.files
	q.files, q.closed = map[*File]struct{}{}, true
	q.mu.Unlock()
	for f := range files {
		f.Free()
	}
}

// path is where a new file stands.
func (q *Query) path() string {
	return filepath.Join(q.store.folder, fmt.Sprint(q.store.names.Add(1)))
}
