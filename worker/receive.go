package worker

import (
	"context"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight/exchange"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// receive is the leaf operator over one partition of an edge, wherever its pieces are.
type receive struct {
	node *physical.Receive
	from *exchange.Merged
}

func (r *receive) Schema() []expr.Field { return r.node.Fields }

// Next checks that what has come has the plan's columns: a frame says its kinds
// itself.
func (r *receive) Next(ctx context.Context) (*vector.Batch, error) {
	b, err := r.from.Next(ctx)
	if err != nil {
		return nil, err
	}
	if err := fitAll(b.Cols, r.node.Fields); err != nil {
		b.Release()
		return nil, sqlerr.Wrap(err, "edge %d", r.node.Edge)
	}
	return b, nil
}

func (r *receive) Close() error {
	r.from.Close()
	return nil
}

// fitAll reports columns that are not laid out as their types want.
func fitAll(cols []vector.Column, fields []expr.Field) error {
	if len(cols) != len(fields) {
		return sqlerr.New(sqlerr.DataCorrupted, "a batch has %d columns, not %d", len(cols), len(fields))
	}
	for i := range cols {
		if !fits(&cols[i], fields[i].Type) {
			return sqlerr.New(sqlerr.DataCorrupted, "column %s is of kind %s, not %s", fields[i].Name, cols[i].Kind, fields[i].Type)
		}
	}
	return nil
}

func fits(c *vector.Column, t expr.Type) bool {
	if c.Dict != nil {
		c = &c.Dict.Values
	}
	switch t.Kind {
	case expr.List:
		return c.Kind == vector.List && len(c.Children) == 1 && fits(&c.Children[0], t.Nested.Elem)
	case expr.Map:
		return c.Kind == vector.List && len(c.Children) == 1 && c.Children[0].Kind == vector.Struct &&
			fitAll(c.Children[0].Children, t.Nested.Fields) == nil
	case expr.Struct:
		return c.Kind == vector.Struct && fitAll(c.Children, t.Nested.Fields) == nil
	case expr.Numeric:
		return c.Kind == vector.Int64 || c.Kind == vector.Int128 && t.IsWide()
	}
	return c.Kind == eval.Layout(t)
}
