package parquet

import (
	"context"
	"io"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
)

// RowGroupScan reads one row group: predicates first, then the other columns where
// rows passed. It is used by one goroutine at a time.
type RowGroupScan struct {
	file     *File
	scan     *Scan
	rowGroup int
	reader   object.Reader // nil: nothing is open

	columns []column   // as Scan.Columns
	filters []*filter  // predicates, in order; dynamic ones behind
	dynamic int        // how many of Dynamic's list are in filters
	ranges  []rowRange // rows not pruned, ascending
	at      int        // next row of ranges[0]
	ready   []*vector.Batch
	few     *few
	nested  bool // some column given out is nested
	fetched bool // by requests, not from a mapping
	pruned  bool // ranges are what the indexes left
	// isNarrow says that ranges were few rows from the start.
	isNarrow bool
	all      bool // every column is near
	needed   bool // and was needed: rows passed
	ahead    *ahead
}

// column is a field of the scan and what is loaded of it for the present range.
type column struct {
	source source
	col    vector.Column
	slabs  []*memory.Slab
	loaded bool
	emit   bool
}

// rowRange is rows [from, to) of a row group.
type rowRange struct{ from, to int }

// ScanRowGroup begins to read a row group. One that cannot have a row that passes
// gives a scan that ends at once. The caller closes the scan.
func (f *File) ScanRowGroup(ctx context.Context, rowGroup int, s *Scan) (*RowGroupScan, error) {
	r, err := f.PrepareRowGroup(ctx, rowGroup, s, false)
	if err == nil {
		err = r.Start(ctx)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *RowGroupScan) addFilters() {
	for _, p := range r.scan.Predicates {
		r.filters = append(r.filters, newFilter(r, p))
	}
	r.addDynamic()
}

func (r *RowGroupScan) rowCount() int { return int(r.file.meta.rowGroups[r.rowGroup].rows) }

func (r *RowGroupScan) addColumns() error {
	group := &r.file.meta.rowGroups[r.rowGroup]
	for _, field := range r.scan.Columns {
		n := r.file.fields[field]
		if err := n.failure(); err != nil {
			return sqlerr.Wrap(err, "file %q", r.file.info.Path)
		}
		var chunks []*chunk
		for _, l := range n.leaves(nil) {
			c := &chunk{file: r.file, scan: r.scan, rowGroup: r.rowGroup, leaf: l, meta: &group.columns[l.column], nested: !n.flat(), current: -1}
			if c.meta.encrypted || c.meta.filePath != "" {
				return c.wrap(sqlerr.New(sqlerr.FeatureNotSupported, "the column is encrypted or in another file"))
			}
			chunks = append(chunks, c)
		}
		if n.flat() {
			if m := chunks[0].meta; m.values != group.rows {
				return chunks[0].wrap(bad("%d values in a row group of %d rows", m.values, group.rows))
			}
			r.columns = append(r.columns, column{source: &flatSource{chunk: chunks[0]}})
		} else {
			r.columns = append(r.columns, column{source: newNestedSource(r.scan, n, chunks)})
		}
	}
	if len(r.scan.Columns) == 0 && len(r.file.leaves) > 0 && r.file.leaves[0].maxRep == 0 && group.columns[0].values != group.rows {
		return sqlerr.Wrap(bad("%d rows with %d values", group.rows, group.columns[0].values), "file %q row group %d", r.file.info.Path, r.rowGroup)
	}
	for _, pos := range r.scan.Emit {
		r.columns[pos].emit = true
		_, flat := r.columns[pos].source.(*flatSource)
		r.nested = r.nested || !flat
	}
	return nil
}

// blame tells apart a file that is corrupt from one that was changed under us.
func (r *RowGroupScan) blame(err error) error {
	if r.reader != nil && sqlerr.CodeOf(err) == sqlerr.DataCorrupted {
		if cerr := r.reader.Check(); cerr != nil {
			return cerr
		}
	}
	return err
}

// Next gives the next batch; the caller owns it. Its columns are those of Emit.
// After io.EOF or an error it is not called again.
func (r *RowGroupScan) Next(ctx context.Context) (*vector.Batch, error) {
	for len(r.ready) == 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		from, to, ok := r.nextRange()
		if !ok {
			if r.flushFew(); len(r.ready) > 0 {
				break
			}
			if r.reader != nil {
				if err := r.reader.Check(); err != nil { // what was read may be of two versions
					return nil, err
				}
			}
			return nil, io.EOF
		}
		err := r.readRange(ctx, from, to)
		r.unload()
		if err != nil {
			return nil, r.blame(err)
		}
	}
	b := r.ready[0]
	r.ready = r.ready[1:]
	r.scan.count(rowsOut, int64(b.Rows()))
	return b, nil
}

