package rule

import (
	"maps"
	"slices"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// IDs gives out column and shared-plan IDs that a query does not use yet.
type IDs struct {
	NextColumn expr.ColumnID
	NextShared int
}

// Column is a new column.
func (i *IDs) Column(name string, t expr.Type, nullable bool) logical.Column {
	c := logical.Column{ID: i.NextColumn, Name: name, Type: t, Nullable: nullable}
	i.NextColumn++
	return c
}

// SharedID is the ID of a new shared plan.
func (i *IDs) SharedID() int {
	i.NextShared++
	return i.NextShared - 1
}

// renaming gives every column that a plan defines a new ID, in the order of the
// old ones.
func (i *IDs) renaming(n logical.Node) map[expr.ColumnID]expr.ColumnID {
	fresh := map[expr.ColumnID]expr.ColumnID{}
	for _, id := range slices.Sorted(maps.Keys(logical.Defined(n))) {
		fresh[id] = i.NextColumn
		i.NextColumn++
	}
	return fresh
}

// Inline is a copy of the plan a reference reads, with IDs of its own, that
// delivers the reference's columns.
func Inline(r *logical.Reference, ids *IDs) logical.Node {
	fresh := ids.renaming(r.Plan.Input)
	copied := logical.Rename(r.Plan.Input, func(id expr.ColumnID) expr.ColumnID {
		if to, ok := fresh[id]; ok {
			return to
		}
		return id
	})
	p := &logical.Project{Input: copied}
	for i, c := range r.Cols {
		from, _ := logical.Find(copied, fresh[r.Source[i]])
		p.Items = append(p.Items, logical.Item{Col: c, Expr: from.Ref()})
	}
	return p
}
