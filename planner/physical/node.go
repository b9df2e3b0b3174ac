package physical

import "github.com/skein-query/skein/planner/expr"

// Node is an operator of a physical plan: one of the structs of this package.
type Node interface {
	// Schema is the columns the operator gives out.
	Schema() []expr.Field
	// Inputs are the operators below, in order (joins: probe, build).
	Inputs() []Node
	// Rows is the estimated number of rows given out.
	Rows() float64
	sealed()
}

// Est is what the optimizer expects of a node's output.
type Est struct {
	RowCount float64
}

// Rows is the estimated row count.
func (e Est) Rows() float64 { return e.RowCount }

// Filter passes the rows on which every conjunct is true. Conjuncts run in order;
// those that can fail stand last.
type Filter struct {
	Est
	Input     Node
	Conjuncts []expr.Expr
}

// Project computes one output column per expression.
type Project struct {
	Est
	Input Node
	Exprs []expr.Expr
	Names []string
}

// Limit passes Count rows (all when Count is negative) after skipping Offset.
type Limit struct {
	Est
	Input         Node
	Offset, Count int64
}

// Sort orders all rows by Keys, ties in no particular order.
//
// With Whole it is rows that are equal in the first Whole keys that come out in order,
// one behind the other and from one instance: which of several, and in which order those
// groups come, is open.
type Sort struct {
	Est
	Input Node
	Keys  []expr.SortKey
	Whole int
}

// TopN is Sort and Limit in one, keeping Offset+Count rows.
type TopN struct {
	Est
	Input         Node
	Keys          []expr.SortKey
	Offset, Count int64
	// RuntimeFilter is the ID of the filter that it publishes once it has as many rows as
	// it keeps: which values of the first key a row may still have; 0: none.
	RuntimeFilter int
}

// GroupTopN gives out, of every group of rows that are equal in By (NULLs are), those that
// Keys rank after Offset, Count of them (negative: all), in no particular order. Ties are
// ranked in no particular order.
type GroupTopN struct {
	Est
	Input         Node
	By            []expr.Expr // columns
	Keys          []expr.SortKey
	Offset, Count int64
}

// Union gives out the rows of all inputs, duplicates kept, in any order. All
// inputs have the types of Fields.
type Union struct {
	Est
	All    []Node
	Fields []expr.Field
}

// SetKind is what a SetOp computes.
type SetKind uint8

// The kinds. With duplicates (SetOp.All) a row that stands m times left and n
// times right comes min(m,n) times out of Intersect, max(m-n,0) out of Except.
const (
	Intersect SetKind = iota
	Except
)

// SetOp is INTERSECT [ALL] or EXCEPT [ALL] over rows; NULLs count as equal.
type SetOp struct {
	Est
	Kind        SetKind
	All         bool
	Left, Right Node
	Fields      []expr.Field
}

// Values gives out constant rows.
type Values struct {
	Est
	Tuples [][]expr.Value
	Fields []expr.Field
}

// Shared stands for a subplan that several places of the plan read; see the
// package's invariant 4.
type Shared struct {
	ID    int
	Input Node

	fields []expr.Field // of Input, when NewShared made it
}

// NewShared makes a shared subplan that knows its schema. One that does not asks its
// input for it every time, which takes twice as long for each of a chain of subplans
// that read the last one twice.
func NewShared(id int, input Node) *Shared {
	return &Shared{ID: id, Input: input, fields: input.Schema()}
}

func (n *Filter) Schema() []expr.Field { return n.Input.Schema() }
func (n *Project) Schema() []expr.Field {
	out := make([]expr.Field, len(n.Exprs))
	for i, e := range n.Exprs {
		out[i] = expr.Field{Name: n.Names[i], Type: e.Type(), Nullable: true}
		if c, ok := e.(*expr.Column); ok {
			out[i].Nullable = c.Nullable
		}
	}
	return out
}
func (n *Limit) Schema() []expr.Field { return n.Input.Schema() }
func (n *Sort) Schema() []expr.Field  { return n.Input.Schema() }

// TopBounds reports whether a TopN whose first key is of type t can publish a filter.
func TopBounds(t expr.Type) bool {
	switch t.Kind {
	case expr.Int2, expr.Int4, expr.Int8, expr.Date, expr.Time, expr.Timestamp, expr.TimestampTZ:
		return true
	}
	return t.Kind == expr.Numeric && !t.IsWide()
}

func (n *TopN) Schema() []expr.Field { return n.Input.Schema() }
func (n *GroupTopN) Schema() []expr.Field {
	return n.Input.Schema()
}
func (n *Union) Schema() []expr.Field  { return n.Fields }
func (n *SetOp) Schema() []expr.Field  { return n.Fields }
func (n *Values) Schema() []expr.Field { return n.Fields }
func (n *Shared) Schema() []expr.Field {
	if n.fields != nil {
		return n.fields
	}
	return n.Input.Schema()
}
func (n *Shared) Rows() float64 { return n.Input.Rows() }

func (n *Filter) Inputs() []Node  { return []Node{n.Input} }
func (n *Project) Inputs() []Node { return []Node{n.Input} }
func (n *Limit) Inputs() []Node   { return []Node{n.Input} }
func (n *Sort) Inputs() []Node    { return []Node{n.Input} }
func (n *TopN) Inputs() []Node    { return []Node{n.Input} }
func (n *GroupTopN) Inputs() []Node {
	return []Node{n.Input}
}
func (n *Union) Inputs() []Node  { return n.All }
func (n *SetOp) Inputs() []Node  { return []Node{n.Left, n.Right} }
func (n *Values) Inputs() []Node { return nil }
func (n *Shared) Inputs() []Node { return []Node{n.Input} }

func (*Filter) sealed()         {}
func (*Project) sealed()        {}
func (*Limit) sealed()          {}
func (*Sort) sealed()           {}
func (*TopN) sealed()           {}
func (*GroupTopN) sealed()      {}
func (*Union) sealed()          {}
func (*SetOp) sealed()          {}
func (*Values) sealed()         {}
func (*Shared) sealed()         {}
func (*Scan) sealed()           {}
func (*HashJoin) sealed()       {}
func (*NestedLoopJoin) sealed() {}
func (*Aggregate) sealed()      {}
func (*Exchange) sealed()       {}
func (*Receive) sealed()        {}

// Walk calls visit for n and every node below it, parents first, each Shared
// subplan once; visit returns false to skip what is below.
func Walk(n Node, visit func(Node) bool) { walk(n, visit, map[int]bool{}) }

func walk(n Node, visit func(Node) bool, seen map[int]bool) {
	if s, ok := n.(*Shared); ok {
		if seen[s.ID] {
			return
		}
		seen[s.ID] = true
	}
	if !visit(n) {
		return
	}
	for _, in := range n.Inputs() {
		walk(in, visit, seen)
	}
}
