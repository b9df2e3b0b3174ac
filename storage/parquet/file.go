package parquet

import (
	"context"
	"encoding/binary"
	"strings"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
)

// File is a Parquet file of which the footer has been read: one version of it,
// immutable, safe for concurrent use.
type File struct {
	info      object.Info
	meta      *fileMeta
	fields    []*node
	leaves    []*leaf
	footer    int64 // bytes of memory, about
	handle    handle
	codecs    *codecs
	cache     *Cache
	columns   *ColumnCache // nil: what is decoded is not kept
	footerOff int64        // where the footer begins: no chunk reaches beyond
	indexes   indexes
	paged     pageIndexes
}

// Field is a top-level column.
type Field struct {
	Name     string
	Type     arrow.DataType
	Nullable bool
}

// RowGroup is the size of a row group.
type RowGroup struct {
	Rows   int64
	Bytes  int64 // compressed, all columns
	Sorted []SortColumn
}

// SortColumn says that the rows of a row group are sorted by a field.
type SortColumn struct {
	Field      int // position in Fields
	Descending bool
	NullsFirst bool
}

const magic = "PAR1"

// tailBytes is read at once from the end of a file, in the hope that the footer is
// in it.
const tailBytes = 64 << 10

// openFile reads the footer of a file.
func openFile(ctx context.Context, store object.Store, info object.Info, cache *Cache) (*File, error) {
	f := &File{info: info, codecs: &cache.codecs, cache: cache}
	f.handle.open = func(ctx context.Context) (object.Reader, error) { return store.Open(ctx, info) }
	r, err := f.handle.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer f.handle.release()
	if err := f.readFooter(ctx, r); err != nil {
		if cerr := r.Check(); cerr != nil {
			return nil, cerr // it is not corrupt, it is being written
		}
		return nil, sqlerr.Wrap(err, "file %q", info.Path)
	}
	return f, nil
}

func (f *File) readFooter(ctx context.Context, r object.Reader) error {
	size := f.info.SizeBytes
	if size < 12 {
		return bad("not a Parquet file: it has %d bytes", size)
	}
	tail := make([]byte, min(size, tailBytes))
	if err := r.ReadAt(ctx, tail, size-int64(len(tail))); err != nil {
		return err
	}
	end := tail[len(tail)-8:]
	switch string(end[4:]) {
	case magic:
	case "PARE":
		return sqlerr.New(sqlerr.FeatureNotSupported, "the file is encrypted")
	default:
		return bad("not a Parquet file: it does not end with %q", magic)
	}
	n := int64(binary.LittleEndian.Uint32(end))
	if n > size-12 {
		return bad("a footer of %d bytes in a file of %d", n, size)
	}
	f.footerOff = size - 8 - n
	footer := tail[max(0, int64(len(tail))-8-n) : len(tail)-8]
	if int64(len(footer)) < n {
		footer = make([]byte, n)
		if err := r.ReadAt(ctx, footer, f.footerOff); err != nil {
			return err
		}
	}
	meta, err := readFileMeta(footer)
	if err != nil {
		return badCause(err, "a footer that cannot be read")
	}
	f.meta = meta
	f.footer = int64(cap(footer)) * 4
	if meta.encrypted {
		return sqlerr.New(sqlerr.FeatureNotSupported, "the file is encrypted")
	}
	if f.fields, f.leaves, err = readSchema(meta.schema); err != nil {
		return err
	}
	if err := f.checkRowGroups(); err != nil {
		return err
	}
	if r.View(0, 1) == nil {
		f.locateIndexes(tail)
	}
	return nil
}

