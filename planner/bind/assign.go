package bind

import (
	"context"
	"slices"
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// Assign gives the rows of a plan that was not bound here the columns of the table that
// they are written into, as INSERT does: columns are the names that the rows' columns
// have there, whatever the case; they are cast by assignment, and the others get their
// defaults.
func Assign(ctx context.Context, q *Query, columns []string, t Target, opt Options) (*Query, error) {
	b := &binder{ctx: ctx, opt: opt, lastID: q.Next - 1, lastShared: q.Shared - 1}
	in := &inserting{b: b, target: t}
	for _, name := range columns {
		at, err := fieldOf(t, name)
		if err != nil {
			return nil, err
		}
		if slices.Contains(in.columns, at) {
			return nil, sqlerr.New(sqlerr.DuplicateColumn, "column %q specified more than once", t.Fields[at].Name)
		}
		in.columns = append(in.columns, at)
	}
	rows := relation{plan: q.Plan}
	have := q.Plan.Columns()
	for _, id := range q.Output {
		for _, c := range have {
			if c.ID == id {
				rows.cols = append(rows.cols, c)
				break
			}
		}
	}
	r, err := in.assign(rows)
	if err != nil {
		return nil, err
	}
	out := &Query{Plan: r.plan, Params: q.Params, Next: b.lastID + 1, Shared: b.lastShared + 1, Clock: b.clock}
	for _, c := range r.cols {
		out.Names, out.Output = append(out.Names, c.Name), append(out.Output, c.ID)
	}
	return out, nil
}

// fieldOf is the field of a name, or the only one whose name differs in case.
func fieldOf(t Target, name string) (int, error) {
	folded := -1
	var names []string
	for i, f := range t.Fields {
		names = append(names, f.Name)
		switch {
		case f.Name == name:
			return i, nil
		case !strings.EqualFold(f.Name, name):
		case folded >= 0:
			return 0, sqlerr.New(sqlerr.AmbiguousColumn, "column %q of relation %q is ambiguous", name, t.Name)
		default:
			folded = i
		}
	}
	if folded < 0 {
		return 0, sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", name, t.Name).
			WithHint("%s", sqlerr.DidYouMean(name, names))
	}
	return folded, nil
}

// ColumnsOf are the fields of a table that names mean, whatever the case, in their order.
func ColumnsOf(t Target, names []string) ([]expr.Field, error) {
	out := make([]expr.Field, len(names))
	for i, name := range names {
		at, err := fieldOf(t, name)
		if err != nil {
			return nil, err
		}
		out[i] = t.Fields[at]
	}
	return out, nil
}
