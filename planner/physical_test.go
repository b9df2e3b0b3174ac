package planner

import (
	"fmt"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// checkPhysical reports the first expression that reads a column its input does
// not have, or has as another type.
func checkPhysical(root physical.Node) error {
	var err error
	physical.Walk(root, func(n physical.Node) bool {
		for _, u := range uses(n) {
			for _, e := range u.exprs {
				expr.Walk(e, func(x expr.Expr) bool {
					c, ok := x.(*expr.Column)
					switch {
					case !ok || err != nil:
					case c.ID < 0 || int(c.ID) >= len(u.fields):
						err = fmt.Errorf("%s: column %s has ordinal %d of %d", physical.Line(n), c.Name, c.ID, len(u.fields))
					case !u.fields[c.ID].Type.Equal(c.Typ):
						err = fmt.Errorf("%s: column %s is %s, used as %s", physical.Line(n), c.Name, u.fields[c.ID].Type, c.Typ)
					}
					return err == nil
				})
			}
		}
		return err == nil
	})
	return err
}

// use is expressions and the columns they may read.
type use struct {
	fields []expr.Field
	exprs  []expr.Expr
}

func uses(n physical.Node) []use {
	var fields []expr.Field
	for _, in := range n.Inputs() {
		fields = append(fields, in.Schema()...)
	}
	switch n := n.(type) {
	case *physical.Scan:
		return []use{{n.Fields, n.Filter}}
	case *physical.Filter:
		return []use{{fields, n.Conjuncts}}
	case *physical.Project:
		return []use{{fields, n.Exprs}}
	case *physical.Sort:
		return []use{{fields, keyExprs(n.Keys)}}
	case *physical.TopN:
		return []use{{fields, keyExprs(n.Keys)}}
	case *physical.GroupTopN:
		return []use{{fields, append(keyExprs(n.Keys), n.By...)}}
	case *physical.Aggregate:
		list := append([]expr.Expr(nil), n.Groups...)
		for _, a := range n.Aggs {
			list = append(append(list, a.Args...), keyExprs(a.Order)...)
			if a.Filter != nil {
				list = append(list, a.Filter)
			}
		}
		return []use{{fields, list}}
	case *physical.HashJoin:
		out := []use{{n.Probe.Schema(), n.ProbeKeys}, {n.Build.Schema(), n.BuildKeys}}
		if n.Residual != nil {
			out = append(out, use{fields, []expr.Expr{n.Residual}})
		}
		return out
	case *physical.NestedLoopJoin:
		var list []expr.Expr
		for _, e := range []expr.Expr{n.Cond, n.NullAware} {
			if e != nil {
				list = append(list, e)
			}
		}
		return []use{{fields, list}}
	}
	return nil
}

func keyExprs(keys []expr.SortKey) []expr.Expr {
	var out []expr.Expr
	for _, k := range keys {
		out = append(out, k.Expr)
	}
	return out
}
