package logical

import (
	"fmt"
	"strings"

	"github.com/skein-query/skein/planner/expr"
)

// Window computes window functions over partitions of its input: rows that are equal in
// Partition (NULLs are), in the order of Order. It delivers the columns of its input, then
// Calls; in which order rows come is open, and so is the order of rows that are equal by
// Order, but one for all Calls. Without Partition all rows are one partition.
//
// Partition, the keys of Order and all the calls read are columns or literals.
type Window struct {
	Input     Node
	Partition []expr.Expr // columns
	Order     []expr.SortKey
	Calls     []WindowItem
}

// WindowItem is a window function's call and the column it delivers.
type WindowItem struct {
	Col  Column
	Call expr.Window
}

// Columns of a window are those of its input, then its calls.
func (n *Window) Columns() []Column {
	out := append([]Column(nil), n.Input.Columns()...)
	for _, c := range n.Calls {
		out = append(out, c.Col)
	}
	return out
}

// Inputs is the one input.
func (n *Window) Inputs() []Node { return []Node{n.Input} }

func (*Window) sealed() {}

func (n *Window) exprs(visit func(expr.Expr)) {
	for _, e := range n.Partition {
		visit(e)
	}
	for _, k := range n.Order {
		visit(k.Expr)
	}
	for _, c := range n.Calls {
		for _, e := range c.Call.Args {
			visit(e)
		}
		if c.Call.Filter != nil {
			visit(c.Call.Filter)
		}
	}
}

func (n *Window) mapExprs(f func(expr.Expr) expr.Expr) *Window {
	out := &Window{Input: n.Input, Order: MapKeys(n.Order, f), Partition: make([]expr.Expr, len(n.Partition)), Calls: make([]WindowItem, len(n.Calls))}
	for i, e := range n.Partition {
		out.Partition[i] = f(e)
	}
	for i, c := range n.Calls {
		out.Calls[i] = WindowItem{c.Col, expr.MapWindow(c.Call, f)}
	}
	return out
}

// PartitionColumns is the set of the columns that divide the rows.
func (n *Window) PartitionColumns() Set {
	s := Set{}
	for _, e := range n.Partition {
		expr.Columns(e, s)
	}
	return s
}

func (n *Window) line() string {
	by, calls := make([]string, len(n.Partition)), make([]string, len(n.Calls))
	for i, e := range n.Partition {
		by[i] = ids(e).String()
	}
	for i, c := range n.Calls {
		calls[i] = column(c.Col) + " := " + expr.MapWindow(c.Call, ids).String()
	}
	return fmt.Sprintf("window by [%s] order [%s] %s", strings.Join(by, ", "), expr.FormatSort(MapKeys(n.Order, ids)), strings.Join(calls, ", "))
}
