package bind

import (
	"context"
	"slices"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// guarded is a plan that delivers what may be seen of a table, and all columns that the
// table's name gives. One that may not be read is among these, so that whoever uses it
// hears why, but the scan does not deliver it: whatever else is wrong, it cannot be read.
//
// Row policies are conditions of the scan itself. Push lets no condition of the query
// below them or beside them that could tell of a row by failing.
func (b *binder) guarded(table *logical.Table) (logical.Node, []logical.Column, error) {
	plan := b.read(table)
	if table.Guard == nil {
		return plan, plan.Columns(), nil
	}
	if table.Guard.Restricted {
		conds, err := b.policies(table, plan.Columns())
		if err != nil {
			return nil, nil, err
		}
		if scan, ok := plan.(*logical.Scan); ok {
			scan.Filter = conds
		} else { // a table without files
			plan = &logical.Filter{Input: plan, Conds: conds}
		}
	}
	cols := plan.Columns()
	visible := make([]logical.Column, len(cols))
	var items []logical.Item
	for i, c := range cols {
		visible[i] = c
		if !table.Denies(i) {
			items = append(items, logical.Item{Col: c, Expr: c.Ref()})
			continue
		}
		visible[i] = b.newColumn(c.Name, c.Type, c.Nullable)
		if b.denied == nil {
			b.denied = map[expr.ColumnID]string{}
		}
		b.denied[visible[i].ID] = table.Name
	}
	if len(items) == len(visible) {
		return plan, visible, nil
	}
	return &logical.Project{Input: plan, Items: items}, visible, nil
}

// Enforce puts what is hidden of tables into a plan that was not bound here: it refuses
// one that uses a column that may not be read, and gives the scans of restricted tables
// their policies. output are the columns that the plan delivers, next the first column ID
// that is free, before and after; clock says that a policy has put the time into the plan.
func Enforce(n logical.Node, output []expr.ColumnID, next expr.ColumnID, opt Options) (out logical.Node, free expr.ColumnID, clock bool, err error) {
	b := &binder{ctx: context.Background(), opt: opt, lastID: next - 1}
	used := usedColumns(n, output)
	var failed error
	out = logical.Rewrite(n, func(n logical.Node) logical.Node {
		s, ok := n.(*logical.Scan)
		if !ok || s.Table.Guard == nil || failed != nil {
			return n
		}
		n, failed = b.enforce(s, used)
		return n
	})
	return out, b.lastID + 1, b.clock, failed
}

// usedColumns are the columns of a plan that something is made of that the plan delivers
// or decides by. A column that is only passed on, as plans of others pass on all, is not.
func usedColumns(n logical.Node, output []expr.ColumnID) logical.Set {
	used := logical.Set{}
	for _, id := range output {
		used[id] = true
	}
	for before := -1; before < len(used); {
		before = len(used)
		logical.Walk(n, func(n logical.Node) bool {
			switch n := n.(type) {
			case *logical.Project:
				for _, it := range n.Items {
					if used[it.Col.ID] {
						expr.Columns(it.Expr, used)
					}
				}
				return true
			case *logical.SetOp:
				for i, c := range n.Cols {
					if n.Kind != logical.UnionAll || used[c.ID] {
						for _, from := range n.Maps {
							used[from[i]] = true
						}
					}
				}
			case *logical.Reference:
				for i, c := range n.Cols {
					if used[c.ID] {
						used[n.Source[i]] = true
					}
				}
			case *logical.Aggregate:
				for _, g := range n.Groups {
					used[g.ID] = true
				}
			}
			logical.Exprs(n, func(e expr.Expr) { expr.Columns(e, used) })
			return true
		})
	}
	return used
}

func (b *binder) enforce(s *logical.Scan, used logical.Set) (logical.Node, error) {
	for i, field := range s.Fields {
		if s.Table.Denies(field) && used[s.Cols[i].ID] {
			return s, sqlerr.New(sqlerr.InsufficientPrivilege, "permission denied for table %s", s.Table.Name).
				WithHint("The column %q is not granted.", s.Table.Fields[field].Name)
		}
	}
	if !s.Table.Guard.Restricted {
		return s, nil
	}
	wide := &logical.Scan{Table: s.Table, Cols: slices.Clone(s.Cols), Fields: slices.Clone(s.Fields)}
	all := make([]logical.Column, len(s.Table.Fields)) // under the table's own names
	for i, f := range s.Table.Fields {
		at := slices.Index(wide.Fields, i)
		if at < 0 {
			at = len(wide.Cols)
			wide.Cols, wide.Fields = append(wide.Cols, b.newColumn(f.Name, f.Type, f.Nullable)), append(wide.Fields, i)
		}
		all[i] = wide.Cols[at]
		all[i].Name = f.Name
	}
	var err error
	if wide.Filter, err = b.policies(s.Table, all); err != nil {
		return s, err
	}
	out := &logical.Project{Input: wide}
	for _, c := range s.Cols {
		out.Items = append(out.Items, logical.Item{Col: c, Expr: c.Ref()})
	}
	if len(s.Filter) == 0 {
		return out, nil
	}
	return &logical.Filter{Input: out, Conds: s.Filter}, nil
}

// policies are the conditions of which one must be true, bound over a table's columns.
func (b *binder) policies(table *logical.Table, cols []logical.Column) ([]expr.Expr, error) {
	var any []expr.Expr
	for _, p := range table.Guard.Policies {
		s := &scope{}
		s.add(table.Name, table.Schema, cols)
		e, err := b.policy(p, s)
		if err != nil {
			return nil, sqlerr.New(sqlerr.CodeOf(err), "policy %q of table %q: %s", p.Name, table.Name, err)
		}
		any = append(any, e)
	}
	switch len(any) {
	case 0:
		return []expr.Expr{expr.False()}, nil
	case 1:
		return expr.Conjuncts(any[0]), nil
	}
	return []expr.Expr{&expr.Call{Name: expr.OpOr, Args: any, Typ: expr.Of(expr.Bool)}}, nil
}

func (b *binder) policy(p logical.Policy, s *scope) (expr.Expr, error) {
	tree, err := sql.ParseCondition(p.Using)
	if err != nil {
		return nil, err
	}
	switch params, queries := sql.Holds(tree); {
	case params:
		return nil, sqlerr.New(sqlerr.UndefinedParameter, "policies have no parameters")
	case queries:
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "subqueries in policies are not supported")
	}
	x := &exprs{b: b, scope: s, place: "policies"}
	return x.condition(tree)
}

// CheckPolicy says what is wrong with a condition on the rows of a table with such
// columns.
func CheckPolicy(table string, fields []expr.Field, using string, opt Options) error {
	b := &binder{ctx: context.Background(), opt: opt}
	s := &scope{}
	s.add(table, "", b.read(&logical.Table{Name: table, Fields: fields}).Columns())
	_, err := b.policy(logical.Policy{Using: using}, s)
	return err
}

// mayRead refuses a column that may not be read, as PostgreSQL does: the whole table is
// named.
func (b *binder) mayRead(c scopeColumn, at sqlerr.Span) error {
	for id := range scopeSet(&scope{cols: []scopeColumn{c}}) {
		if table, denied := b.denied[id]; denied {
			return sqlerr.At(sqlerr.InsufficientPrivilege, at, "permission denied for table %s", table).
				WithHint("The column %q is not granted.", c.name)
		}
	}
	return nil
}
