package logical

import "github.com/skein-query/skein/planner/expr"

// Set is a set of columns.
type Set map[expr.ColumnID]bool

// Add puts the columns of other sets in.
func (s Set) Add(o Set) {
	for id := range o {
		s[id] = true
	}
}

// Has reports whether all columns of o are in s.
func (s Set) Has(o Set) bool {
	for id := range o {
		if !s[id] {
			return false
		}
	}
	return true
}

// Meets reports whether s and o have a column in common.
func (s Set) Meets(o Set) bool {
	for id := range o {
		if s[id] {
			return true
		}
	}
	return false
}

// Output is the set of columns that n delivers.
func Output(n Node) Set {
	s := Set{}
	for _, c := range n.Columns() {
		s[c.ID] = true
	}
	return s
}

// Used is the set of columns in an expression.
func Used(e expr.Expr) Set {
	s := Set{}
	expr.Columns(e, s)
	return s
}

// Free is the set of columns that the plan uses but that nothing in it delivers:
// what it is correlated by.
func Free(n Node) Set {
	free := Set{}
	defined := Set{}
	Walk(n, func(n Node) bool {
		defines(n, defined)
		if a, ok := n.(*Aggregate); ok {
			for _, g := range a.Groups {
				free[g.ID] = true
			}
		}
		if s, ok := n.(*SetOp); ok {
			for _, m := range s.Maps {
				for _, id := range m {
					free[id] = true
				}
			}
		}
		Exprs(n, func(e expr.Expr) { expr.Columns(e, free) })
		return true
	})
	for id := range defined {
		delete(free, id)
	}
	return free
}

// defines adds the columns that n delivers for the first time; what it passes on
// is defined below it.
func defines(n Node, set Set) {
	switch n := n.(type) {
	case *Scan, *Values, *Project, *SetOp, *Reference:
		for _, c := range n.Columns() {
			set[c.ID] = true
		}
	case *Aggregate:
		for _, a := range n.Aggs {
			set[a.Col.ID] = true
		}
	case *Window:
		for _, c := range n.Calls {
			set[c.Col.ID] = true
		}
	case *Join:
		if n.Kind == Mark {
			set[n.MarkCol.ID] = true
		}
	}
}

// Substitute replaces columns in an expression; columns not in the map stay.
func Substitute(e expr.Expr, by map[expr.ColumnID]expr.Expr) expr.Expr {
	if len(by) == 0 {
		return e
	}
	return expr.Rewrite(e, func(n expr.Expr) expr.Expr {
		if c, ok := n.(*expr.Column); ok {
			if to, ok := by[c.ID]; ok {
				return to
			}
		}
		return n
	})
}

// Find is the column with that ID among those n delivers.
func Find(n Node, id expr.ColumnID) (Column, bool) {
	for _, c := range n.Columns() {
		if c.ID == id {
			return c, true
		}
	}
	return Column{}, false
}
