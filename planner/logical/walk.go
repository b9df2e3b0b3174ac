package logical

import "github.com/skein-query/skein/planner/expr"

// Exprs calls visit with every expression that n itself holds.
func Exprs(n Node, visit func(expr.Expr)) {
	each := func(list []expr.Expr) {
		for _, e := range list {
			visit(e)
		}
	}
	switch n := n.(type) {
	case *Scan:
		each(n.Filter)
	case *Filter:
		each(n.Conds)
	case *Project:
		for _, it := range n.Items {
			visit(it.Expr)
		}
	case *Join:
		each(n.Conds)
		if n.NullAware != nil {
			visit(n.NullAware)
		}
	case *Aggregate:
		for _, a := range n.Aggs {
			each(a.Agg.Args)
			if a.Agg.Filter != nil {
				visit(a.Agg.Filter)
			}
			for _, k := range a.Agg.Order {
				visit(k.Expr)
			}
		}
	case *Sort:
		for _, k := range n.Keys {
			visit(k.Expr)
		}
	case *GroupTopN:
		each(n.By)
		for _, k := range n.Keys {
			visit(k.Expr)
		}
	case *Window:
		n.exprs(visit)
	}
}

// WithInputs is a copy of n over other inputs.
func WithInputs(n Node, in []Node) Node {
	switch n := n.(type) {
	case *Filter:
		c := *n
		c.Input = in[0]
		return &c
	case *Project:
		c := *n
		c.Input = in[0]
		return &c
	case *Join:
		c := *n
		c.Left, c.Right = in[0], in[1]
		return &c
	case *Aggregate:
		c := *n
		c.Input = in[0]
		return &c
	case *Sort:
		c := *n
		c.Input = in[0]
		return &c
	case *Limit:
		c := *n
		c.Input = in[0]
		return &c
	case *GroupTopN:
		c := *n
		c.Input = in[0]
		return &c
	case *Window:
		c := *n
		c.Input = in[0]
		return &c
	case *SetOp:
		c := *n
		c.Args = in
		return &c
	}
	return n
}

// Rewrite rebuilds a plan bottom up: change gets every node over its changed
// inputs and returns what stands in its place. Shared plans are rewritten once
// and stay shared.
func Rewrite(n Node, change func(Node) Node) Node {
	return rewrite(n, change, map[*Shared]*Shared{})
}

func rewrite(n Node, change func(Node) Node, done map[*Shared]*Shared) Node {
	if r, ok := n.(*Reference); ok {
		plan, ok := done[r.Plan]
		if !ok {
			c := *r.Plan
			c.Input = rewrite(r.Plan.Input, change, done)
			plan = &c
			if c.Input == r.Plan.Input {
				plan = r.Plan
			}
			done[r.Plan] = plan
		}
		if plan != r.Plan {
			c := *r
			c.Plan = plan
			n = &c
		}
		return change(n)
	}
	in := n.Inputs()
	var changed []Node
	for i, child := range in {
		c := rewrite(child, change, done)
		if c != child && changed == nil {
			changed = append([]Node(nil), in...)
		}
		if changed != nil {
			changed[i] = c
		}
	}
	if changed != nil {
		n = WithInputs(n, changed)
	}
	return change(n)
}

// MapExprs is a copy of n with every expression it holds replaced by f of it.
func MapExprs(n Node, f func(expr.Expr) expr.Expr) Node {
	list := func(in []expr.Expr) []expr.Expr {
		out := make([]expr.Expr, len(in))
		for i, e := range in {
			out[i] = f(e)
		}
		return out
	}
	switch n := n.(type) {
	case *Scan:
		c := *n
		c.Filter = list(n.Filter)
		return &c
	case *Filter:
		return &Filter{Input: n.Input, Conds: list(n.Conds)}
	case *Project:
		c := &Project{Input: n.Input, Items: make([]Item, len(n.Items))}
		for i, it := range n.Items {
			c.Items[i] = Item{it.Col, f(it.Expr)}
		}
		return c
	case *Join:
		c := *n
		c.Conds = list(n.Conds)
		if n.NullAware != nil {
			c.NullAware = f(n.NullAware)
		}
		return &c
	case *Aggregate:
		c := *n
		c.Aggs = make([]AggItem, len(n.Aggs))
		for i, a := range n.Aggs {
			a.Agg = MapAggregate(a.Agg, f)
			c.Aggs[i] = a
		}
		return &c
	case *Sort:
		return &Sort{Input: n.Input, Keys: MapKeys(n.Keys, f)}
	case *GroupTopN:
		c := *n
		c.By, c.Keys = list(n.By), MapKeys(n.Keys, f)
		return &c
	case *Window:
		return n.mapExprs(f)
	}
	return n
}

// MapAggregate is an aggregate with every expression in it replaced by f of it.
func MapAggregate(a expr.Aggregate, f func(expr.Expr) expr.Expr) expr.Aggregate {
	args := make([]expr.Expr, len(a.Args))
	for i, e := range a.Args {
		args[i] = f(e)
	}
	a.Args = args
	if a.Filter != nil {
		a.Filter = f(a.Filter)
	}
	a.Order = MapKeys(a.Order, f)
	return a
}

// MapKeys is sort keys with every expression replaced by f of it.
func MapKeys(keys []expr.SortKey, f func(expr.Expr) expr.Expr) []expr.SortKey {
	out := make([]expr.SortKey, len(keys))
	for i, k := range keys {
		k.Expr = f(k.Expr)
		out[i] = k
	}
	return out
}

// Walk calls visit for n and every node below it, parents first, each Shared plan
// once; visit returns false to skip what is below.
func Walk(n Node, visit func(Node) bool) { walk(n, visit, map[*Shared]bool{}) }

func walk(n Node, visit func(Node) bool, seen map[*Shared]bool) {
	if !visit(n) {
		return
	}
	if r, ok := n.(*Reference); ok && !seen[r.Plan] {
		seen[r.Plan] = true
		walk(r.Plan.Input, visit, seen)
	}
	for _, in := range n.Inputs() {
		walk(in, visit, seen)
	}
}
