package cost

import (
	"maps"
	"math"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// window adds columns to rows: numbers within a partition repeat from one to the next,
// other values may all differ.
func (t *Estimator) window(n *logical.Window) *Estimate {
	in := t.Estimate(n.Input)
	out := &Estimate{Rows: in.Rows, Columns: maps.Clone(in.Columns)}
	if out.Columns == nil {
		out.Columns = map[expr.ColumnID]Column{}
	}
	parts := 1.0
	for _, e := range n.Partition {
		if c, ok := e.(*expr.Column); ok {
			parts *= in.Column(c.ID).Distinct
		}
	}
	parts = Distinct(parts, in.Rows)
	for _, c := range n.Calls {
		col := Column{Distinct: in.Rows, Min: math.NaN(), Max: math.NaN(), Bytes: width(c.Col.Type)}
		switch c.Call.Func {
		case "row_number", "rank", "dense_rank":
			col.Distinct = max(1, in.Rows/parts)
			col.Min, col.Max = 1, col.Distinct
		}
		out.Columns[c.Col.ID] = col
	}
	return out
}
