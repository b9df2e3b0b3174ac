package physical

import "github.com/skein-query/skein/planner/expr"

// Volatile reports whether rows of n, read twice, may differ. What is below an Exchange
// is not looked at: it is read once.
func Volatile(n Node) bool {
	found := false
	see := func(list ...expr.Expr) {
		for _, e := range list {
			found = found || e != nil && expr.VolatilityOf(e) == expr.Volatile
		}
	}
	keys := func(list []expr.SortKey) {
		for _, k := range list {
			see(k.Expr)
		}
	}
	Walk(n, func(n Node) bool {
		switch n := n.(type) {
		case *Exchange:
			return false
		case *Scan:
			see(n.Filter...)
		case *Filter:
			see(n.Conjuncts...)
		case *Project:
			see(n.Exprs...)
		case *Sort:
			keys(n.Keys)
		case *TopN:
			keys(n.Keys)
		case *GroupTopN:
			see(n.By...)
			keys(n.Keys)
		case *Window:
			see(n.Exprs()...)
		case *HashJoin:
			see(n.Residual)
			see(n.ProbeKeys...)
			see(n.BuildKeys...)
		case *NestedLoopJoin:
			see(n.Cond, n.NullAware)
		case *Aggregate:
			see(n.Groups...)
			for _, a := range n.Aggs {
				see(a.Filter)
				see(a.Args...)
				keys(a.Order)
			}
		}
		return true
	})
	return found
}
