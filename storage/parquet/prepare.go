package parquet

import (
	"context"

	"github.com/skein-query/skein/internal/sqlerr"
)

// ahead is reading that goes on in the background, between PrepareRowGroup and
// Start.
type ahead struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// smallRowGroupBytes is what one request may read of a row group in which it is not
// known yet whether all columns are needed: less than another request costs.
const smallRowGroupBytes = 1 << 20

// PrepareRowGroup is the first half of ScanRowGroup, for a row group that is read
// next: of a file that is not mapped, what will be needed is fetched in the
// background until Start is called. That is the columns of the predicates, or all
// where that was so for the row group before. The caller starts and closes the
// scan, or only closes it.
func (f *File) PrepareRowGroup(ctx context.Context, rowGroup int, s *Scan, all bool) (*RowGroupScan, error) {
	if rowGroup < 0 || rowGroup >= len(f.meta.rowGroups) {
		return nil, sqlerr.New(sqlerr.InternalError, "file %q has no row group %d", f.info.Path, rowGroup)
	}
	r := &RowGroupScan{file: f, scan: s, rowGroup: rowGroup}
	r.addFilters()
	if r.rowCount() == 0 || r.excludedByStatistics() {
		return r, nil
	}
	err := r.addColumns()
	if err != nil {
		return r, err
	}
	if r.reader, err = f.handle.acquire(ctx); err != nil {
		return r, err
	}
	if r.reader.View(0, 1) != nil {
		return r, nil // the kernel reads ahead
	}
	r.fetched = true
	ctx, cancel := context.WithCancel(ctx)
	r.ahead = &ahead{cancel: cancel, done: make(chan struct{})}
	go func() { // ends by itself, or by the cancel of Close; both wait for it
		defer close(r.ahead.done)
		// What fails here is tried again by Start, which tells.
		_ = r.bring(ctx, all)
	}()
	return r, nil
}

// bring prunes by indexes and fetches what is left of the predicates' columns, or
// of all.
func (r *RowGroupScan) bring(ctx context.Context, all bool) error {
	if !r.pruned {
		r.ranges = []rowRange{{0, r.rowCount()}}
		if err := r.pruneByIndexes(ctx); err != nil {
			return err
		}
		r.pruned = true
		r.isNarrow = r.narrow()
	}
	if len(r.ranges) == 0 {
		return nil
	}
	chunks := r.filterChunks()
	small := r.fetched && r.file.Bytes(r.rowGroup, r.scan.Columns) <= smallRowGroupBytes
	if all = all || small || len(r.filters) == 0; all {
		chunks = append(chunks, r.emitChunks()...)
	}
	err := fetch(ctx, r.reader, chunks)
	r.all = r.all || all && err == nil
	return err
}

func (r *RowGroupScan) filterChunks() (chunks []*chunk) {
	for _, f := range r.filters {
		for _, pos := range f.columns {
			chunks = append(chunks, r.columns[pos].source.chunks()...)
		}
	}
	return chunks
}

func (r *RowGroupScan) emitChunks() (chunks []*chunk) {
	for _, pos := range r.scan.Emit {
		chunks = append(chunks, r.columns[pos].source.chunks()...)
	}
	return chunks
}

// join waits for what goes on in the background.
func (r *RowGroupScan) join(cancel bool) {
	if r.ahead == nil {
		return
	}
	if cancel {
		r.ahead.cancel()
	}
	<-r.ahead.done
	r.ahead.cancel()
	r.ahead = nil
}

// Start makes a prepared scan ready for Next.
func (r *RowGroupScan) Start(ctx context.Context) error {
	r.join(false)
	if r.rowCount() == 0 {
		return nil
	}
	r.addDynamic() // some may have come since
	if r.reader == nil || r.excludedByStatistics() {
		r.scan.count(rowGroupsPruned, 1)
		r.ranges = nil
		return nil
	}
	if err := r.reader.Check(); err != nil {
		return err
	}
	err := r.bring(ctx, false) // nothing to fetch where all went well before
	if err == nil && len(r.ranges) > 0 {
		err = r.askDictionaries()
	}
	if err != nil {
		return r.blame(err)
	}
	if len(r.ranges) == 0 {
		r.scan.count(rowGroupsPruned, 1)
		return nil
	}
	r.at = r.ranges[0].from
	r.scan.count(rowGroupsRead, 1)
	return nil
}

// Bytes is the compressed size of the columns of the row group.
func (r *RowGroupScan) Bytes() int64 { return r.file.Bytes(r.rowGroup, r.scan.Columns) }

// Fetched reports whether the row group is read by requests, so that it helps to
// prepare the next one early.
func (r *RowGroupScan) Fetched() bool { return r.fetched }

// NeededAll reports whether rows passed the predicates, so that all columns were
// needed.
func (r *RowGroupScan) NeededAll() bool { return r.needed }
