package bind

import (
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// grouping is the GROUP BY of a SELECT.
type grouping struct {
	exprs []expr.Expr    // what is grouped by, over the columns of FROM; each once
	sets  [][]int        // the grouping sets: ascending indices of exprs
	calls []groupingCall // grouping(…)
	below logical.Set    // columns of subqueries that were attached below the aggregate
}

// groupBy binds GROUP BY. Its elements are sets of sets of expressions; the
// grouping sets are their cross product. An expression is an input column, else
// an output column by name or number, else any expression.
func (s *selecting) groupBy() error {
	if len(s.stmt.GroupBy) == 0 {
		s.group.sets = [][]int{nil}
		return nil
	}
	sets := [][]int{nil}
	for _, g := range s.stmt.GroupBy {
		element, err := s.groupElement(g)
		if err != nil {
			return err
		}
		if sets = product(sets, element); len(sets) > maxGroupingSets {
			return tooManySets(g.Span())
		}
	}
	if s.stmt.GroupAll {
		sets = distinctSets(sets)
	}
	s.group.sets = sets
	return nil
}

// groupSet binds the expressions of one grouping set.
func (s *selecting) groupSet(list []sql.Expr) ([]int, error) {
	var set []int
	for _, g := range list {
		e, err := s.groupExpr(g)
		if err != nil {
			return nil, err
		}
		if k := e.Type().Kind; k == expr.Struct || k == expr.Map {
			return nil, sqlerr.At(sqlerr.UndefinedFunction, g.Span(), "could not identify an equality operator for type %s", e.Type())
		}
		at := slices.IndexFunc(s.group.exprs, func(have expr.Expr) bool { return sameValue(have, e) })
		if at < 0 {
			at = len(s.group.exprs)
			s.group.exprs = append(s.group.exprs, e)
		}
		set = append(set, at)
	}
	slices.Sort(set)
	return slices.Compact(set), nil
}

func sameValue(a, b expr.Expr) bool {
	return expr.Equal(a, b) && a.Type().Equal(b.Type()) && expr.VolatilityOf(a) != expr.Volatile
}

func (s *selecting) groupExpr(g sql.Expr) (expr.Expr, error) {
	if l, ok := g.(*sql.Literal); ok {
		n, err := s.position(l, "GROUP BY")
		if err != nil {
			return nil, err
		}
		return s.groupOutput(n, g.Span())
	}
	if r, ok := g.(*sql.ColumnRef); ok && len(r.Name.Parts) == 1 && !s.scope.sees(r.Name.Last().Text) {
		for i, name := range s.names {
			if name == r.Name.Last().Text {
				return s.groupOutput(i, g.Span())
			}
		}
	}
	x := &exprs{b: s.b, scope: s.scope, place: "GROUP BY"}
	e, err := x.bind(g)
	if err != nil {
		return nil, err
	}
	s.plan = s.b.attach(s.plan, x.pending)
	return s.b.text(e), nil
}

// groupOutput makes an expression of the select list a group: what it needs of
// subqueries is computed below the aggregate.
func (s *selecting) groupOutput(n int, span sqlerr.Span) (expr.Expr, error) {
	if err := s.noAggregates(s.output[n], span); err != nil {
		return nil, err
	}
	if s.readsWindow(s.output[n]) {
		return nil, sqlerr.At(sqlerr.WindowingError, span, "window functions are not allowed in GROUP BY")
	}
	s.output[n] = s.b.text(s.output[n])
	used := logical.Used(s.output[n])
	var later []subquery
	for _, p := range s.x.pending {
		if used.Meets(p.columns()) {
			for _, a := range s.aggs {
				if logical.Free(p.plan)[a.Col.ID] {
					return nil, sqlerr.At(sqlerr.GroupingError, span, "aggregate functions are not allowed in GROUP BY")
				}
			}
			s.plan = s.b.attach(s.plan, []subquery{p})
			for id := range p.columns() {
				s.group.below[id] = true
			}
		} else {
			later = append(later, p)
		}
	}
	s.x.pending = later
	return s.output[n], nil
}

// sees reports whether the innermost scope has a column of that name.
func (s *scope) sees(column string) bool {
	for _, c := range s.cols {
		if c.name == column && !c.merged {
			return true
		}
	}
	return false
}

// position is the output column (from 0) that an ordinal means.
func (s *selecting) position(l *sql.Literal, clause string) (int, error) {
	cols := make([]logical.Column, len(s.output))
	for i := range cols {
		cols[i].ID = expr.ColumnID(i)
	}
	e, _, err := ordinal(l, cols, clause)
	if err != nil {
		return 0, err
	}
	return int(e.(*expr.Column).ID), nil
}

func (s *selecting) noAggregates(e expr.Expr, span sqlerr.Span) error {
	used := logical.Used(e)
	for _, a := range s.aggs {
		if used[a.Col.ID] {
			return sqlerr.At(sqlerr.GroupingError, span, "aggregate functions are not allowed in GROUP BY")
		}
	}
	return nil
}
