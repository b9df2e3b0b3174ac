package logical

import "github.com/skein-query/skein/planner/expr"

// Column is an output column of a node.
type Column struct {
	ID       expr.ColumnID
	Name     string
	Type     expr.Type
	Nullable bool
}

// Ref is an expression that reads the column.
func (c Column) Ref() *expr.Column {
	return &expr.Column{ID: c.ID, Typ: c.Type, Nullable: c.Nullable, Name: c.Name}
}

// Node is a node of a logical plan: one of the structs of this package.
type Node interface {
	// Columns are the columns the node delivers, in order.
	Columns() []Column
	// Inputs are the nodes below, in order.
	Inputs() []Node
	sealed()
}

// Scan reads columns of a table. Filter holds conjuncts over Cols that the scan
// itself evaluates.
type Scan struct {
	Table  *Table
	Cols   []Column
	Fields []int // Cols[i] is Table.Fields[Fields[i]]
	Filter []expr.Expr
}

// Values is constant rows; no columns and one row is SELECT without FROM.
type Values struct {
	Cols []Column
	Rows [][]expr.Value
}

// Filter keeps the rows on which every conjunct is true.
type Filter struct {
	Input Node
	Conds []expr.Expr
}

// Item is a computed column.
type Item struct {
	Col  Column
	Expr expr.Expr
}

// Project delivers exactly Items. An item that is a bare column reference with the
// same ID passes that column through.
type Project struct {
	Input Node
	Items []Item
}

// JoinKind is what a Join delivers.
type JoinKind uint8

// The kinds. Right joins are bound as left joins with sides exchanged.
const (
	Inner  JoinKind = iota
	Left            // left rows without a match come with NULLs
	Full            // both sides' rows do
	Semi            // left rows with a match
	Anti            // left rows without one
	Mark            // left rows and a boolean: has a match
	Single          // as Left; a second match is error 21000
)

var joinNames = [...]string{"inner", "left", "full", "semi", "anti", "mark", "single"}

func (k JoinKind) String() string { return joinNames[k] }

// Join matches rows of Left and Right on which all Conds are true. Delivers the
// columns of both sides, for Semi and Anti of the left, for Mark of the left and
// MarkCol.
type Join struct {
	Kind        JoinKind
	Left, Right Node
	Conds       []expr.Expr
	// NullAware, for Anti and Mark, is the comparison of IN (operand = column):
	// where it is unknown the mark is NULL, and Anti drops the row. It is a
	// condition beside Conds, which choose the list that IN looks at.
	NullAware expr.Expr
	MarkCol   Column
	// Dependent says that Right may use columns of Left.
	Dependent bool
}

// Aggregate groups by columns of its input and computes aggregates. It delivers
// the group columns (same IDs), then Aggs. Without groups it delivers one row.
type Aggregate struct {
	Input  Node
	Groups []Column
	Aggs   []AggItem
}

// AggItem is an aggregate and the column it delivers.
type AggItem struct {
	Col Column
	Agg expr.Aggregate
}

// Sort orders rows.
type Sort struct {
	Input Node
	Keys  []expr.SortKey
}

// Limit keeps Count rows (negative: all) after Offset.
type Limit struct {
	Input         Node
	Offset, Count int64
}

// GroupTopN keeps, of every group of rows that are equal in By (NULLs are), those that
// Keys rank after Offset, Count of them (negative: all). Without Keys it is any of the
// group. It delivers no order.
type GroupTopN struct {
	Input         Node
	By            []expr.Expr // columns
	Keys          []expr.SortKey
	Offset, Count int64
}

// SetKind is the operator of a SetOp.
type SetKind uint8

// The operators. UnionAll takes any number of inputs, the others two. UNION is an
// Aggregate over a UnionAll.
const (
	UnionAll SetKind = iota
	Intersect
	IntersectAll
	Except
	ExceptAll
)

var setNames = [...]string{"union all", "intersect", "intersect all", "except", "except all"}

func (k SetKind) String() string { return setNames[k] }

// SetOp delivers Cols; Maps[i][j] is the column of input i that becomes Cols[j].
type SetOp struct {
	Kind SetKind
	Args []Node
	Maps [][]expr.ColumnID
	Cols []Column
}

// Shared is a plan that several References read: a common table, or a subplan
// that occurs more than once.
type Shared struct {
	ID    int
	Name  string // for people
	Input Node
}

// Reference reads a Shared plan: Cols[i] is column Source[i] of its input.
type Reference struct {
	Plan   *Shared
	Cols   []Column
	Source []expr.ColumnID
}

func (n *Scan) Columns() []Column   { return n.Cols }
func (n *Values) Columns() []Column { return n.Cols }
func (n *Filter) Columns() []Column { return n.Input.Columns() }
func (n *Project) Columns() []Column {
	out := make([]Column, len(n.Items))
	for i, it := range n.Items {
		out[i] = it.Col
	}
	return out
}
func (n *Sort) Columns() []Column      { return n.Input.Columns() }
func (n *Limit) Columns() []Column     { return n.Input.Columns() }
func (n *GroupTopN) Columns() []Column { return n.Input.Columns() }
func (n *SetOp) Columns() []Column     { return n.Cols }
func (n *Reference) Columns() []Column { return n.Cols }

// Columns of an aggregate are its groups, then its aggregates.
func (n *Aggregate) Columns() []Column {
	out := append([]Column(nil), n.Groups...)
	for _, a := range n.Aggs {
		out = append(out, a.Col)
	}
	return out
}

// Columns of a join are those of the sides it keeps, made nullable where the kind
// fills in NULLs.
func (n *Join) Columns() []Column {
	left := n.Left.Columns()
	if n.Kind == Semi || n.Kind == Anti {
		return left
	}
	right := []Column{n.MarkCol}
	if n.Kind != Mark {
		right = n.Right.Columns()
	}
	out := append(make([]Column, 0, len(left)+len(right)), left...)
	switch n.Kind {
	case Mark:
		return append(out, right...)
	case Full:
		for i := range out {
			out[i].Nullable = true
		}
	}
	for _, c := range right {
		c.Nullable = c.Nullable || n.Kind != Inner
		out = append(out, c)
	}
	return out
}

func (n *Scan) Inputs() []Node      { return nil }
func (n *Values) Inputs() []Node    { return nil }
func (n *Filter) Inputs() []Node    { return []Node{n.Input} }
func (n *Project) Inputs() []Node   { return []Node{n.Input} }
func (n *Join) Inputs() []Node      { return []Node{n.Left, n.Right} }
func (n *Aggregate) Inputs() []Node { return []Node{n.Input} }
func (n *Sort) Inputs() []Node      { return []Node{n.Input} }
func (n *Limit) Inputs() []Node     { return []Node{n.Input} }
func (n *GroupTopN) Inputs() []Node { return []Node{n.Input} }
func (n *SetOp) Inputs() []Node     { return n.Args }

// Inputs of a reference are none: the shared plan is found in Plan, and passes
// that must see it once keep a set of IDs.
func (n *Reference) Inputs() []Node { return nil }

func (*Scan) sealed()      {}
func (*Values) sealed()    {}
func (*Filter) sealed()    {}
func (*Project) sealed()   {}
func (*Join) sealed()      {}
func (*Aggregate) sealed() {}
func (*Sort) sealed()      {}
func (*Limit) sealed()     {}
func (*GroupTopN) sealed() {}
func (*SetOp) sealed()     {}
func (*Reference) sealed() {}
