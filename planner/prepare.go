package planner

import (
	"context"

	"github.com/skein-query/skein/planner/bind"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/sql"
)

// Prepared is a query that has been bound without values for its parameters. It is
// good for as long as its tables stay what they are, and immutable.
type Prepared struct {
	Fields []expr.Field // the result's columns
	Params []expr.Type  // of the parameters; one that nothing gave a type is text
	// generic is the plan for all values of the parameters and at any time, with Param
	// nodes for the values. Nil when there is none: then values or the clock have a say
	// in the plan.
	generic *Plan
}

// Prepare describes a query and plans it, as far as that is possible without values
// for its parameters. What only running it would find wrong is no error here.
func Prepare(ctx context.Context, q *sql.Query, catalog Catalog, opt Options) (*Prepared, error) {
	opt.Args = nil
	bound, err := bind.Bind(ctx, q, catalog, opt)
	if err != nil {
		return nil, err
	}
	types := map[expr.ColumnID]expr.Type{}
	for _, c := range bound.Plan.Columns() {
		types[c.ID] = c.Type
	}
	p := &Prepared{}
	for i, id := range bound.Output {
		p.Fields = append(p.Fields, expr.Field{Name: bound.Names[i], Type: settled(types[id]), Nullable: true})
	}
	for _, t := range bound.Params {
		p.Params = append(p.Params, settled(t))
	}
	if bound.Clock || bound.NeedsArgs {
		return p, nil
	}
	generic, err := plan(q.Span(), bound)
	if err == nil && (len(p.Params) == 0 || replaceable(generic.Root, p.Params)) {
		p.generic = generic
	}
	return p, nil
}

// Generic reports whether one plan serves all executions.
func (p *Prepared) Generic() bool { return p.generic != nil }

// RowBytes is about what the rows take that the plan holds itself, of VALUES and of
// tables that are computed.
func (p *Prepared) RowBytes() int64 {
	if p.generic == nil {
		return 0
	}
	n := int64(0)
	physical.Walk(p.generic.Root, func(node physical.Node) bool {
		if v, ok := node.(*physical.Values); ok {
			n += int64(len(v.Tuples)) * int64(len(v.Fields)) * valueBytes
		}
		return true
	})
	return n
}

// valueBytes is what a value takes, with a short text.
const valueBytes = 96

// Plan is the generic plan with values for its parameters. It is nil when there is
// none, and when a value is NULL: comparing with that empties the plan, which
// planning anew sees.
func (p *Prepared) Plan(args []expr.Value) *Plan {
	if p.generic == nil || len(args) == 0 {
		return p.generic
	}
	for _, a := range args {
		if a.Null {
			return nil
		}
	}
	put := func(conds []expr.Expr) []expr.Expr {
		out := make([]expr.Expr, len(conds))
		for i, c := range conds {
			out[i] = expr.Rewrite(c, func(e expr.Expr) expr.Expr {
				if v, ok := e.(*expr.Param); ok {
					return &expr.Literal{Value: args[v.Number-1], Typ: v.Typ, Span: v.Span}
				}
				return e
			})
		}
		return out
	}
	root := physical.Rewrite(p.generic.Root, func(n physical.Node) physical.Node {
		switch n := n.(type) {
		case *physical.Scan:
			c := *n
			c.Filter = put(n.Filter)
			return &c
		case *physical.Filter:
			c := *n
			c.Conjuncts = put(n.Conjuncts)
			return &c
		}
		return n
	})
	return &Plan{Root: root, Fields: p.generic.Fields}
}

// replaceable reports whether putting values in the place of the parameters gives
// the plan that planning with the values would give. That is so where nothing was
// chosen by them: in plans of one table, or of what is made of it by one input
// operators, in which a parameter is only ever one side of a comparison that is a
// condition by itself. With joins it is not: constants move from one side to the
// other, and selectivities decide who is the build side.
func replaceable(root physical.Node, params []expr.Type) bool {
	ok := true
	physical.Walk(root, func(n physical.Node) bool {
		ok = ok && replaceableIn(n, params)
		return ok
	})
	return ok
}

func replaceableIn(n physical.Node, params []expr.Type) bool {
	switch n := n.(type) {
	case *physical.Scan:
		return comparisons(n.Filter, params)
	case *physical.Filter:
		return comparisons(n.Conjuncts, params)
	case *physical.Project:
		return !hasParam(n.Exprs...)
	case *physical.Limit:
		return true
	case *physical.Sort:
		return !sortsByParam(n.Keys)
	case *physical.TopN:
		return !sortsByParam(n.Keys)
	case *physical.GroupTopN:
		return !sortsByParam(n.Keys) && !hasParam(n.By...)
	case *physical.Window:
		return !hasParam(n.Exprs()...)
	case *physical.Aggregate:
		for _, a := range n.Aggs {
			if hasParam(a.Args...) || hasParam(a.Filter) || sortsByParam(a.Order) {
				return false
			}
		}
		return !hasParam(n.Groups...)
	}
	return false
}

func comparisons(conds []expr.Expr, params []expr.Type) bool {
	for _, c := range conds {
		if hasParam(c) && !comparesWithParam(c, params) {
			return false
		}
	}
	return true
}

// comparesWithParam reports whether a condition is a parameter beside something
// without one, in the type in which its values come.
func comparesWithParam(cond expr.Expr, params []expr.Type) bool {
	c, ok := cond.(*expr.Call)
	if !ok || len(c.Args) != 2 {
		return false
	}
	switch c.Name {
	case expr.OpEq, expr.OpNe, expr.OpLt, expr.OpLe, expr.OpGt, expr.OpGe:
	default:
		return false
	}
	p, ok := c.Args[1].(*expr.Param)
	other := c.Args[0]
	if !ok {
		p, ok = c.Args[0].(*expr.Param)
		other = c.Args[1]
	}
	return ok && !hasParam(other) && p.Typ.Equal(params[p.Number-1])
}

func hasParam(list ...expr.Expr) bool {
	found := false
	for _, e := range list {
		expr.Walk(e, func(n expr.Expr) bool {
			_, ok := n.(*expr.Param)
			found = found || ok
			return !found
		})
	}
	return found
}

func sortsByParam(keys []expr.SortKey) bool {
	for _, k := range keys {
		if hasParam(k.Expr) {
			return true
		}
	}
	return false
}
