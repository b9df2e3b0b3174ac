package physical

import (
	"strings"

	"github.com/skein-query/skein/planner/expr"
)

// Window computes window functions. Its input comes partition by partition, rows of a
// partition in order: out of a Sort by the columns of Partition and then by Order, which
// may go on with other keys, or of another Window over one. Its output is the columns of
// the input, in the same order, and a column for each call.
//
// Partition, the keys of Order and all the calls read are columns or literals.
type Window struct {
	Est
	Input     Node
	Partition []expr.Expr // columns
	Order     []expr.SortKey
	Calls     []expr.Window
	Names     []string // of the calls
}

// Schema is the input's columns and the calls.
func (n *Window) Schema() []expr.Field {
	in := n.Input.Schema()
	out := append(make([]expr.Field, 0, len(in)+len(n.Calls)), in...)
	for i, c := range n.Calls {
		out = append(out, expr.Field{Name: n.Names[i], Type: c.Typ, Nullable: c.NullsPossible()})
	}
	return out
}

// Inputs is the one input.
func (n *Window) Inputs() []Node { return []Node{n.Input} }

func (*Window) sealed() {}

// Exprs are the expressions of the node.
func (n *Window) Exprs() []expr.Expr {
	out := append([]expr.Expr(nil), n.Partition...)
	for _, k := range n.Order {
		out = append(out, k.Expr)
	}
	for _, c := range n.Calls {
		out = append(out, c.Args...)
		if c.Filter != nil {
			out = append(out, c.Filter)
		}
	}
	return out
}

// Divides reports whether column ord of the output is one that partitions are made by.
func (n *Window) Divides(ord int) bool {
	for _, e := range n.Partition {
		if c, ok := e.(*expr.Column); ok && int(c.ID) == ord {
			return true
		}
	}
	return false
}

func (n *Window) line() string {
	calls := make([]string, len(n.Calls))
	for i, c := range n.Calls {
		calls[i] = c.String()
	}
	s := "Window"
	if len(n.Partition) > 0 {
		s += " by " + list(n.Partition, ", ")
	}
	if len(n.Order) > 0 {
		s += " order " + expr.FormatSort(n.Order)
	}
	return s + ": " + strings.Join(calls, ", ")
}
