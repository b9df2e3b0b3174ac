package distribute

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// window stays where its sort has brought whole partitions together. Without partitions
// all rows are one: a sort that is divided by ranges comes in order when it is gathered.
func (d *distributor) window(n *physical.Window) (physical.Node, spread) {
	in, at := d.drive(d.node(n.Input))
	if len(n.Partition) == 0 {
		in, at = d.gather(in, at), spread{}
	}
	return physical.WithInputs(n, []physical.Node{in}), at
}

// wholeSort is a sort that keeps groups together: they are divided by their keys.
func (d *distributor) wholeSort(n *physical.Sort) (physical.Node, spread) {
	in, at := d.drive(d.node(n.Input))
	keys := make([]expr.Expr, n.Whole)
	for i, k := range n.Keys[:n.Whole] {
		keys[i] = k.Expr
	}
	switch {
	case at.kind == single, at.kind == byKeys && subset(at.keys, keys), at.kind == divided && d.untorn(in, keys):
		return physical.WithInputs(n, []physical.Node{in}), at
	case d.few(in):
		return physical.WithInputs(n, []physical.Node{d.gather(in, at)}), spread{}
	}
	return physical.WithInputs(n, []physical.Node{d.split(in, at, keys)}), spread{kind: byKeys, keys: keys}
}
