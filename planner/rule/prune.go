package rule

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// Prune removes columns nobody reads: from scans, projections, aggregates, set
// operations and shared plans. output are the columns the query delivers.
func Prune(n logical.Node, output []expr.ColumnID) logical.Node {
	need := logical.Set{}
	for _, id := range output {
		need[id] = true
	}
	p := &pruner{shared: map[*logical.Shared]logical.Set{}, done: map[*logical.Shared]*logical.Shared{}}
	p.collect(n, need)
	return p.prune(n, need)
}

type pruner struct {
	shared map[*logical.Shared]logical.Set // columns of a shared plan that some reference needs
	done   map[*logical.Shared]*logical.Shared
}

// collect finds what all references together need of the shared plans. A shared
// plan may itself refer to others, so this runs until nothing is added.
func (p *pruner) collect(n logical.Node, need logical.Set) {
	for {
		before := p.size()
		p.prune(n, need)
		p.done = map[*logical.Shared]*logical.Shared{}
		if p.size() == before {
			return
		}
	}
}

func (p *pruner) size() int {
	sum := len(p.shared)
	for _, s := range p.shared {
		sum += len(s)
	}
	return sum
}

func (p *pruner) prune(n logical.Node, need logical.Set) logical.Node {
	switch n := n.(type) {
	case *logical.Scan:
		return pruneScan(n, need)
	case *logical.Values:
		return pruneValues(n, need)
	case *logical.Filter:
		return &logical.Filter{Input: p.prune(n.Input, with2(need, n.Conds)), Conds: n.Conds}
	case *logical.Project:
		return p.project(n, need)
	case *logical.Join:
		return p.join(n, need)
	case *logical.Aggregate:
		return p.aggregate(n, need)
	case *logical.Sort:
		var keys []expr.Expr
		for _, k := range n.Keys {
			keys = append(keys, k.Expr)
		}
		return &logical.Sort{Input: p.prune(n.Input, with2(need, keys)), Keys: n.Keys}
	case *logical.Limit:
		return &logical.Limit{Input: p.prune(n.Input, need), Offset: n.Offset, Count: n.Count}
	case *logical.GroupTopN:
		used := append([]expr.Expr(nil), n.By...)
		for _, k := range n.Keys {
			used = append(used, k.Expr)
		}
		c := *n
		c.Input = p.prune(n.Input, with2(need, used))
		return &c
	case *logical.Window:
		return p.window(n, need)
	case *logical.SetOp:
		return p.setOp(n, need)
	case *logical.Reference:
		return p.reference(n, need)
	}
	return n
}

func with2(need logical.Set, exprs []expr.Expr) logical.Set {
	out := logical.Set{}
	out.Add(need)
	for _, e := range exprs {
		expr.Columns(e, out)
	}
	return out
}

func pruneScan(n *logical.Scan, need logical.Set) logical.Node {
	need = with2(need, n.Filter)
	c := *n
	c.Cols, c.Fields = nil, nil
	for i, col := range n.Cols {
		if need[col.ID] {
			c.Cols = append(c.Cols, col)
			c.Fields = append(c.Fields, n.Fields[i])
		}
	}
	return &c
}

func pruneValues(n *logical.Values, need logical.Set) logical.Node {
	var keep []int
	out := &logical.Values{Rows: make([][]expr.Value, len(n.Rows))}
	for i, c := range n.Cols {
		if need[c.ID] {
			keep = append(keep, i)
			out.Cols = append(out.Cols, c)
		}
	}
	if len(keep) == len(n.Cols) {
		return n
	}
	for r, row := range n.Rows {
		for _, i := range keep {
			out.Rows[r] = append(out.Rows[r], row[i])
		}
	}
	return out
}

func (p *pruner) project(n *logical.Project, need logical.Set) logical.Node {
	out := &logical.Project{}
	var used []expr.Expr
	same := true
	for _, it := range n.Items {
		if need[it.Col.ID] {
			out.Items = append(out.Items, it)
			used = append(used, it.Expr)
			c, ok := it.Expr.(*expr.Column)
			same = same && ok && c.ID == it.Col.ID
		}
	}
	out.Input = p.prune(n.Input, with2(logical.Set{}, used))
	if same && len(out.Input.Columns()) == len(out.Items) {
		return out.Input
	}
	return out
}

func (p *pruner) join(n *logical.Join, need logical.Set) logical.Node {
	conds := n.Conds
	if n.NullAware != nil {
		conds = append(append([]expr.Expr(nil), conds...), n.NullAware)
	}
	all := with2(need, conds)
	if n.Dependent {
		all.Add(logical.Free(n.Right))
	}
	c := *n
	c.Left, c.Right = p.prune(n.Left, all), p.prune(n.Right, all)
	return &c
}

func (p *pruner) aggregate(n *logical.Aggregate, need logical.Set) logical.Node {
	out := &logical.Aggregate{Groups: n.Groups}
	used := logical.Set{}
	for _, g := range n.Groups {
		used[g.ID] = true
	}
	for _, a := range n.Aggs {
		if need[a.Col.ID] {
			out.Aggs = append(out.Aggs, a)
		}
	}
	logical.Exprs(out, func(e expr.Expr) { expr.Columns(e, used) })
	out.Input = p.prune(n.Input, used)
	return out
}

func (p *pruner) setOp(n *logical.SetOp, need logical.Set) logical.Node {
	out := &logical.SetOp{Kind: n.Kind, Args: make([]logical.Node, len(n.Args)), Maps: make([][]expr.ColumnID, len(n.Args))}
	for i, c := range n.Cols {
		if n.Kind != logical.UnionAll || need[c.ID] { // the others compare whole rows
			out.Cols = append(out.Cols, c)
			for a := range n.Args {
				out.Maps[a] = append(out.Maps[a], n.Maps[a][i])
			}
		}
	}
	for a, arg := range n.Args {
		used := logical.Set{}
		for _, id := range out.Maps[a] {
			used[id] = true
		}
		out.Args[a] = p.prune(arg, used)
	}
	return out
}

// narrow leaves out what a plan delivers beyond need: columns that only its own
// conditions read. The rows of a shared plan are kept, so their width counts.
func narrow(n logical.Node, need logical.Set) logical.Node {
	p := &logical.Project{Input: n}
	for _, c := range n.Columns() {
		if need[c.ID] {
			p.Items = append(p.Items, logical.Item{Col: c, Expr: c.Ref()})
		}
	}
	if len(p.Items) == len(n.Columns()) {
		return n
	}
	return p
}

func (p *pruner) reference(n *logical.Reference, need logical.Set) logical.Node {
	if p.shared[n.Plan] == nil {
		p.shared[n.Plan] = logical.Set{}
	}
	out := &logical.Reference{}
	for i, c := range n.Cols {
		if need[c.ID] {
			out.Cols = append(out.Cols, c)
			out.Source = append(out.Source, n.Source[i])
			p.shared[n.Plan][n.Source[i]] = true
		}
	}
	plan, ok := p.done[n.Plan]
	if !ok {
		c := *n.Plan
		plan = &c
		p.done[n.Plan] = plan
		plan.Input = narrow(p.prune(n.Plan.Input, p.shared[n.Plan]), p.shared[n.Plan])
	}
	out.Plan = plan
	return out
}
