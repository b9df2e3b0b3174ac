package rule

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// infer finds the classes of columns that the cluster's inner joins make equal,
// and gives every member the constant conditions that one of them has:
// a = b and a < 5 imply b < 5.
func (c *cluster) infer() {
	parent := map[expr.ColumnID]expr.ColumnID{}
	var find func(id expr.ColumnID) expr.ColumnID
	find = func(id expr.ColumnID) expr.ColumnID {
		if p, ok := parent[id]; ok && p != id {
			root := find(p)
			parent[id] = root
			return root
		}
		return id
	}
	for _, cond := range c.conds {
		if a, b := c.equal(cond.expr); a != nil {
			ra, rb := find(a.ID), find(b.ID)
			parent[ra], parent[rb] = rb, rb
		}
	}
	members := map[expr.ColumnID][]*expr.Column{}
	class := map[expr.ColumnID]int{}
	var rest []condition
	for _, cond := range c.conds {
		a, b := c.equal(cond.expr)
		if a == nil {
			rest = append(rest, cond)
			continue
		}
		root := find(a.ID)
		for _, m := range []*expr.Column{a, b} {
			if !hasColumn(members[root], m.ID) {
				members[root] = append(members[root], m)
			}
		}
		if _, ok := class[root]; !ok {
			class[root] = len(class)
		}
	}
	// Every pair of members is an edge: any join order finds an equality to use.
	for root, list := range members {
		for i, a := range list {
			for _, b := range list[i+1:] {
				e := expr.Compare(expr.OpEq, a, b)
				rest = append(rest, condition{expr: e, leaves: c.leavesOf(e), class: class[root]})
			}
		}
		c.spread(list)
	}
	c.conds = sortConditions(rest)
}

// sortConditions makes the order independent of map iteration: inferred
// equalities by class and columns, all others first, as they came.
func sortConditions(in []condition) []condition {
	var out []condition
	for _, x := range in {
		if x.class < 0 {
			out = append(out, x)
		}
	}
	var eq []condition
	for _, x := range in {
		if x.class >= 0 {
			eq = append(eq, x)
		}
	}
	key := func(x condition) [2]expr.ColumnID {
		call := x.expr.(*expr.Call)
		return [2]expr.ColumnID{call.Args[0].(*expr.Column).ID, call.Args[1].(*expr.Column).ID}
	}
	for i := 1; i < len(eq); i++ {
		for j := i; j > 0; j-- {
			a, b := key(eq[j-1]), key(eq[j])
			if a[0] < b[0] || a[0] == b[0] && a[1] <= b[1] {
				break
			}
			eq[j-1], eq[j] = eq[j], eq[j-1]
		}
	}
	return append(out, eq...)
}

func hasColumn(list []*expr.Column, id expr.ColumnID) bool {
	for _, m := range list {
		if m.ID == id {
			return true
		}
	}
	return false
}

// equal takes "column = column" over two inner leaves apart.
func (c *cluster) equal(e expr.Expr) (a, b *expr.Column) {
	call, ok := e.(*expr.Call)
	if !ok || call.Name != expr.OpEq {
		return nil, nil
	}
	a, aok := call.Args[0].(*expr.Column)
	b, bok := call.Args[1].(*expr.Column)
	if !aok || !bok || !a.Typ.Equal(b.Typ) {
		return nil, nil
	}
	i, iok := c.owner[a.ID]
	j, jok := c.owner[b.ID]
	if !iok || !jok || i == j || c.leaves[i].join != nil || c.leaves[j].join != nil {
		return nil, nil
	}
	return a, b
}

// spread copies constant conditions on one member to the leaves of the others.
func (c *cluster) spread(members []*expr.Column) {
	p := &pusher{ids: c.o.ids, done: map[*logical.Shared]*logical.Shared{}}
	type found struct {
		from *expr.Column
		cond expr.Expr
	}
	var all []found
	for _, m := range members {
		scan, ok := c.leaves[c.owner[m.ID]].node.(*logical.Scan)
		if !ok {
			continue
		}
		for _, f := range scan.Filter {
			if used := logical.Used(f); len(used) == 1 && used[m.ID] && constantBound(f) {
				all = append(all, found{m, f})
			}
		}
	}
	for _, m := range members {
		i := c.owner[m.ID]
		var add []expr.Expr
		for _, f := range all {
			if c.owner[f.from.ID] != i {
				add = append(add, logical.Substitute(f.cond, map[expr.ColumnID]expr.Expr{f.from.ID: m}))
			}
		}
		if _, ok := c.leaves[i].node.(*logical.Scan); ok && len(add) > 0 {
			c.leaves[i].node = p.push(c.leaves[i].node, add)
		}
	}
}

// constantBound reports whether a condition bounds a column by constants, which is
// cheap to check twice.
func constantBound(e expr.Expr) bool {
	switch e := e.(type) {
	case *expr.InList:
		return !e.Negated && len(e.List) <= 16
	case *expr.Call:
		switch e.Name {
		case expr.OpEq, expr.OpLt, expr.OpLe, expr.OpGt, expr.OpGe:
			_, l := e.Args[0].(*expr.Literal)
			_, r := e.Args[1].(*expr.Literal)
			return l || r
		}
	}
	return false
}
