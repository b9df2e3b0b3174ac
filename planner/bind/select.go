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
	groups  []expr.Expr  // GROUP BY expressions over the FROM columns
	aggs    []logical.AggItem
	grouped bool        // there is a GROUP BY, HAVING or an aggregate
	output  []expr.Expr // the select list
	names   []string
	having  expr.Expr
	order   []expr.SortKey
	x       *exprs      // binds select list, HAVING and ORDER BY
	below   logical.Set // columns of subqueries that were attached below the aggregate
}

// selectQuery binds SELECT with the ORDER BY that follows it.
func (b *binder) selectQuery(stmt *sql.Select, order []sql.OrderItem, outer *scope, ctes *cteScope) (relation, error) {
	s := &selecting{b: b, stmt: stmt, below: logical.Set{}}
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
	s.grouped = s.grouped || len(s.groups) > 0 || len(s.aggs) > 0 || len(stmt.GroupBy) > 0
	if s.grouped {
		if err := s.aggregate(); err != nil {
			return relation{}, err
		}
	}
	s.plan = b.attach(s.plan, s.x.pending)
	if s.having != nil {
		s.plan = &logical.Filter{Input: s.plan, Conds: expr.Conjuncts(s.having)}
	}
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
	if len(s.output) > 1664 {
		return sqlerr.At(sqlerr.TooManyColumns, s.stmt.Span(), "target lists can have at most 1664 entries")
	}
	return nil
}

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
		found = true
		s.output = append(s.output, placed(c.value, star.Span()))
		s.names = append(s.names, c.name)
	}
	if !found && table != "" {
		return sqlerr.At(sqlerr.UndefinedTable, star.Span(), "missing FROM-clause entry for table %q", table)
	}
	return nil
}

