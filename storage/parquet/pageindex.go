package parquet

import (
	"context"
	"sync"

	"github.com/skein-query/skein/storage/object"
)

// pageStats is what the page index says about a data page.
type pageStats struct {
	rows  rowRange
	stats Stats
}

// pageIndexes is what the page indexes of a file say, parsed once for each column
// chunk that is asked for.
type pageIndexes struct {
	mu     sync.Mutex
	parsed map[[2]int][]pageStats // by row group and column; nil: nothing that makes sense
}

// pageStatsBytes is what a page's statistics take, with a short text.
const pageStatsBytes = 256

// indexOf gives the page statistics of a flat column; nil when there are none that
// make sense. They are shared and not changed.
func (r *RowGroupScan) indexOf(ctx context.Context, l *leaf, m *chunkMeta) ([]pageStats, error) {
	x, key := &r.file.paged, [2]int{r.rowGroup, l.column}
	x.mu.Lock()
	pages, ok := x.parsed[key]
	x.mu.Unlock()
	if ok {
		return pages, nil
	}
	pages, err := r.pageStats(ctx, l, m)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	_, ok = x.parsed[key]
	if x.parsed == nil {
		x.parsed = map[[2]int][]pageStats{}
	}
	x.parsed[key] = pages
	x.mu.Unlock()
	if !ok {
		r.file.cache.grew(r.file, int64(len(pages)+1)*pageStatsBytes)
	}
	return pages, nil
}

// narrowRows is the most rows of a narrow read: a page or two of most writers.
const narrowRows = 32 << 10

// narrow reports whether indexes have left few of a row group's rows.
func (r *RowGroupScan) narrow() bool {
	left := 0
	for _, s := range r.ranges {
		left += s.to - s.from
	}
	return left < r.rowCount() && left <= narrowRows
}

// maxIndexBytes bounds the index of one column; a larger one would cost more than
// it saves.
const maxIndexBytes = 16 << 20

// pageStats reads column index and offset index of a flat column; nil when there
// are none that make sense.
func (r *RowGroupScan) pageStats(ctx context.Context, l *leaf, m *chunkMeta) (pages []pageStats, err error) {
	var first []int64
	err = r.readAside(ctx, m.offsetIndexOffset, int64(m.offsetIndexLength), func(b []byte) {
		first = readOffsetIndex(b)
	})
	if err != nil || first == nil {
		return nil, err
	}
	rows := r.rowCount()
	err = r.readAside(ctx, m.columnIndexOffset, int64(m.columnIndexLength), func(b []byte) {
		pages = readColumnIndex(b, l, len(first))
	})
	for i := range pages {
		p := &pages[i].rows
		p.from, p.to = int(first[i]), rows
		if i+1 < len(first) {
			p.to = int(first[i+1])
		}
		if p.from >= p.to || i == 0 && p.from != 0 || p.to > rows {
			return nil, err // who lies about rows prunes nothing
		}
	}
	return pages, err
}

// readAside reads something that stands beside the pages. What read keeps must not
// share memory with its argument.
func (r *RowGroupScan) readAside(ctx context.Context, off, n int64, read func([]byte)) error {
	if off <= 0 || n <= 0 || n > maxIndexBytes || off > r.file.footerOff-n {
		return nil
	}
	if view := r.reader.View(off, n); view != nil {
		return object.Guard(r.file.info.Path, func() error { read(view); return nil })
	}
	buf, err := r.file.indexes.read(ctx, r.reader, off, n)
	if err != nil {
		return err
	}
	read(buf)
	return nil
}

// readOffsetIndex gives the first row of every page; nil when it is malformed.
func readOffsetIndex(b []byte) (first []int64) {
	c := &compact{b: b}
	c.fields(func(id int16, typ byte) {
		if id != 1 || typ != typeList {
			c.skip(typ)
			return
		}
		c.list(func(int) {
			row := int64(-1)
			c.fields(func(id int16, typ byte) {
				if id == 3 {
					row = c.int()
				} else {
					c.skip(typ)
				}
			})
			first = append(first, row)
		})
	})
	if c.err != nil {
		return nil
	}
	return first
}

// readColumnIndex gives the statistics of n pages; nil when it is malformed.
func readColumnIndex(b []byte, l *leaf, n int) []pageStats {
	c := &compact{b: b}
	var nullPages []bool
	var lo, hi [][]byte
	var nulls []int64
	c.fields(func(id int16, typ byte) {
		switch {
		case id == 1 && typ == typeList:
			c.list(func(int) { nullPages = append(nullPages, c.byte() == typeTrue) })
		case id == 2 && typ == typeList:
			c.list(func(int) { lo = append(lo, c.bytes()) })
		case id == 3 && typ == typeList:
			c.list(func(int) { hi = append(hi, c.bytes()) })
		case id == 5 && typ == typeList:
			c.list(func(int) { nulls = append(nulls, c.int()) })
		default:
			c.skip(typ)
		}
	})
	if c.err != nil || len(nullPages) != n || len(lo) != n || len(hi) != n || nulls != nil && len(nulls) != n {
		return nil
	}
	pages := make([]pageStats, n)
	for i := range pages {
		s := &pages[i].stats
		s.Nulls, s.Distinct = -1, -1
		if nulls != nil {
			s.Nulls = nulls[i]
		}
		if !nullPages[i] {
			s.Min, s.Max, s.HasMinMax = l.minMax(&statistics{min: lo[i], max: hi[i]})
		}
	}
	return pages
}
