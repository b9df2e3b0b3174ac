package logical

import "github.com/skein-query/skein/planner/expr"

// Defined is the set of columns that some node of the plan (not of the shared
// plans it reads) delivers for the first time.
func Defined(n Node) Set {
	s := Set{}
	var visit func(Node)
	visit = func(n Node) {
		defines(n, s)
		for _, in := range n.Inputs() {
			visit(in)
		}
	}
	visit(n)
	return s
}

// Rename is the plan with every column renamed by f, in definitions and uses.
// Shared plans it reads stay as they are.
func Rename(n Node, f func(expr.ColumnID) expr.ColumnID) Node {
	col := func(c Column) Column {
		c.ID = f(c.ID)
		return c
	}
	cols := func(in []Column) []Column {
		out := make([]Column, len(in))
		for i, c := range in {
			out[i] = col(c)
		}
		return out
	}
	use := func(e expr.Expr) expr.Expr {
		return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
			if c, ok := x.(*expr.Column); ok {
				d := *c
				d.ID = f(c.ID)
				return &d
			}
			return x
		})
	}
	in := n.Inputs()
	if len(in) > 0 {
		renamed := make([]Node, len(in))
		for i, c := range in {
			renamed[i] = Rename(c, f)
		}
		n = WithInputs(n, renamed)
	}
	n = MapExprs(n, use)
	switch n := n.(type) {
	case *Scan:
		c := *n
		c.Cols = cols(n.Cols)
		return &c
	case *Values:
		return &Values{Cols: cols(n.Cols), Rows: n.Rows}
	case *Project:
		c := &Project{Input: n.Input}
		for _, it := range n.Items {
			c.Items = append(c.Items, Item{col(it.Col), it.Expr})
		}
		return c
	case *Join:
		c := *n
		c.MarkCol = col(n.MarkCol)
		return &c
	case *Aggregate:
		c := &Aggregate{Input: n.Input, Groups: cols(n.Groups)}
		for _, a := range n.Aggs {
			c.Aggs = append(c.Aggs, AggItem{col(a.Col), a.Agg})
		}
		return c
	case *Window:
		c := *n
		c.Calls = make([]WindowItem, len(n.Calls))
		for i, it := range n.Calls {
			c.Calls[i] = WindowItem{col(it.Col), it.Call}
		}
		return &c
	case *SetOp:
		c := *n
		c.Cols = cols(n.Cols)
		c.Maps = make([][]expr.ColumnID, len(n.Maps))
		for i, m := range n.Maps {
			for _, id := range m {
				c.Maps[i] = append(c.Maps[i], f(id))
			}
		}
		return &c
	case *Reference:
		c := *n
		c.Cols = cols(n.Cols)
		return &c
	}
	return n
}
