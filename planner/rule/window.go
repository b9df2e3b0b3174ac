package rule

import (
	"slices"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// window drops the calls that nobody reads, and the node with the last of them.
func (p *pruner) window(n *logical.Window, need logical.Set) logical.Node {
	out := &logical.Window{Partition: n.Partition, Order: n.Order}
	for _, c := range n.Calls {
		if need[c.Col.ID] {
			out.Calls = append(out.Calls, c)
		}
	}
	if len(out.Calls) == 0 {
		return p.prune(n.Input, need)
	}
	var used []expr.Expr
	logical.Exprs(out, func(e expr.Expr) { used = append(used, e) })
	out.Input = p.prune(n.Input, with2(need, used))
	return out
}

// window lets conditions on the columns of Partition below: they keep whole partitions.
//
//	select * from (select a, row_number() over (partition by a order by b) n from t) x
//	where a = 5 and n <= 3
//
// The rows of one partition that a condition keeps by anything else would be another
// partition for the functions. What bounds a rank lets only the first rows of every
// partition through to them (firstRanks).
func (p *pusher) window(n *logical.Window, conds []expr.Expr) logical.Node {
	by := n.PartitionColumns()
	var below, above []expr.Expr
	for _, c := range conds {
		if used := logical.Used(c); len(used) > 0 && by.Has(used) && !isVolatile(c) && !expr.CanFail(c) {
			below = append(below, c)
		} else {
			above = append(above, c)
		}
	}
	out := *n
	out.Input = p.push(n.Input, below)
	if most, ok := firstRanks(n, above); ok {
		out.Input = firstRows(out.Input, n, most)
	}
	return filter(&out, above)
}

// maxFirstRanks is the most rows of a partition that are picked before they are ranked.
const maxFirstRanks = 10_000

// firstRows lets so many rows of every partition through, by the window's order.
func firstRows(in logical.Node, n *logical.Window, most int64) logical.Node {
	if len(n.Partition) == 0 {
		return &logical.Limit{Input: &logical.Sort{Input: in, Keys: n.Order}, Count: most}
	}
	return &logical.GroupTopN{Input: in, By: n.Partition, Keys: n.Order, Count: most}
}

// firstRanks is how many rows of a partition conditions on its row numbers can keep: k
// where they keep row_number() <= k, if no other call of the node sees the rows behind.
//
// It does not apply to rank(), where more than k rows may have the first k ranks, and not
// to rows without an order, which are those that come first.
func firstRanks(n *logical.Window, conds []expr.Expr) (int64, bool) {
	if len(n.Order) == 0 {
		return 0, false
	}
	for _, c := range n.Calls {
		if !looksBack(c.Call) {
			return 0, false
		}
	}
	most := int64(maxFirstRanks + 1)
	for _, cond := range conds {
		for _, c := range n.Calls {
			if bound, ok := upperBound(cond, c.Col.ID); ok && c.Call.Func == "row_number" {
				most = min(most, bound)
			}
		}
	}
	return max(most, 0), most <= maxFirstRanks
}

// looksBack reports whether a call's value depends on its row and rows before it only.
func looksBack(w expr.Window) bool {
	switch w.Func {
	case "row_number", "rank", "dense_rank":
		return true
	case "lag":
		if len(w.Args) == 1 {
			return true
		}
		l, ok := w.Args[1].(*expr.Literal)
		return ok && l.Value.I >= 0
	case "percent_rank", "cume_dist", "ntile", "lead":
		return false
	}
	return w.Frame.Mode == expr.FrameRows && w.Frame.End.Kind <= expr.CurrentRow
}

// upperBound is the greatest value that a condition lets an integer column have.
func upperBound(cond expr.Expr, id expr.ColumnID) (int64, bool) {
	call, ok := cond.(*expr.Call)
	if !ok || len(call.Args) != 2 {
		return 0, false
	}
	op, column, literal := call.Name, call.Args[0], call.Args[1]
	if _, turned := column.(*expr.Literal); turned {
		column, literal = literal, column
		op = map[string]string{expr.OpGt: expr.OpLt, expr.OpGe: expr.OpLe, expr.OpEq: expr.OpEq}[op]
	}
	c, isColumn := column.(*expr.Column)
	l, isLiteral := literal.(*expr.Literal)
	if !isColumn || !isLiteral || c.ID != id || l.Value.Null || !l.Typ.IsInteger() {
		return 0, false
	}
	switch op {
	case expr.OpLe, expr.OpEq:
		return l.Value.I, true
	case expr.OpLt:
		return l.Value.I - 1, l.Value.I > 0
	}
	return 0, false
}

// window divides by the tied columns as well: every combination of outer values has
// partitions of its own.
func (u *unnester) window(n *logical.Window, outer logical.Set, domain domainFunc) (logical.Node, ties) {
	in, t := u.decorrelate(n.Input, outer, domain)
	if in == nil {
		return nil, t
	}
	var values []expr.Expr
	used := logical.Set{}
	logical.Exprs(n, func(e expr.Expr) {
		values = append(values, e)
		expr.Columns(e, used)
	})
	in, t, ok := u.tieMissing(in, t, used, outer, values, domain)
	if !ok {
		return nil, t
	}
	by := t.substitution()
	out := logical.MapExprs(n, func(e expr.Expr) expr.Expr { return logical.Substitute(e, by) }).(*logical.Window)
	out.Input = in
	out.Partition = slices.Clone(out.Partition)
	have := out.PartitionColumns()
	for _, c := range t.columns() {
		if !have[c.ID] {
			have[c.ID] = true
			out.Partition = append(out.Partition, c.Ref())
		}
	}
	return out, t
}
