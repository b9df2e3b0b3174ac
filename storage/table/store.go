package table

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
)

// Scheme begins the paths of parts.
const Scheme = "mem"

// IsPart reports whether a path or location is in some process's memory.
func IsPart(path string) bool { return strings.HasPrefix(path, Scheme+"://") }

// ErrGone is behind the error of reading a part that its table has no more: whoever
// looks at the table again finds others.
var ErrGone = errors.New("the part is gone")

// Store holds the parts of all tables of a process. Safe for concurrent use.
type Store struct {
	host       string
	account    *memory.Account
	limitBytes int64 // of parts and what is being written; 0: the account's
	life       string

	mu     sync.Mutex
	parts  map[string]*part
	tables map[string]*Table      // by location
	lent   map[string]*time.Timer // by path: what other processes may be reading
	made   int64                  // tables and parts so far
	bytes  int64                  // charged
}

// part is an object. It is freed when no table has it and nobody reads it.
type part struct {
	info object.Info
	data atomic.Pointer[[]byte] // nil: it is freed, whoever still has it open
	pins int                    // of readers, and of the writer until it is published
	held bool                   // a table has it
}

// NewStore makes an empty store; host is how others reach it. The tables may hold
// limitBytes together, 0 is no bound beside the account's.
func NewStore(host string, limitBytes int64, account *memory.Account) *Store {
	return &Store{host: host, account: account, limitBytes: limitBytes, life: rand.Text()[:8],
		parts: map[string]*part{}, tables: map[string]*Table{}, lent: map[string]*time.Timer{}}
}

// UsedBytes is what tables and their writers hold.
func (s *Store) UsedBytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// NewAccount is an account of the same ledger for what is done for tables meanwhile.
func (s *Store) NewAccount() *memory.Account { return s.account.Part() }

// Reserve charges bytes before they are there, for whoever holds what belongs to tables.
func (s *Store) Reserve(n int64) error {
	s.mu.Lock()
	if s.limitBytes > 0 && s.bytes+n > s.limitBytes {
		defer s.mu.Unlock()
		return sqlerr.New(sqlerr.OutOfMemory, "out of memory: tables in memory hold %d of the %d bytes that they may, %d more are needed",
			s.bytes, s.limitBytes, n).WithHint("Drop or truncate tables, or raise --memory.")
	}
	s.bytes += n
	s.mu.Unlock()
	if err := s.account.Reserve(n); err != nil {
		s.mu.Lock()
		s.bytes -= n
		s.mu.Unlock()
		return err
	}
	return nil
}

// Release gives bytes back.
func (s *Store) Release(n int64) {
	s.mu.Lock()
	s.bytes -= n
	s.mu.Unlock()
	s.account.Release(n)
}

// add takes in a part whose bytes are charged already, pinned once.
func (s *Store) add(location string, data []byte) object.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made++
	info := object.Info{Path: fmt.Sprintf("%s%d.parquet", location, s.made), SizeBytes: int64(len(data)),
		ModTime: time.Unix(s.made, 0).UTC(), ETag: fmt.Sprintf("%s-%d", s.life, s.made)}
	p := &part{info: info, pins: 1}
	p.data.Store(&data)
	s.parts[info.Path] = p
	return info
}

// Pins are parts that someone reads.
type Pins struct {
	store *Store
	paths []string
}

// Pin keeps parts readable until Release. Paths that are not of this store are passed
// over. When one is gone nothing is pinned and the error is ErrGone's.
func (s *Store) Pin(paths []string) (*Pins, error) {
	p := &Pins{store: s}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range paths {
		if !strings.HasPrefix(path, s.prefix()) {
			continue
		}
		have := s.parts[path]
		if have == nil {
			return nil, gone(path)
		}
		p.paths = append(p.paths, path)
	}
	for _, path := range p.paths {
		s.parts[path].pins++
	}
	return p, nil
}

// Release gives the parts up; nil and a second call do nothing.
func (p *Pins) Release() {
	if p == nil {
		return
	}
	paths := p.paths
	p.paths = nil
	p.store.unpin(paths)
}

