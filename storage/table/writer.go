package table

import (
	"context"

	pq "github.com/parquet-go/parquet-go"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/storage/object"
)

// The shape of parts: row groups are what scans share out, and large enough to be worth
// it; a part is what is accounted and merged.
const (
	groupRows  = 120 << 10
	groupBytes = 16 << 20 // of the rows before they are encoded
	pageRows   = 16 << 10
	pageBytes  = 1 << 20
	pagesBytes = 4 << 20   // of one page of every column
	dictBytes  = 256 << 10 // a larger dictionary makes the rest of the chunk PLAIN
	partBytes  = 32 << 20
)

// Writer writes rows into parts that nobody sees before Publish. It is used by one
// goroutine and holds one row group and one part's bytes at most beside the parts that
// are done. Close it.
type Writer struct {
	table   *Table
	columns []*column
	enc     encoder

	out       *sink // of the part that is being written; nil between two
	file      *pq.GenericWriter[any]
	group     *pq.ConcurrentRowGroupWriter // nil between two
	inGroup   int64                        // rows
	inPage    int64
	charged   int64 // for the rows of the group
	rows      int64
	done      []object.Info
	published bool
}

// NewWriter begins to write rows for a table.
func (t *Table) NewWriter() (*Writer, error) {
	columns, err := schemaOf(t.fields)
	if err != nil {
		return nil, err
	}
	w := &Writer{table: t, columns: columns}
	leaves := 0
	for _, c := range columns {
		leaves += c.leaves()
	}
	w.enc.leaves = make([][]pq.Value, leaves)
	return w, nil
}

func (c *column) leaves() int {
	if len(c.children) == 0 {
		return 1
	}
	n := 0
	for _, child := range c.children {
		n += child.leaves()
	}
	return n
}

// Rows is how many rows have been written.
func (w *Writer) Rows() int64 { return w.rows }

