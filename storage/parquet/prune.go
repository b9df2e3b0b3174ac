package parquet

import (
	"context"

	"github.com/skein-query/skein/exec/vector"
)

// excludedByStatistics reports whether the bounds of some predicate and the
// statistics of the row group say that no row passes.
func (r *RowGroupScan) excludedByStatistics() bool {
	for _, f := range r.filters {
		if r.file.Excludes(r.rowGroup, r.scan.Columns, f.bounds) {
			return true
		}
	}
	return false
}

// Excludes reports whether the statistics of a row group say that no row is within
// all bounds, whose columns are positions in fields.
func (f *File) Excludes(rowGroup int, fields []int, bounds []Bound) bool {
	for i := range bounds {
		b := &bounds[i]
		field := fields[b.Column]
		s := f.Stats(rowGroup, field)
		if b.excludes(f.fields[field].kind, &s, f.meta.rowGroups[rowGroup].rows) {
			return true
		}
	}
	return false
}

// excludes reports whether none of rows values that s describes can pass.
func (b *Bound) excludes(kind vector.Kind, s *Stats, rows int64) bool {
	if s.Nulls == rows && rows > 0 && (b.NotNull || b.Lo != nil || b.Hi != nil || b.In != nil) {
		return true
	}
	if !s.HasMinMax {
		return false
	}
	if b.Lo != nil {
		if c := Compare(kind, &s.Max, b.Lo); c < 0 || c == 0 && b.LoOpen {
			return true
		}
	}
	if b.Hi != nil {
		if c := Compare(kind, &s.Min, b.Hi); c > 0 || c == 0 && b.HiOpen {
			return true
		}
	}
	if b.In == nil {
		return false
	}
	for i := range b.In {
		if Compare(kind, &b.In[i], &s.Min) >= 0 && Compare(kind, &b.In[i], &s.Max) <= 0 {
			return false
		}
	}
	return true
}

// pruneByIndexes narrows the ranges by Bloom filters and page indexes, where the
// file has them for columns with bounds.
func (r *RowGroupScan) pruneByIndexes(ctx context.Context) error {
	for _, f := range r.filters {
		for i := range f.bounds {
			b := &f.bounds[i]
			n := r.file.fields[r.scan.Columns[b.Column]]
			if n.leaf == nil || !n.flat() {
				continue
			}
			m := &r.file.meta.rowGroups[r.rowGroup].columns[n.leaf.column]
			out, err := r.excludedByBloom(ctx, n.leaf, m, b)
			if err != nil {
				return err
			}
			if out {
				r.ranges = nil
				return nil
			}
			pages, err := r.indexOf(ctx, n.leaf, m)
			if err != nil {
				return err
			}
			if pages != nil {
				r.ranges = intersect(r.ranges, keptPages(pages, n.kind, b))
			}
		}
	}
	return nil
}

// keptPages are the rows of the pages that b does not exclude.
func keptPages(pages []pageStats, kind vector.Kind, b *Bound) (kept []rowRange) {
	for i := range pages {
		p := &pages[i]
		if b.excludes(kind, &p.stats, int64(p.rows.to-p.rows.from)) {
			continue
		}
		if k := len(kept) - 1; k >= 0 && kept[k].to == p.rows.from {
			kept[k].to = p.rows.to
		} else {
			kept = append(kept, p.rows)
		}
	}
	return kept
}

// intersect gives the rows in both of two ascending lists of ranges.
func intersect(a, b []rowRange) (out []rowRange) {
	for len(a) > 0 && len(b) > 0 {
		from, to := max(a[0].from, b[0].from), min(a[0].to, b[0].to)
		if from < to {
			out = append(out, rowRange{from, to})
		}
		if a[0].to < b[0].to {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}
