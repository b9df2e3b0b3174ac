package object

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Info names one version of an object.
type Info struct {
	Path      string
	SizeBytes int64
	ModTime   time.Time
	ETag      string // "" where the store has none
}

// Same reports whether two infos name the same version of the same object.
func (i Info) Same(o Info) bool {
	if i.Path != o.Path || i.SizeBytes != o.SizeBytes {
		return false
	}
	if i.ETag != "" && o.ETag != "" {
		return i.ETag == o.ETag
	}
	return i.ModTime.Equal(o.ModTime)
}

// Store keeps objects.
type Store interface {
	// Stat describes the present version of an object.
	Stat(ctx context.Context, path string) (Info, error)
	// Open reads the version that info names; the caller closes the reader.
	Open(ctx context.Context, info Info) (Reader, error)
	// Put writes an object whole, replacing an older one.
	Put(ctx context.Context, path string, data []byte) error
	// PutIfAbsent writes an object unless there is one: then the error is ErrExists.
	PutIfAbsent(ctx context.Context, path string, data []byte) error
	// List describes all objects whose path starts with prefix, by path.
	List(ctx context.Context, prefix string) ([]Info, error)
	// Delete removes an object; one that is not there is no error.
	Delete(ctx context.Context, path string) error
}

// Reader reads one version of one object, from several goroutines at once.
type Reader interface {
	// View is bytes [off, off+n) of a memory mapping without a copy, valid until
	// Close; nil when the object is not mapped. Read it inside Guard.
	View(off, n int64) []byte
	// ReadAt fills buf from offset off, or fails.
	ReadAt(ctx context.Context, buf []byte, off int64) error
	// Check fails with FileChanged when the object is known not to be the version
	// that was opened any more.
	Check() error
	Close() error
}

// ErrExists is the failure of PutIfAbsent when there is an object already.
var ErrExists = errors.New("the object exists already")

func missing(path string, cause error) error {
	e := sqlerr.New(sqlerr.UndefinedFile, "file %q does not exist", path)
	if cause != nil && !errors.Is(cause, fs.ErrNotExist) {
		e.Err = cause
	}
	return e
}

func changed(path string) error {
	return sqlerr.New(sqlerr.FileChanged, "file %q changed while it was being read", path).
		WithHint("Run the query again: it will read the file as it is now.")
}

func checkRange(info Info, off, n int64) error {
	if off < 0 || n < 0 || off > info.SizeBytes-n {
		return sqlerr.New(sqlerr.DataCorrupted, "file %q has %d bytes, bytes %d to %d were asked for",
			info.Path, info.SizeBytes, off, off+n)
	}
	return nil
}