// checkRowGroups finds what no reader could make sense of, so that later code need
// not look again.
func (f *File) checkRowGroups() error {
	if rows := f.Rows(); rows != f.meta.rows && f.meta.rows != 0 { // some old writers say 0
		return bad("the row groups have %d rows, the footer says %d", rows, f.meta.rows)
	}
	for i := range f.meta.rowGroups {
		g := &f.meta.rowGroups[i]
		if len(g.columns) != len(f.leaves) {
			return bad("row group %d has %d columns, the schema %d", i, len(g.columns), len(f.leaves))
		}
		if g.rows < 0 {
			return bad("row group %d has %d rows", i, g.rows)
		}
		for k := range g.columns {
			c := &g.columns[k]
			if c.encrypted || c.filePath != "" {
				continue // told when the column is read
			}
			if c.phys != f.leaves[k].phys {
				return bad("row group %d column %q: its type is not that of the schema", i, f.leaves[k].path)
			}
			if strings.HasPrefix(f.meta.createdBy, "parquet-mr version 1.2.") || f.meta.createdBy == "parquet-mr" {
				// The size leaves out the header of the dictionary page (PARQUET-816).
				from, _ := c.extent()
				c.compressed = max(c.compressed, min(c.compressed+100, f.footerOff-from))
			}
			from, n := c.extent()
			if from < 0 || n < 0 || from > f.footerOff-n {
				return bad("row group %d column %q: bytes %d to %d lie outside of the file", i, f.leaves[k].path, from, from+n)
			}
		}
	}
	return nil
}

// extent is where a chunk's pages are.
func (c *chunkMeta) extent() (from, n int64) {
	from = c.dataOffset
	if c.dictionaryOffset > 0 && c.dictionaryOffset < from {
		from = c.dictionaryOffset
	}
	return from, c.compressed
}

// Info names the version of the file.
func (f *File) Info() object.Info { return f.info }

// Rows is the number of rows of all row groups.
func (f *File) Rows() int64 {
	n := int64(0)
	for i := range f.meta.rowGroups {
		n += f.meta.rowGroups[i].rows
	}
	return n
}

// Fields are the top-level columns. A field that cannot be read is listed too:
// the error comes when a Scan names it.
func (f *File) Fields() []Field {
	out := make([]Field, len(f.fields))
	for i, n := range f.fields {
		out[i] = Field{Name: n.name, Type: n.typ, Nullable: n.nullable}
	}
	return out
}

// Field is the i-th of the columns.
func (f *File) Field(i int) Field {
	n := f.fields[i]
	return Field{Name: n.name, Type: n.typ, Nullable: n.nullable}
}

// FieldCount is how many columns there are.
func (f *File) FieldCount() int { return len(f.fields) }

// RowGroupCount is how many row groups there are.
func (f *File) RowGroupCount() int { return len(f.meta.rowGroups) }

// RowGroups are the row groups in file order.
func (f *File) RowGroups() []RowGroup {
	out := make([]RowGroup, len(f.meta.rowGroups))
	for i := range out {
		g := &f.meta.rowGroups[i]
		out[i].Rows = g.rows
		for k := range g.columns {
			out[i].Bytes += g.columns[k].compressed
		}
		for _, s := range g.sorting {
			field := f.fieldOf(int(s.column))
			if field < 0 {
				break // what follows is an order within values of a column not seen
			}
			out[i].Sorted = append(out[i].Sorted, SortColumn{field, s.descending, s.nullsFirst})
		}
	}
	return out
}

// Bytes is the compressed size of some fields in a row group.
func (f *File) Bytes(rowGroup int, fields []int) int64 {
	n := int64(0)
	for _, field := range fields {
		for _, l := range f.fields[field].leaves(nil) {
			n += f.meta.rowGroups[rowGroup].columns[l.column].compressed
		}
	}
	return n
}

// fieldOf is the flat field that is a leaf column, or -1.
func (f *File) fieldOf(column int) int {
	for i, n := range f.fields {
		if n.leaf != nil && n.leaf.column == column {
			return i
		}
	}
	return -1
}

// handle is the open file, shared by all scans of it.
type handle struct {
	open    func(context.Context) (object.Reader, error)
	mu      sync.Mutex
	reader  object.Reader
	users   int
	evicted bool // nobody keeps the file: close when the last user is done
}

func (h *handle) acquire(ctx context.Context) (object.Reader, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reader == nil {
		r, err := h.open(ctx)
		if err != nil {
			return nil, err
		}
		h.reader = r
	}
	h.users++
	return h.reader, nil
}

func (h *handle) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users--
	h.closeIfUnused()
}

// evict closes the file as soon as nobody reads it.
func (h *handle) evict() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.evicted = true
	h.closeIfUnused()
}

func (h *handle) closeIfUnused() {
	if h.evicted && h.users == 0 && h.reader != nil {
		h.reader.Close()
		h.reader = nil
	}
}
