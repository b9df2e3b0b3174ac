package physical

import (
	"cmp"

	"github.com/skein-query/skein/planner/expr"
)

// RowGroup is what a file's footer says of a row group: how many rows it has, and
// of one column the bounds and how many NULLs. Bounds need not be among the values.
type RowGroup struct {
	Rows      int64
	Nulls     int64 // -1: unknown
	HasBounds bool
	Min, Max  expr.Value
}

// Footers gives the row groups of a version of a file, in order, with what is known
// of its column, which has the type t. No column: only the rows are asked for.
type Footers func(f File, column string, t expr.Type) []RowGroup

// Bounded reports whether bounds of columns of the type say which values can be
// equal: the order of footers is then that of the values, and every value but NULL
// has a place in it, which NaN has not.
func Bounded(t expr.Type) bool {
	switch t.Kind {
	case expr.Int2, expr.Int4, expr.Int8, expr.Numeric, expr.Text, expr.Bytea,
		expr.Date, expr.Time, expr.Timestamp, expr.TimestampTZ:
		return true
	}
	return false
}

// Together is row groups as one: its bounds hold for all of them. NULLs are not
// counted.
func Together(groups []RowGroup, t expr.Type) RowGroup {
	out := RowGroup{Nulls: -1, HasBounds: len(groups) > 0}
	for i, g := range groups {
		out.Rows += g.Rows
		out.HasBounds = out.HasBounds && g.HasBounds
		if i == 0 || compare(g.Min, out.Min, t) < 0 {
			out.Min = g.Min
		}
		if i == 0 || compare(g.Max, out.Max, t) > 0 {
			out.Max = g.Max
		}
	}
	return out
}

// Meets reports whether a value can stand in both row groups, in columns of types
// that are laid out as t. Without bounds any can.
func (g RowGroup) Meets(other RowGroup, t expr.Type) bool {
	if !g.HasBounds || !other.HasBounds {
		return true
	}
	return !g.Before(other, t) && !other.Before(g, t)
}

// Before reports whether all values of g are known to be less than all of other.
func (g RowGroup) Before(other RowGroup, t expr.Type) bool {
	return g.HasBounds && other.HasBounds && compare(g.Max, other.Min, t) < 0
}

// compare orders values of a Bounded type.
func compare(a, b expr.Value, t expr.Type) int {
	switch t.Kind {
	case expr.Text, expr.Bytea:
		return cmp.Compare(a.S, b.S)
	case expr.Numeric:
		return cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(uint64(a.I), uint64(b.I)))
	}
	return cmp.Compare(a.I, b.I)
}
