package parquet

import (
	"context"
	"slices"
	"sync"

	"github.com/skein-query/skein/storage/object"
)

// indexes are the page indexes of all row groups, which writers put together before
// the footer. Of a file that is not mapped they are read by one request when the
// first is asked for, and kept: a row group has two small ones for every column.
type indexes struct {
	from, to int64 // where they are; from == to: not together, or too large to keep
	mu       sync.Mutex
	bytes    []byte
}

// locateIndexes finds the extent of the page indexes. They are taken from the
// file's tail when that reaches back to them.
func (f *File) locateIndexes(tail []byte) {
	x := &f.indexes
	x.from = f.footerOff
	for i := range f.meta.rowGroups {
		for k := range f.meta.rowGroups[i].columns {
			c := &f.meta.rowGroups[i].columns[k]
			for _, at := range [2][2]int64{{c.offsetIndexOffset, int64(c.offsetIndexLength)}, {c.columnIndexOffset, int64(c.columnIndexLength)}} {
				if off, n := at[0], at[1]; off > 0 && n > 0 && off <= f.footerOff-n {
					x.from, x.to = min(x.from, off), max(x.to, off+n)
				}
			}
		}
	}
	if x.to == 0 || x.to-x.from > maxGapBytes {
		x.from, x.to = 0, 0
		return
	}
	f.footer += x.to - x.from
	if at := x.from - (f.info.SizeBytes - int64(len(tail))); at >= 0 {
		x.bytes = slices.Clone(tail[at : at+x.to-x.from])
	}
}

// read gives n bytes from off on, of the indexes or of something else.
func (x *indexes) read(ctx context.Context, r object.Reader, off, n int64) ([]byte, error) {
	if off < x.from || off+n > x.to {
		buf := make([]byte, n)
		return buf, r.ReadAt(ctx, buf, off)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.bytes == nil {
		buf := make([]byte, x.to-x.from)
		if err := r.ReadAt(ctx, buf, x.from); err != nil {
			return nil, err
		}
		x.bytes = buf
	}
	return x.bytes[off-x.from : off-x.from+n], nil
}