// groupBy binds GROUP BY: an input column, else an output column by name or
// number, else an expression.
func (s *selecting) groupBy() error {
	if s.stmt.GroupAll {
		return unsupported(s.stmt.Span(), "GROUP BY DISTINCT is not supported")
	}
	for _, g := range s.stmt.GroupBy {
		if _, ok := g.(*sql.Grouping); ok {
			return unsupported(g.Span(), "GROUPING SETS, ROLLUP and CUBE are not supported")
		}
		e, err := s.groupExpr(g)
		if err != nil {
			return err
		}
		if k := e.Type().Kind; k == expr.Struct || k == expr.Map {
			return sqlerr.At(sqlerr.UndefinedFunction, g.Span(), "could not identify an equality operator for type %s", e.Type())
		}
		s.groups = append(s.groups, e)
	}
	return nil
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
	s.output[n] = s.b.text(s.output[n])
	used := logical.Used(s.output[n])
	var later []subquery
	for _, p := range s.x.pending {
		if used.Meets(p.columns()) {
			s.plan = s.b.attach(s.plan, []subquery{p})
			for id := range p.columns() {
				s.below[id] = true
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

// orderBy binds ORDER BY: an output column by name or number, else an expression
// over the input.
func (s *selecting) orderBy(order []sql.OrderItem) error {
	s.x.place = "ORDER BY"
	for _, o := range order {
		e, err := s.orderExpr(o)
		if err != nil {
			return err
		}
		k, err := sortKey(o, e)
		if err != nil {
			return err
		}
		s.order = append(s.order, k)
	}
	return nil
}

func (s *selecting) orderExpr(o sql.OrderItem) (expr.Expr, error) {
	if l, ok := o.Value.(*sql.Literal); ok {
		n, err := s.position(l, "ORDER BY")
		if err != nil {
			return nil, err
		}
		s.output[n] = s.b.text(s.output[n])
		return s.output[n], nil
	}
	if r, ok := o.Value.(*sql.ColumnRef); ok && len(r.Name.Parts) == 1 {
		var found expr.Expr
		for i, name := range s.names {
			if name != r.Name.Last().Text {
				continue
			}
			if found != nil && !expr.Equal(found, s.output[i]) {
				return nil, sqlerr.At(sqlerr.AmbiguousColumn, o.Span(), "ORDER BY %q is ambiguous", name)
			}
			s.output[i] = s.b.text(s.output[i])
			found = s.output[i]
		}
		if found != nil {
			return found, nil
		}
	}
	e, err := s.x.bind(o.Value)
	if err != nil {
		return nil, err
	}
	return s.b.text(e), nil
}

// finish projects the select list, removes duplicates and sorts.
func (s *selecting) finish() (relation, error) {
	p := &logical.Project{Input: s.plan}
	cols := make([]logical.Column, len(s.output))
	seen := logical.Set{}
	deliver := func(e expr.Expr, name string) logical.Column {
		if c, ok := e.(*expr.Column); ok {
			col := logical.Column{ID: c.ID, Name: name, Type: c.Typ, Nullable: c.Nullable}
			if !seen[c.ID] {
				seen[c.ID] = true
				p.Items = append(p.Items, logical.Item{Col: col, Expr: e})
			}
			return col
		}
		for _, it := range p.Items {
			if expr.Equal(it.Expr, e) && it.Expr.Type().Equal(e.Type()) && expr.VolatilityOf(e) != expr.Volatile {
				c := it.Col
				c.Name = name
				return c
			}
		}
		col := s.b.newColumn(name, e.Type(), true)
		p.Items = append(p.Items, logical.Item{Col: col, Expr: e})
		return col
	}
	for i, e := range s.output {
		cols[i] = deliver(e, s.names[i])
	}
	width := len(p.Items)
	keys := make([]expr.SortKey, len(s.order))
	for i, k := range s.order {
		keys[i] = k
		keys[i].Expr = deliver(k.Expr, "").Ref()
	}
	if len(p.Items) > width && s.stmt.Distinct && len(s.stmt.DistinctOn) == 0 {
		return relation{}, sqlerr.At(sqlerr.InvalidColumnReference, s.stmt.Span(),
			"for SELECT DISTINCT, ORDER BY expressions must appear in select list")
	}
	if len(s.stmt.DistinctOn) > 0 {
		return relation{}, unsupported(s.stmt.DistinctOn[0].Span(), "DISTINCT ON is not supported")
	}
	r := relation{plan: p, cols: cols}
	if s.stmt.Distinct {
		for i, c := range cols {
			if c.Type.Kind == expr.Unknown {
				e := s.b.text(p.Items[i].Expr)
				p.Items[i].Expr, p.Items[i].Col.Type, cols[i].Type = e, e.Type(), e.Type()
			}
		}
		r.plan = &logical.Aggregate{Input: p, Groups: p.Columns()}
	}
	if len(keys) > 0 {
		r.plan = &logical.Sort{Input: r.plan, Keys: keys}
	}
	return r, nil
}

// outputName is the name PostgreSQL gives an output column: the alias, else what
// the expression is called.
func outputName(item sql.SelectItem) string {
	if !item.Alias.IsZero() {
		return item.Alias.Text
	}
	return exprName(item.Value)
}

func exprName(e sql.Expr) string {
	const unnamed = "?column?"
	switch e := e.(type) {
	case *sql.ColumnRef:
		return e.Name.Last().Text
	case *sql.FuncCall:
		return e.Name.Last().Text
	case *sql.Field:
		return e.Name.Text
	case *sql.Cast:
		if n := exprName(e.Operand); n != unnamed {
			return n
		}
		return e.Type.Name.Last().Text
	case *sql.Collate:
		return exprName(e.Operand)
	case *sql.Subscript:
		return exprName(e.Operand)
	case *sql.Case:
		if e.Else != nil {
			if n := exprName(e.Else); n != unnamed {
				return n
			}
		}
		return "case"
	case *sql.Coalesce:
		return "coalesce"
	case *sql.NullIf:
		return "nullif"
	case *sql.Extremum:
		if e.Least {
			return "least"
		}
		return "greatest"
	case *sql.SessionValue:
		return e.Name
	case *sql.Exists:
		return "exists"
	case *sql.Array:
		return "array"
	case *sql.Row:
		return "row"
	case *sql.AtTimeZone:
		return "timezone"
	case *sql.ScalarSubquery:
		if s, ok := e.Query.Body.(*sql.Select); ok && len(s.Items) == 1 {
			return outputName(s.Items[0])
		}
		if _, ok := e.Query.Body.(*sql.Values); ok {
			return "column1"
		}
	}
	return unnamed
}
