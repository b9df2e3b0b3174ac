package rule

import (
	"github.com/skein-query/skein/planner/logical"
)

// InlineSingle replaces references to shared plans that are read only once by the
// plan itself, so that conditions and column pruning reach into it.
func InlineSingle(n logical.Node, ids *IDs) logical.Node {
	for {
		count := map[*logical.Shared]int{}
		logical.Walk(n, func(n logical.Node) bool {
			if r, ok := n.(*logical.Reference); ok {
				count[r.Plan]++
			}
			return true
		})
		changed := false
		n = logical.Rewrite(n, func(n logical.Node) logical.Node {
			r, ok := n.(*logical.Reference)
			if !ok || count[r.Plan] != 1 {
				return n
			}
			changed = true
			p := &logical.Project{Input: r.Plan.Input}
			for i, c := range r.Cols {
				from, _ := logical.Find(r.Plan.Input, r.Source[i])
				p.Items = append(p.Items, logical.Item{Col: c, Expr: from.Ref()})
			}
			return p
		})
		if !changed {
			return n
		}
	}
}
