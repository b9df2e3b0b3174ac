package node

import (
	"context"
	"slices"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// footers is what plans are told of a file; theirs have read its footer already.
// Of a file that cannot be read the scan will say what is wrong.
func (s *Server) footers(f physical.File, column string, t expr.Type) []physical.RowGroup {
	file, err := s.files.Open(context.Background(), object.Info{Path: f.Path, SizeBytes: f.SizeBytes, ModTime: f.ModTime, ETag: f.ETag})
	if err != nil {
		return []physical.RowGroup{{Nulls: -1}}
	}
	fields := file.Fields()
	at := slices.IndexFunc(fields, func(have parquet.Field) bool { return have.Name == column })
	if column != "" && at >= 0 {
		if have, ok := expr.FromArrow(fields[at].Type); !ok || !sameBounds(have, t) {
			at = -1 // the scan will refuse it
		}
	}
	out := make([]physical.RowGroup, len(file.RowGroups()))
	for i, g := range file.RowGroups() {
		out[i] = physical.RowGroup{Rows: g.Rows, Nulls: -1}
		if column == "" || at < 0 {
			continue
		}
		stats := file.Stats(i, at)
		out[i].Nulls = stats.Nulls
		if stats.HasMinMax {
			out[i].HasBounds, out[i].Min, out[i].Max = true, bound(stats.Min, t), bound(stats.Max, t)
		}
	}
	return out
}

// sameBounds reports whether statistics of the two types are laid out alike.
func sameBounds(a, b expr.Type) bool {
	return a.Kind == b.Kind && a.Scale == b.Scale && a.IsWide() == b.IsWide()
}

// bound is a statistics value as a SQL value of a type that has bounds.
func bound(s parquet.Scalar, t expr.Type) expr.Value {
	if t.Kind != expr.Numeric {
		return expr.Value{I: s.I, S: s.S}
	}
	if t.IsWide() {
		return expr.Value{I: int64(s.Wide.Lo), Hi: s.Wide.Hi}
	}
	return expr.Decimal64(s.I)
}
