package bind

import (
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// selecting is the state of binding one SELECT.
type selecting struct {
	b       *binder
	stmt    *sql.Select
	scope   *scope
	plan    logical.Node // FROM and WHERE, later everything so far
	group   grouping
	aggs    []logical.AggItem
	windows []*window
	named   map[string]*definition // of the WINDOW clause
	grouped bool                   // there is a GROUP BY, HAVING or an aggregate
	output  []expr.Expr            // the select list
	names   []string
	having  expr.Expr
	on      []expr.Expr // DISTINCT ON
	order   []expr.SortKey
	x       *exprs // binds select list, HAVING, DISTINCT ON and ORDER BY
}

// selectQuery binds SELECT with the ORDER BY that follows it.
func (b *binder) selectQuery(stmt *sql.Select, order []sql.OrderItem, outer *scope, ctes *cteScope) (relation, error) {
	s := &selecting{b: b, stmt: stmt, group: grouping{below: logical.Set{}}}
	if err := s.from(outer, ctes); err != nil {
		return relation{}, err
	}
	s.x = &exprs{b: b, scope: s.scope, sel: s, place: "SELECT"}
	if err := s.list(); err != nil {
		return relation{}, err
	}
	if err := s.groupBy(); err != nil {
		return relation{}, err
	}
	if stmt.Having != nil {
		s.x.place = "HAVING"
		var err error
		if s.having, err = s.x.condition(stmt.Having); err != nil {
			return relation{}, err
		}
		s.grouped = true
	}
	if err := s.orderBy(order); err != nil {
		return relation{}, err
	}
	if err := s.distinctOn(); err != nil {
		return relation{}, err
	}
	if err := s.unusedWindows(); err != nil {
		return relation{}, err
	}
	s.grouped = s.grouped || len(s.aggs) > 0 || len(stmt.GroupBy) > 0 || len(s.group.calls) > 0
	if s.grouped {
		if err := s.aggregate(); err != nil {
			return relation{}, err
		}
	}
	before, after := s.aroundWindows()
	s.plan = b.attach(s.plan, before)
	if s.having != nil {
		s.plan = &logical.Filter{Input: s.plan, Conds: expr.Conjuncts(s.having)}
	}
	s.windowPlan()
	s.plan = b.attach(s.plan, after)
	return s.finish()
}

// from binds FROM and WHERE.
func (s *selecting) from(outer *scope, ctes *cteScope) error {
	s.scope = &scope{parent: outer, ctes: ctes}
	s.plan = one()
	aliases := map[string]bool{}
	for i, t := range s.stmt.From {
		plan, cols, dependent, err := s.b.table(t, s.scope, outer, ctes)
		if err != nil {
			return err
		}
		if err := checkAliases(aliases, t); err != nil {
			return err
		}
		if i == 0 {
			s.plan = plan
		} else {
			s.plan = &logical.Join{Kind: logical.Inner, Left: s.plan, Right: plan, Dependent: dependent}
		}
		s.scope.cols = append(s.scope.cols, cols...)
	}
	if s.stmt.Where == nil {
		return nil
	}
	x := &exprs{b: s.b, scope: s.scope, place: "WHERE"}
	plan, err := s.b.filter(s.plan, s.stmt.Where, x)
	s.plan = plan
	return err
}

// list binds the select list.
func (s *selecting) list() error {
	for _, item := range s.stmt.Items {
		if star, ok := item.Value.(*sql.Star); ok {
			if err := s.star(star); err != nil {
				return err
			}
			continue
		}
		e, err := s.x.bind(item.Value)
		if err != nil {
			return err
		}
		s.output = append(s.output, e)
		s.names = append(s.names, outputName(item))
	}
	if len(s.output) > maxOutput {
		return sqlerr.At(sqlerr.TooManyColumns, s.stmt.Span(), "target lists can have at most %d entries", maxOutput)
	}
	return nil
}

// maxOutput is the most columns of a query. PostgreSQL has 1664, as its pages do; files have more.
const maxOutput = 16384

func (s *selecting) star(star *sql.Star) error {
	if len(s.stmt.From) == 0 {
		return sqlerr.At(sqlerr.SyntaxError, star.Span(), "SELECT * with no tables specified is not valid")
	}
	table := star.Qualifier.Last().Text
	found := false
	for _, c := range s.scope.cols {
		if table == "" && c.merged || table != "" && c.table != table {
			continue
		}
		if err := s.b.mayRead(c, star.Span()); err != nil {
			return err
		}
		found = true
		s.output = append(s.output, placed(c.value, star.Span()))
		s.names = append(s.names, c.name)
	}
	if !found && table != "" {
		return sqlerr.At(sqlerr.UndefinedTable, star.Span(), "missing FROM-clause entry for table %q", table)
	}
	return nil
}