// Write adds the selected rows of a batch, which stays the caller's. Its columns have
// the layouts of the table's types, and no NULLs where the table takes none.
func (w *Writer) Write(ctx context.Context, b *vector.Batch) error {
	rows := b.Rows()
	if rows == 0 {
		return nil
	}
	bytes := int64(0)
	for i, c := range w.columns {
		bytes += bytesOf(c, &b.Cols[i], b.Len)
	}
	if err := w.begin(bytes); err != nil {
		return err
	}
	// Rows that are wide come few at a time: pages are cut between two writes.
	step := int(max(1, min(int64(rows), int64(rows)*pageBytes/bytes)))
	for from := 0; from < rows; from += step {
		if err := w.put(b, from, min(from+step, rows), bytes/int64(rows)); err != nil {
			return err
		}
	}
	if w.inGroup >= groupRows || w.charged >= groupBytes {
		if err := w.endGroup(); err != nil {
			return err
		}
	}
	if w.out.total >= partBytes {
		if err := w.endPart(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// put encodes rows [from, to) of those selected, each of about so many bytes.
func (w *Writer) put(b *vector.Batch, from, to int, rowBytes int64) error {
	for i, c := range w.columns {
		w.enc.encode(c, &b.Cols[i], b.Sel, from, to)
	}
	writers := w.group.ColumnWriters()
	for i, values := range w.enc.leaves {
		if _, err := writers[i].WriteRowValues(values); err != nil {
			return err
		}
	}
	w.enc.clear()
	rows := int64(to - from)
	w.rows += rows
	w.inGroup += rows
	w.inPage += rows
	if w.inPage < pageRows && w.inPage*rowBytes < pagesBytes {
		return nil
	}
	w.inPage = 0
	return w.group.Flush() // whether dictionaries have become too large is seen here
}

// begin charges the bytes of rows to come, and opens part and row group for them.
func (w *Writer) begin(bytes int64) error {
	if err := w.table.store.Reserve(bytes); err != nil {
		return err
	}
	w.charged += bytes
	if w.out == nil {
		w.out = &sink{store: w.table.store}
		w.file = pq.NewGenericWriter[any](w.out, fileSchema(w.columns), &pq.WriterConfig{
			CreatedBy: "skein", Compression: &pq.Snappy, PageBufferSize: pageBytes, DataPageStatistics: true, DictionaryMaxBytes: dictBytes})
	}
	if w.group == nil {
		w.group = w.file.BeginRowGroup()
	}
	return nil
}

func (w *Writer) endGroup() error {
	if w.group == nil {
		return nil
	}
	err := w.group.Flush()
	if err == nil {
		_, err = w.group.Commit()
	}
	w.group, w.inGroup, w.inPage = nil, 0, 0
	w.table.store.Release(w.charged)
	w.charged = 0
	return err
}

// endPart makes a part of what has been written.
func (w *Writer) endPart() error {
	if w.out == nil {
		return nil
	}
	err := w.endGroup()
	if err == nil {
		err = w.file.Close()
	}
	var data []byte
	if err == nil {
		data, err = w.out.whole()
	}
	if err != nil {
		w.out.free()
	} else {
		w.done = append(w.done, w.table.store.add(w.table.location, data))
	}
	w.out, w.file = nil, nil
	return err
}

// Parts ends writing and gives the parts, which are readable until Close or, once they
// are published, for as long as the table has them.
func (w *Writer) Parts() ([]object.Info, error) {
	err := w.endPart()
	return w.done, err
}

// Publish adds the rows to the table, in one step. Small parts may be merged then.
func (w *Writer) Publish(ctx context.Context) error { return w.publish(ctx, false) }

// Replace puts the rows in the place of all that the table has.
func (w *Writer) Replace(ctx context.Context) error { return w.publish(ctx, true) }

func (w *Writer) publish(ctx context.Context, all bool) error {
	if err := w.endPart(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if err := w.table.exchange(nil, all, w.done); err != nil {
		return err
	}
	w.published = true
	w.table.compact(ctx)
	return nil
}

// Close frees what has not been published; idempotent.
func (w *Writer) Close() {
	if w.charged > 0 {
		w.table.store.Release(w.charged)
		w.charged = 0
	}
	if w.out != nil {
		w.out.free()
		w.out, w.file, w.group = nil, nil, nil
	}
	if w.published {
		return
	}
	var paths []string
	for _, p := range w.done {
		paths = append(paths, p.Path)
	}
	w.done = nil
	w.table.store.unpin(paths)
}

// sink takes the bytes of a part, charged before they are there.
type sink struct {
	store  *Store
	chunks [][]byte
	total  int64
	held   int64 // charged: the chunks' capacity
}

const (
	firstChunk = 4 << 10
	lastChunk  = 4 << 20
)

func (s *sink) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		last := len(s.chunks) - 1
		if last < 0 || len(s.chunks[last]) == cap(s.chunks[last]) {
			size := firstChunk
			if last >= 0 {
				size = min(2*cap(s.chunks[last]), lastChunk)
			}
			if err := s.store.Reserve(int64(size)); err != nil {
				return n - len(p), err
			}
			s.held += int64(size)
			s.chunks = append(s.chunks, make([]byte, 0, size))
			continue
		}
		c := s.chunks[last]
		k := min(len(p), cap(c)-len(c))
		s.chunks[last] = append(c, p[:k]...)
		p = p[k:]
		s.total += int64(k)
	}
	return n, nil
}

// whole is all bytes in one piece, which alone is charged afterwards.
func (s *sink) whole() ([]byte, error) {
	if err := s.store.Reserve(s.total); err != nil {
		return nil, err
	}
	out := make([]byte, 0, s.total)
	for _, c := range s.chunks {
		out = append(out, c...)
	}
	s.free()
	return out, nil
}

func (s *sink) free() {
	s.store.Release(s.held)
	s.chunks, s.held = nil, 0
}