// Lend keeps parts readable for some time, counted from the last time that they were lent.
func (s *Store) Lend(parts []object.Info, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, info := range parts {
		if t := s.lent[info.Path]; t != nil && t.Reset(d) {
			continue
		}
		have := s.parts[info.Path]
		if have == nil {
			continue // whoever reads it hears so
		}
		have.pins++
		var t *time.Timer
		t = time.AfterFunc(d, func() {
			s.mu.Lock()
			if s.lent[info.Path] == t {
				delete(s.lent, info.Path)
			}
			s.mu.Unlock()
			s.unpin([]string{info.Path})
		})
		s.lent[info.Path] = t
	}
}

func (s *Store) unpin(paths []string) {
	freed := int64(0)
	s.mu.Lock()
	for _, path := range paths {
		have := s.parts[path]
		have.pins--
		freed += s.free(have)
	}
	s.bytes -= freed
	s.mu.Unlock()
	s.account.Release(freed)
}

// free forgets a part that nobody needs, and says how much that was. The lock is held.
func (s *Store) free(p *part) int64 {
	if p.held || p.pins > 0 {
		return 0
	}
	delete(s.parts, p.info.Path)
	p.data.Store(nil)
	return p.info.SizeBytes
}

func (s *Store) prefix() string { return Scheme + "://" + s.host + "/" }

func gone(path string) error {
	return &sqlerr.Error{Code: sqlerr.FileChanged, Msg: fmt.Sprintf("the table of %q has changed while it was being read", path),
		Hint: "Run the query again.", Err: ErrGone}
}

func (s *Store) get(path string) (*part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.parts[path]; p != nil {
		return p, nil
	}
	return nil, gone(path)
}

// Stat describes a part.
func (s *Store) Stat(_ context.Context, path string) (object.Info, error) {
	p, err := s.get(path)
	if err != nil {
		return object.Info{}, err
	}
	return p.info, nil
}

// Open reads a part.
func (s *Store) Open(_ context.Context, info object.Info) (object.Reader, error) {
	p, err := s.get(info.Path)
	if err != nil {
		return nil, err
	}
	if !p.info.Same(info) {
		return nil, gone(info.Path)
	}
	return reader{p}, nil
}

// List describes the parts that a table has now, by its location.
func (s *Store) List(_ context.Context, location string) ([]object.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[location]
	if t == nil {
		return nil, gone(location)
	}
	return slices.Clone(t.parts), nil
}

var errWrites = sqlerr.New(sqlerr.InternalError, "parts are written by their tables")

// Put refuses: parts are made by writers.
func (s *Store) Put(context.Context, string, []byte) error { return errWrites }

// PutIfAbsent refuses.
func (s *Store) PutIfAbsent(context.Context, string, []byte) error { return errWrites }

// Delete refuses.
func (s *Store) Delete(context.Context, string) error { return errWrites }

// reader reads a part, whose bytes never change. It may stay open for long, in a cache
// of footers, and does not keep the bytes from being freed.
type reader struct{ part *part }

func (r reader) View(off, n int64) []byte {
	data := r.part.data.Load()
	if data == nil || off < 0 || n < 0 || off > r.part.info.SizeBytes-n {
		return nil
	}
	return (*data)[off : off+n : off+n]
}

func (r reader) ReadAt(ctx context.Context, buf []byte, off int64) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	from := r.View(off, int64(len(buf)))
	if r.part.data.Load() == nil {
		return gone(r.part.info.Path)
	}
	if from == nil && len(buf) > 0 {
		return sqlerr.New(sqlerr.DataCorrupted, "part %q has %d bytes, bytes %d to %d were asked for",
			r.part.info.Path, r.part.info.SizeBytes, off, off+int64(len(buf)))
	}
	copy(buf, from)
	return nil
}

func (r reader) Check() error {
	if r.part.data.Load() == nil {
		return gone(r.part.info.Path)
	}
	return nil
}

func (r reader) Close() error { return nil }