// nextRange is the rows of the next batch. It ends a batch where pages end when
// one is near: rows within one page are given out without a copy.
func (r *RowGroupScan) nextRange() (from, to int, ok bool) {
	for len(r.ranges) > 0 && r.at >= r.ranges[0].to {
		if r.ranges = r.ranges[1:]; len(r.ranges) > 0 {
			r.at = r.ranges[0].from
		}
	}
	if len(r.ranges) == 0 {
		return 0, 0, false
	}
	most := r.scan.batchRows()
	from, to = r.at, min(r.at+most, r.ranges[0].to)
	for i := range r.columns {
		f, flat := r.columns[i].source.(*flatSource)
		if !flat || f.chunk.pages == nil {
			continue
		}
		if k := f.pageOf(from); k < len(f.chunk.pages) {
			end := f.chunk.pages[k].first + int(f.chunk.pages[k].header.values)
			if end < to && end-from >= most/2 {
				to = end
			}
		}
	}
	r.at = to
	return from, to, true
}

func (r *RowGroupScan) readRange(ctx context.Context, from, to int) error {
	r.scan.count(rowsRead, int64(to-from))
	r.addDynamic()
	sel, slab, err := r.selectRows(ctx, from, to)
	if err != nil {
		return err
	}
	defer func() {
		if slab != nil {
			slab.Release()
		}
	}()
	if sel != nil && len(sel) == 0 {
		return nil
	}
	r.needed = true
	if !r.all {
		if err := fetch(ctx, r.reader, r.emitChunks()); err != nil {
			return err
		}
		r.all = true
	}
	for _, pos := range r.scan.Emit {
		if err := r.load(pos, from, to); err != nil {
			return err
		}
	}
	n := to - from
	if sel != nil && len(sel)*8 < n && !r.nested {
		return r.addFew(sel)
	}
	r.flushFew()
	b := vector.New(make([]vector.Column, len(r.scan.Emit)), n)
	for i, pos := range r.scan.Emit {
		b.Cols[i] = r.columns[pos].col
	}
	for i := range r.columns {
		if c := &r.columns[i]; c.emit && c.loaded {
			b.Hold(c.slabs...)
			c.slabs = nil
		}
	}
	if sel != nil && len(sel) < n {
		b.Sel = sel
		b.Hold(slab)
		slab = nil
	}
	r.ready = append(r.ready, b)
	return nil
}

// load has column pos of the present range decoded.
func (r *RowGroupScan) load(pos, from, to int) (err error) {
	c := &r.columns[pos]
	if !c.loaded {
		c.col, c.slabs, err = c.source.rows(from, to)
		c.loaded = err == nil
	}
	return err
}

// unload gives up what is loaded and was not handed on.
func (r *RowGroupScan) unload() {
	for i := range r.columns {
		c := &r.columns[i]
		releaseAll(c.slabs)
		c.slabs, c.col, c.loaded = nil, vector.Column{}, false
	}
}

// Close gives up everything; it is idempotent. Batches given out stay valid.
func (r *RowGroupScan) Close() error {
	if r == nil {
		return nil
	}
	r.join(true)
	r.unload()
	for i := range r.columns {
		r.columns[i].source.close()
	}
	r.columns, r.ranges = nil, nil
	r.closeFilters()
	if r.few != nil {
		r.few.discard()
		r.few = nil
	}
	for _, b := range r.ready {
		b.Release()
	}
	r.ready = nil
	if r.reader != nil {
		r.reader = nil
		r.file.handle.release()
	}
	return nil
}
