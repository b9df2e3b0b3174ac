package catalog

import (
	"context"
	"math"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/storage/parquet"
)

// ColumnStats is the merged statistics of a column over all row groups.
type ColumnStats struct {
	Kind      vector.Kind
	HasMinMax bool
	Min, Max  parquet.Scalar
	Nulls     int64   // -1: unknown
	Distinct  float64 // a guess from dictionary sizes; 0: unknown
	Bytes     float64 // compressed bytes a value
	Clustered bool    // row groups hold ascending ranges that barely overlap
}

// sampledRowGroups is how many row groups' dictionaries are looked at.
const sampledRowGroups = 4

// statistics merges what the footers say, and sizes of dictionaries, which is
// where Parquet files tell about distinct values. Fields are matched by the
// first file's order; a file with another order gives no statistics.
func statistics(ctx context.Context, files []*parquet.File, fields int) []ColumnStats {
	out := make([]ColumnStats, fields)
	each(fields, func(i int) { out[i] = column(ctx, files, i) })
	return out
}

func column(ctx context.Context, files []*parquet.File, field int) ColumnStats {
	first := files[0].Field(field)
	name := first.Name
	s := ColumnStats{Kind: parquet.ArrowKind(first.Type), HasMinMax: true, Clustered: true}
	var rows, bytes int64
	var entries, sampled float64 // of the dictionaries that were looked at, and rows of their row groups
	plain, overlaps, groups, looked := false, 0, 0, 0
	var last parquet.Stats
	for _, f := range files {
		at := position(f, field, name)
		if at < 0 {
			return ColumnStats{Kind: s.Kind, Nulls: -1}
		}
		for rg, info := range f.RowGroups() {
			st := f.Stats(rg, at)
			rows += info.Rows
			bytes += f.Bytes(rg, []int{at})
			s.merge(st, groups == 0)
			if groups > 0 && st.HasMinMax && last.HasMinMax && s.less(&st.Min, &last.Max) {
				overlaps++
			}
			last = st
			if looked < sampledRowGroups && !plain {
				if d, err := f.DistinctFromDictionary(ctx, rg, at); err == nil && d >= 0 {
					entries, sampled, looked = entries+float64(d), sampled+float64(info.Rows), looked+1
				} else {
					plain = true
				}
			}
			groups++
		}
	}
	s.Clustered = s.HasMinMax && groups > 1 && overlaps*10 <= groups
	s.Bytes = float64(bytes) / max(1, float64(rows))
	switch {
	case plain || looked == 0 || sampled == 0:
	case s.Clustered: // every row group has values of its own
		s.Distinct = float64(rows) * entries / sampled
	default:
		s.Distinct = min(float64(rows), domain(entries/float64(looked), sampled/float64(looked)))
	}
	return s
}

// domain is the number of values that n random draws with d distinct results come
// from: the inverse of d = D(1 - e^(-n/D)), by bisection.
func domain(d, n float64) float64 {
	if d >= n {
		return math.Inf(1)
	}
	lo, hi := d, 1e15
	for range 100 {
		mid := math.Sqrt(lo * hi)
		if mid*-math.Expm1(-n/mid) < d {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// position is the field of a file that has the name, tried first where the first
// file has it.
func position(f *parquet.File, field int, name string) int {
	if field < f.FieldCount() && f.Field(field).Name == name {
		return field
	}
	for i := range f.FieldCount() {
		if f.Field(i).Name == name {
			return i
		}
	}
	return -1
}

func (s *ColumnStats) merge(st parquet.Stats, first bool) {
	if st.Nulls < 0 || s.Nulls < 0 {
		s.Nulls = -1
	} else {
		s.Nulls += st.Nulls
	}
	if !st.HasMinMax {
		s.HasMinMax = false
		return
	}
	if first || s.less(&st.Min, &s.Min) {
		s.Min = st.Min
	}
	if first || s.less(&s.Max, &st.Max) {
		s.Max = st.Max
	}
}

func (s *ColumnStats) less(a, b *parquet.Scalar) bool { return parquet.Compare(s.Kind, a, b) < 0 }
