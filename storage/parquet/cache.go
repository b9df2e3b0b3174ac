package parquet

import (
	"container/list"
	"context"
	"sync"

	"github.com/skein-query/skein/storage/object"
)

// maxOpenFiles bounds the file handles a cache keeps.
const maxOpenFiles = 512

// Cache keeps read footers and open files, by file version: path, size and ETag or
// modification time. Safe for concurrent use.
type Cache struct {
	store      object.Store
	limitBytes int64
	codecs     codecs
	columns    *ColumnCache // nil: none

	mu    sync.Mutex
	files map[object.Info]*list.Element
	order *list.List // of *File, most recently used first
	bytes int64
}

// NewCache makes a cache that holds footers of about limitBytes at most.
func NewCache(store object.Store, limitBytes int64) *Cache {
	return &Cache{store: store, limitBytes: limitBytes, files: map[object.Info]*list.Element{}, order: list.New()}
}

// KeepColumns makes the files that are opened from now on keep their decoded columns in
// a cache.
func (c *Cache) KeepColumns(columns *ColumnCache) { c.columns = columns }

// Open gives the file of the version that info names; one that changed since is a
// FileChanged error as soon as it is read. The file needs no closing.
func (c *Cache) Open(ctx context.Context, info object.Info) (*File, error) {
	key := keyOf(info)
	c.mu.Lock()
	if e := c.files[key]; e != nil {
		c.order.MoveToFront(e)
		c.mu.Unlock()
		return e.Value.(*File), nil
	}
	c.mu.Unlock()
	f, err := openFile(ctx, c.store, info, c)
	if err != nil {
		return nil, err
	}
	f.columns = c.columns
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.files[key]; e != nil { // another was faster
		f.handle.evict()
		return e.Value.(*File), nil
	}
	c.files[key] = c.order.PushFront(f)
	c.bytes += f.footer
	c.shrink()
	return f, nil
}

// grew takes note of what was read of a file since it was opened.
func (c *Cache) grew(f *File, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.files[keyOf(f.info)]; e != nil && e.Value == f {
		f.footer += bytes
		c.bytes += bytes
		c.shrink()
	}
}

// Close gives up all files; those that are being read are closed by their readers.
func (c *Cache) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.order.Len() > 0 {
		c.drop(c.order.Back())
	}
}

func (c *Cache) shrink() {
	for c.order.Len() > 1 && (c.bytes > c.limitBytes || c.order.Len() > maxOpenFiles) {
		c.drop(c.order.Back())
	}
}

func (c *Cache) drop(e *list.Element) {
	f := e.Value.(*File)
	c.order.Remove(e)
	delete(c.files, keyOf(f.info))
	c.bytes -= f.footer
	f.handle.evict()
}

// keyOf makes equal versions equal keys: times have a location, which is not part
// of a version.
func keyOf(info object.Info) object.Info {
	info.ModTime = info.ModTime.UTC().Round(0)
	return info
}
