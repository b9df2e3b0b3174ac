package logical

import (
	"fmt"
	"strings"

	"github.com/skein-query/skein/planner/expr"
)

// Format is the plan as a tree, one node a line, shared plans after it.
func Format(n Node) string {
	p := &printer{}
	p.node(n, 0)
	for i := 0; i < len(p.shared); i++ {
		fmt.Fprintf(&p.out, "shared %d %s\n", p.shared[i].ID, p.shared[i].Name)
		p.node(p.shared[i].Input, 1)
	}
	return p.out.String()
}

type printer struct {
	out    strings.Builder
	shared []*Shared
}

func (p *printer) node(n Node, depth int) {
	p.out.WriteString(strings.Repeat("  ", depth) + p.line(n) + "\n")
	for _, in := range n.Inputs() {
		p.node(in, depth+1)
	}
}

func (p *printer) line(n Node) string {
	switch n := n.(type) {
	case *Scan:
		s := fmt.Sprintf("scan %s [%s]", n.Table.Name, columns(n.Cols))
		if len(n.Filter) > 0 {
			s += " filter " + exprs(n.Filter)
		}
		return s
	case *Values:
		return fmt.Sprintf("values %d rows [%s]", len(n.Rows), columns(n.Cols))
	case *Filter:
		return "filter " + exprs(n.Conds)
	case *Project:
		parts := make([]string, len(n.Items))
		for i, it := range n.Items {
			parts[i] = column(it.Col)
			if c, ok := it.Expr.(*expr.Column); !ok || c.ID != it.Col.ID {
				parts[i] += " := " + ids(it.Expr).String()
			}
		}
		return "project " + strings.Join(parts, ", ")
	case *Join:
		return p.join(n)
	case *Aggregate:
		parts := make([]string, len(n.Aggs))
		for i, a := range n.Aggs {
			parts[i] = column(a.Col) + " := " + MapAggregate(a.Agg, ids).String()
		}
		return fmt.Sprintf("aggregate by [%s] %s", columns(n.Groups), strings.Join(parts, ", "))
	case *Sort:
		return "sort " + expr.FormatSort(MapKeys(n.Keys, ids))
	case *Limit:
		return fmt.Sprintf("limit %d offset %d", n.Count, n.Offset)
	case *GroupTopN:
		parts := make([]string, len(n.By))
		for i, e := range n.By {
			parts[i] = ids(e).String()
		}
		return fmt.Sprintf("top %d offset %d by [%s] order %s", n.Count, n.Offset, strings.Join(parts, ", "), expr.FormatSort(MapKeys(n.Keys, ids)))
	case *Window:
		return n.line()
	case *SetOp:
		return fmt.Sprintf("%s [%s]", n.Kind, columns(n.Cols))
	case *Reference:
		known := false
		for _, s := range p.shared {
			known = known || s == n.Plan
		}
		if !known {
			p.shared = append(p.shared, n.Plan)
		}
		return fmt.Sprintf("read shared %d [%s]", n.Plan.ID, columns(n.Cols))
	}
	return fmt.Sprintf("%T", n)
}

func (p *printer) join(n *Join) string {
	s := n.Kind.String() + " join"
	if n.Dependent {
		s = "dependent " + s
	}
	if n.Kind == Mark {
		s += " " + column(n.MarkCol)
	}
	if len(n.Conds) > 0 {
		s += " on " + exprs(n.Conds)
	}
	if n.NullAware != nil {
		s += " in " + ids(n.NullAware).String()
	}
	return s
}

// ids names every column with its ID, so that two readings of a table differ.
func ids(e expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(n expr.Expr) expr.Expr {
		if c, ok := n.(*expr.Column); ok {
			d := *c
			d.Name = fmt.Sprintf("%s#%d", c.Name, c.ID)
			return &d
		}
		return n
	})
}

func column(c Column) string { return fmt.Sprintf("%s#%d", c.Name, c.ID) }

func columns(cols []Column) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = column(c)
	}
	return strings.Join(parts, ", ")
}

func exprs(list []expr.Expr) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = ids(e).String()
	}
	return strings.Join(parts, " and ")
}
