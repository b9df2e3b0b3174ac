package object

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Mem keeps objects in memory, for tests and small catalogs. Its versions have
// ETags. Use NewMem.
type Mem struct {
	mu      sync.Mutex
	objects map[string]memObject
	version int
}

type memObject struct {
	info Info
	data []byte
}

// NewMem makes an empty store.
func NewMem() *Mem { return &Mem{objects: map[string]memObject{}} }

// Stat describes an object.
func (m *Mem) Stat(_ context.Context, path string) (Info, error) {
	o, err := m.get(path)
	return o.info, err
}

func (m *Mem) get(path string) (memObject, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[path]
	if !ok {
		return o, missing(path, nil)
	}
	return o, nil
}

// Open reads an object that is still the version info names.
func (m *Mem) Open(_ context.Context, info Info) (Reader, error) {
	o, err := m.get(info.Path)
	if err != nil {
		return nil, err
	}
	if !o.info.Same(info) {
		return nil, changed(info.Path)
	}
	return &memReader{store: m, memObject: o}, nil
}

// Put replaces an object.
func (m *Mem) Put(_ context.Context, path string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(path, data)
	return nil
}

func (m *Mem) put(path string, data []byte) {
	m.version++
	m.objects[path] = memObject{data: slices.Clone(data), info: Info{Path: path, SizeBytes: int64(len(data)),
		ModTime: time.Unix(int64(m.version), 0).UTC(), ETag: fmt.Sprintf("v%d", m.version)}}
}

// PutIfAbsent adds an object.
func (m *Mem) PutIfAbsent(_ context.Context, path string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.objects[path]; ok {
		return ErrExists
	}
	m.put(path, data)
	return nil
}

// List describes the objects under a prefix.
func (m *Mem) List(_ context.Context, prefix string) ([]Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []Info
	for path, o := range m.objects {
		if strings.HasPrefix(path, prefix) {
			found = append(found, o.info)
		}
	}
	slices.SortFunc(found, func(a, b Info) int { return strings.Compare(a.Path, b.Path) })
	return found, nil
}

// Delete removes an object.
func (m *Mem) Delete(_ context.Context, path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, path)
	return nil
}

type memReader struct {
	store *Mem
	memObject
}

// View gives nil so that readers of memory take the path of remote stores.
func (r *memReader) View(int64, int64) []byte { return nil }

func (r *memReader) ReadAt(ctx context.Context, buf []byte, off int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkRange(r.info, off, int64(len(buf))); err != nil {
		return err
	}
	if err := r.Check(); err != nil {
		return err
	}
	copy(buf, r.data[off:])
	return nil
}

func (r *memReader) Check() error {
	o, err := r.store.get(r.info.Path)
	if err != nil || !o.info.Same(r.info) {
		return changed(r.info.Path)
	}
	return nil
}

func (r *memReader) Close() error { return nil }
