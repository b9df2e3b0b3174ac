package catalog

import (
	"context"

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
	for i := range out {
		out[i] = column(ctx, files, i)
	}
	return out
}

func column(ctx context.Context, files []*parquet.File, field int) ColumnStats {
	name := files[0].Fields()[field].Name
	s := ColumnStats{Kind: parquet.ArrowKind(files[0].Fields()[field].Type), HasMinMax: true, Clustered: true}
	var rows, bytes int64
	var sizes []float64 // of sampled dictionaries
	plain, overlaps, groups := false, 0, 0
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
			if len(sizes) < sampledRowGroups && !plain {
				if d, err := f.DistinctFromDictionary(ctx, rg, at); err == nil && d >= 0 {
					sizes = append(sizes, float64(d)/max(1, float64(info.Rows)))
					s.Distinct = max(s.Distinct, float64(d))
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
	case plain:
		s.Distinct = 0
	case len(sizes) > 0 && sizes[0] > 0.3: // dictionaries grow with the rows
		s.Distinct = min(float64(rows), s.Distinct*float64(groups))
	}
	return s
}

// position is the field of a file that has the name, tried first where the first
// file has it.
func position(f *parquet.File, field int, name string) int {
	fields := f.Fields()
	if field < len(fields) && fields[field].Name == name {
		return field
	}
	for i := range fields {
		if fields[i].Name == name {
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
