package object

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Local is the file system of this machine.
type Local struct {
	// NoMap reads by system calls where files could be mapped.
	NoMap bool
}

// Stat describes a file.
func (l *Local) Stat(_ context.Context, path string) (Info, error) {
	st, err := os.Stat(path)
	if err != nil {
		return Info{}, localError(path, err)
	}
	if !st.Mode().IsRegular() {
		return Info{}, sqlerr.New(sqlerr.WrongObjectType, "%q is not a file", path)
	}
	return infoOf(path, st), nil
}

// Open opens a file of which size and modification time are still those of info.
func (l *Local) Open(_ context.Context, info Info) (Reader, error) {
	f, err := os.Open(info.Path)
	if err != nil {
		return nil, localError(info.Path, err)
	}
	r := &localReader{file: f, info: info}
	if err := r.Check(); err != nil {
		f.Close()
		return nil, err
	}
	if !l.NoMap {
		r.mapping = mapFile(f, info.SizeBytes) // nil: read by system calls
	}
	return r, nil
}

// Put writes a file beside its place and moves it there.
func (l *Local) Put(_ context.Context, path string, data []byte) error {
	return writeFile(path, data, os.Rename)
}

// PutIfAbsent writes a file beside its place and links it there, which fails when
// the name is taken.
func (l *Local) PutIfAbsent(_ context.Context, path string, data []byte) error {
	err := writeFile(path, data, os.Link)
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	return err
}

// List walks the folder that prefix lies in. Links are followed to files, not to
// folders.
func (l *Local) List(ctx context.Context, prefix string) ([]Info, error) {
	root := filepath.Dir(prefix)
	if strings.HasSuffix(prefix, "/") {
		root = filepath.Clean(prefix)
		prefix = strings.TrimSuffix(root, "/") + "/"
	} else if prefix != "" {
		prefix = filepath.Clean(prefix)
	}
	var found []Info
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // nothing there, or gone meanwhile
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir():
			if path != root && !strings.HasPrefix(path+"/", prefix) {
				return fs.SkipDir
			}
			return nil
		case !strings.HasPrefix(path, prefix):
			return nil
		}
		st, err := os.Stat(path)
		if err != nil || !st.Mode().IsRegular() {
			return nil
		}
		found = append(found, infoOf(path, st))
		return nil
	})
	if err != nil {
		return nil, localError(prefix, err)
	}
	slices.SortFunc(found, func(a, b Info) int { return strings.Compare(a.Path, b.Path) })
	return found, nil
}

// Delete removes a file.
func (l *Local) Delete(_ context.Context, path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return localError(path, err)
	}
	return nil
}

func infoOf(path string, st fs.FileInfo) Info {
	return Info{Path: path, SizeBytes: st.Size(), ModTime: st.ModTime()}
}

// writeFile makes the data durable under a temporary name, brings it to its place
// by move (os.Rename or os.Link) and makes that durable too.
func writeFile(path string, data []byte, move func(from, to string) error) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return localError(path, err)
	}
	tmp, err := os.CreateTemp(dir, ".tmp-*")
	if err != nil {
		return localError(path, err)
	}
	defer os.Remove(tmp.Name()) // gone already after a rename
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(0o640) // a catalog has hashes of passwords
	}
	if err == nil {
		err = tmp.Sync()
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = move(tmp.Name(), path)
	}
	if err != nil {
		return localError(path, err)
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return localError(dir, err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return localError(dir, err)
	}
	return nil
}

func localError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing(path, err)
	case errors.Is(err, fs.ErrPermission):
		e := sqlerr.New(sqlerr.InsufficientPrivilege, "file %q", path)
		e.Err = err
		return e
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	e := sqlerr.New(sqlerr.IOError, "file %q", path)
	e.Err = err
	return e
}

type localReader struct {
	file    *os.File
	info    Info
	mapping []byte
	once    sync.Once
}

func (r *localReader) View(off, n int64) []byte {
	if r.mapping == nil || checkRange(r.info, off, n) != nil {
		return nil
	}
	return r.mapping[off : off+n : off+n]
}

func (r *localReader) ReadAt(ctx context.Context, buf []byte, off int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkRange(r.info, off, int64(len(buf))); err != nil {
		return err
	}
	n, err := r.file.ReadAt(buf, off)
	switch {
	case n == len(buf):
		return nil
	case err == io.EOF:
		return changed(r.info.Path)
	}
	return localError(r.info.Path, err)
}

// Check compares the open file, not its name: a file that was replaced by a
// rename goes on being read as it was.
func (r *localReader) Check() error {
	st, err := r.file.Stat()
	if err != nil {
		return localError(r.info.Path, err)
	}
	if !infoOf(r.info.Path, st).Same(r.info) {
		return changed(r.info.Path)
	}
	return nil
}

func (r *localReader) Close() (err error) {
	r.once.Do(func() {
		unmapFile(r.mapping)
		r.mapping = nil
		err = r.file.Close()
	})
	return err
}
