package rule

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// FromStatistics answers min and max over a whole table from the footers of its files,
// which the plan was made from anyway; what is asked besides is computed.
//
// It does not apply to floats, whose statistics leave NaN out, to texts, whose bounds
// may be cut off, and where some row group has no bounds (one of NULLs only has none).
// Rows are counted by scans without columns, which read no page and check that the
// numbers in the footer agree.
func FromStatistics(n logical.Node) logical.Node {
	return logical.Rewrite(n, func(n logical.Node) logical.Node {
		a, ok := n.(*logical.Aggregate)
		if !ok || len(a.Groups) > 0 || len(a.Aggs) == 0 {
			return n
		}
		s, ok := wholeTable(a.Input)
		if !ok {
			return n
		}
		var row []expr.Value
		rest := &logical.Aggregate{Input: a.Input}
		p := &logical.Project{Input: rest}
		for _, it := range a.Aggs {
			v, ok := fromStatistics(it.Agg, s)
			if !ok {
				rest.Aggs = append(rest.Aggs, it)
				p.Items = append(p.Items, logical.Item{Col: it.Col, Expr: it.Col.Ref()})
				continue
			}
			row = append(row, v)
			p.Items = append(p.Items, logical.Item{Col: it.Col, Expr: expr.NewLiteral(v, it.Col.Type)})
		}
		switch len(row) {
		case 0:
			return n
		case len(a.Aggs):
			return &logical.Values{Cols: a.Columns(), Rows: [][]expr.Value{row}}
		}
		return p
	})
}

// wholeTable is the scan that a plan is, under projections that only drop columns,
// when it gives all rows of files.
func wholeTable(n logical.Node) (*logical.Scan, bool) {
	switch n := n.(type) {
	case *logical.Scan:
		return n, len(n.Filter) == 0 && n.Table.Rows == nil && n.Table.Stats.RowCount >= 1
	case *logical.Project:
		if passesAll(n) {
			return wholeTable(n.Input)
		}
	}
	return nil, false
}

func fromStatistics(a expr.Aggregate, s *logical.Scan) (expr.Value, bool) {
	if a.Filter != nil || len(a.Args) != 1 {
		return expr.Null, false
	}
	c, ok := a.Args[0].(*expr.Column)
	if !ok {
		return expr.Null, false
	}
	for i, col := range s.Cols {
		if col.ID != c.ID {
			continue
		}
		stats := s.Table.Stats.Column(s.Fields[i])
		switch {
		case a.Func == "min" && stats.Min != nil && exactBounds(c.Typ):
			return *stats.Min, true
		case a.Func == "max" && stats.Max != nil && exactBounds(c.Typ):
			return *stats.Max, true
		}
	}
	return expr.Null, false
}

// exactBounds reports whether footers hold the least and the greatest value of a type
// themselves, not something below and above.
func exactBounds(t expr.Type) bool {
	switch t.Kind {
	case expr.Int2, expr.Int4, expr.Int8, expr.Date, expr.Timestamp, expr.TimestampTZ:
		return true
	}
	return t.Kind == expr.Numeric && !t.IsWide()
}
