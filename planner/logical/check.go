package logical

import (
	"fmt"

	"github.com/skein-query/skein/planner/expr"
)

// Check reports the first place where a plan breaks the package's invariants: a
// column is used that nothing below delivers, a node delivers one ID twice, the
// two sides of a set operation do not fit, a correlation stands where no Dependent
// join gives it values. Tests run it after every rule.
func Check(n Node) error {
	c := &checker{seen: map[*Shared]bool{}}
	return c.node(n, Set{})
}

type checker struct {
	seen map[*Shared]bool
}

// node checks n, whose expressions may use the columns of outer besides those of
// its inputs.
func (c *checker) node(n Node, outer Set) error {
	below := Set{}
	for i, in := range n.Inputs() {
		around := outer
		if j, ok := n.(*Join); ok && i == 1 && j.Dependent {
			around = Set{}
			around.Add(outer)
			around.Add(Output(j.Left))
		}
		if err := c.node(in, around); err != nil {
			return err
		}
		for _, col := range in.Columns() {
			if _, join := n.(*Join); join && below[col.ID] {
				return fault(n, "both sides deliver column %d", col.ID)
			}
			below[col.ID] = true
		}
	}
	if s, ok := n.(*Scan); ok {
		below = Output(s)
	}
	if err := c.uses(n, below, outer); err != nil {
		return err
	}
	if err := once(n); err != nil {
		return err
	}
	switch n := n.(type) {
	case *Aggregate:
		for _, g := range n.Groups {
			if !below[g.ID] {
				return fault(n, "group column %d is not delivered below", g.ID)
			}
		}
	case *SetOp:
		return checkSetOp(n)
	case *Reference:
		return c.reference(n, outer)
	case *Scan:
		if len(n.Fields) != len(n.Cols) {
			return fault(n, "%d fields for %d columns", len(n.Fields), len(n.Cols))
		}
	case *Values:
		for _, r := range n.Rows {
			if len(r) != len(n.Cols) {
				return fault(n, "a row of %d values for %d columns", len(r), len(n.Cols))
			}
		}
	}
	return nil
}

// uses checks the columns in n's own expressions: that they are there, and that
// both ends agree on their type.
func (c *checker) uses(n Node, below, outer Set) error {
	types := map[expr.ColumnID]expr.Type{}
	delivered := func(n Node) {
		for _, col := range n.Columns() {
			types[col.ID] = col.Type
		}
	}
	for _, in := range n.Inputs() {
		delivered(in)
	}
	if _, ok := n.(*Scan); ok {
		delivered(n)
	}
	var err error
	Exprs(n, func(e expr.Expr) {
		expr.Walk(e, func(x expr.Expr) bool {
			col, ok := x.(*expr.Column)
			switch {
			case !ok || err != nil:
			case !below[col.ID] && !outer[col.ID]:
				err = fault(n, "column %s#%d is not delivered below", col.Name, col.ID)
			case below[col.ID] && !types[col.ID].Equal(col.Typ):
				err = fault(n, "column %s#%d is of type %s, used as %s", col.Name, col.ID, types[col.ID], col.Typ)
			}
			return err == nil
		})
	})
	return err
}

// once checks that n delivers no ID twice.
func once(n Node) error {
	seen := Set{}
	for _, col := range n.Columns() {
		if seen[col.ID] {
			return fault(n, "delivers column %s#%d twice", col.Name, col.ID)
		}
		seen[col.ID] = true
	}
	return nil
}

func checkSetOp(n *SetOp) error {
	if len(n.Maps) != len(n.Args) {
		return fault(n, "%d maps for %d inputs", len(n.Maps), len(n.Args))
	}
	for i, m := range n.Maps {
		if len(m) != len(n.Cols) {
			return fault(n, "input %d gives %d columns, not %d", i, len(m), len(n.Cols))
		}
		for j, id := range m {
			col, ok := Find(n.Args[i], id)
			if !ok {
				return fault(n, "input %d lacks column %d", i, id)
			}
			if !col.Type.Equal(n.Cols[j].Type) {
				return fault(n, "column %d is %s, of input %d %s", j, n.Cols[j].Type, i, col.Type)
			}
		}
	}
	return nil
}

func (c *checker) reference(n *Reference, outer Set) error {
	if len(n.Source) != len(n.Cols) {
		return fault(n, "%d sources for %d columns", len(n.Source), len(n.Cols))
	}
	for i, id := range n.Source {
		col, ok := Find(n.Plan.Input, id)
		if !ok {
			return fault(n, "the shared plan lacks column %d", id)
		}
		if !col.Type.Equal(n.Cols[i].Type) {
			return fault(n, "column %d is %s, in the shared plan %s", i, n.Cols[i].Type, col.Type)
		}
	}
	if c.seen[n.Plan] {
		return nil
	}
	c.seen[n.Plan] = true
	return c.node(n.Plan.Input, outer)
}

// Dependent reports whether a dependent join is left in a plan.
func Dependent(n Node) bool {
	found := false
	Walk(n, func(n Node) bool {
		j, ok := n.(*Join)
		found = found || ok && j.Dependent
		return !found
	})
	return found
}

func fault(n Node, format string, args ...any) error {
	return fmt.Errorf("%s: %s", (&printer{}).line(n), fmt.Sprintf(format, args...))
}
