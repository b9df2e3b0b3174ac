package cost

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// mostRows keeps products of many tables finite, so that costs can be compared.
const mostRows = 1e100

// Join guesses a join of two guessed sides.
func (t *Estimator) Join(kind logical.JoinKind, l, r *Estimate, conds []expr.Expr, mark expr.ColumnID) *Estimate {
	out := &Estimate{Columns: make(map[expr.ColumnID]Column, len(l.Columns)+len(r.Columns))}
	for id, c := range l.Columns {
		out.Columns[id] = c
	}
	both := &Estimate{Rows: l.Rows * r.Rows, Columns: out.Columns}
	ld, rd, rest, keys := 1.0, 1.0, 1.0, 0
	match := 1.0 // share of left rows with a match, for semi joins
	for _, c := range conds {
		lk, rk := keySides(c, l, r)
		if lk == nil {
			rest *= defaultOn(c, both)
			continue
		}
		keys++
		a, b := l.distinct(lk), r.distinct(rk)
		ld, rd = ld*a, rd*b
		match *= min(1, b/a)
	}
	ld, rd = min(ld, l.Rows), min(rd, r.Rows)
	rows := min(l.Rows*r.Rows*rest/max(1, ld, rd), mostRows)
	if keys == 0 {
		match = 1
	}
	switch kind {
	case logical.Semi:
		out.Rows = l.Rows * match * max(rest, 0.3)
		return out
	case logical.Anti:
		out.Rows = max(l.Rows*(1-match*max(rest, 0.3)), l.Rows*0.1)
		return out
	case logical.Mark:
		out.Rows = l.Rows
		out.Columns[mark] = Column{Distinct: 2, Bytes: 1}
		return out
	}
	for id, c := range r.Columns {
		out.Columns[id] = c
	}
	out.Rows = rows
	switch kind {
	case logical.Left:
		out.Rows = max(rows, l.Rows)
	case logical.Single:
		out.Rows = l.Rows
	case logical.Full:
		out.Rows = max(rows, l.Rows, r.Rows)
	}
	return out
}

// keySides takes an equality between the two sides apart.
func keySides(c expr.Expr, l, r *Estimate) (left, right expr.Expr) {
	call, ok := c.(*expr.Call)
	if !ok || call.Name != expr.OpEq && call.Name != expr.OpIsNotDistinct {
		return nil, nil
	}
	a, b := call.Args[0], call.Args[1]
	switch {
	case of(a, l) && of(b, r):
		return a, b
	case of(b, l) && of(a, r):
		return b, a
	}
	return nil, nil
}

func of(x expr.Expr, e *Estimate) bool {
	used := logical.Used(x)
	for id := range used {
		if _, ok := e.Columns[id]; !ok {
			return false
		}
	}
	return len(used) > 0
}

func defaultOn(c expr.Expr, both *Estimate) float64 {
	if call, ok := c.(*expr.Call); ok && call.Name == expr.OpNe {
		return 0.9
	}
	return both.Selectivity(c)
}
