package parquet

import (
	"context"

	"github.com/skein-query/skein/exec/vector"
)

// excludedByStatistics reports whether the bounds of some predicate and the
// statistics of the row group say that no row passes.
func (r *RowGroupScan) excludedByStatistics() bool {
	for _, f := range r.filters {
		for i := range f.bounds {
			b := &f.bounds[i]
			field := r.scan.Columns[b.Column]
			s := r.file.Stats(r.rowGroup, field)
			if excludes(b, r.file.fields[field].kind, &s, int64(r.rowCount())) {
				return true
			}
		}
	}
	return false
}

// excludes reports whether no value described by s can lie within b.
func excludes(b *Bound, kind vector.Kind, s *Stats, rows int64) bool {
	if s.Nulls == rows && rows > 0 && (b.NotNull || b.Lo != nil || b.Hi != nil || b.In != nil) {
		return true
	}
	if !s.HasMinMax {
		return false
	}
	if b.Lo != nil {
		if c := compareScalars(kind, &s.Max, b.Lo); c < 0 || c == 0 && b.LoOpen {
			return true
		}
	}
	if b.Hi != nil {
		if c := compareScalars(kind, &s.Min, b.Hi); c > 0 || c == 0 && b.HiOpen {
			return true
		}
	}
	if b.In == nil {
		return false
	}
	for i := range b.In {
		if compareScalars(kind, &b.In[i], &s.Min) >= 0 && compareScalars(kind, &b.In[i], &s.Max) <= 0 {
			return false
		}
	}
	return true
}

// pruneByIndexes narrows the ranges by what the file has beside its pages.
func (r *RowGroupScan) pruneByIndexes(context.Context) error { return nil }
