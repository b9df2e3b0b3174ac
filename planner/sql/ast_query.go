package sql

// Query is a whole query: WITH, body, ORDER BY, LIMIT. It stands wherever SQL
// allows a query: as a statement, in parentheses, as an arm of a set operation.
type Query struct {
	Loc
	With     *With // nil when absent
	Body     QueryExpr
	OrderBy  []OrderItem
	Limit    Expr // nil for none, and for LIMIT ALL
	Offset   Expr // nil for none
	WithTies bool // FETCH FIRST … WITH TIES
}

// With is a WITH clause.
type With struct {
	Loc
	Recursive bool
	Tables    []CommonTable
}

// Materialization is the hint of a common table.
type Materialization uint8

// The hints.
const (
	MaterializeDefault Materialization = iota
	MaterializeAlways
	MaterializeNever
)

// CommonTable is one name of a WITH clause. Statement is a *Query, or an
// *Insert, *Update or *Delete with RETURNING.
type CommonTable struct {
	Loc
	Name        Ident
	Columns     []Ident
	Materialize Materialization
	Statement   Statement
}

// Select is SELECT … FROM … WHERE … GROUP BY … HAVING … WINDOW.
type Select struct {
	Loc
	Distinct   bool
	DistinctOn []Expr // DISTINCT ON (…); Distinct is set too
	Items      []SelectItem
	From       []TableExpr // a comma list, empty for no FROM
	Where      Expr        // nil when absent
	GroupBy    []Expr      // may hold *Grouping
	GroupAll   bool        // GROUP BY DISTINCT
	Having     Expr        // nil when absent
	Windows    []*Window   // the WINDOW clause
}

// SelectItem is an output column of a select list or of RETURNING.
type SelectItem struct {
	Loc
	Value Expr // *Star, or *Field with All, for several columns
	Alias Ident
}

// SetKind is the operator of a SetOp.
type SetKind uint8

// The operators.
const (
	Union SetKind = iota + 1
	Intersect
	Except
)

// SetOp is left UNION | INTERSECT | EXCEPT [ALL] right.
type SetOp struct {
	Loc
	Kind        SetKind
	All         bool
	Left, Right *Query
}

// Values is VALUES (a, b), (c, d): one or more rows.
type Values struct {
	Loc
	Rows []ValuesRow
}

// ValuesRow is one row of VALUES.
type ValuesRow struct {
	Loc
	Values []Expr // may hold *Default in INSERT
}

// NullsOrder is where an order puts NULLs.
type NullsOrder uint8

// The places: by default NULLs are last ascending, first descending.
const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// OrderItem is one key of an ORDER BY.
type OrderItem struct {
	Loc
	Value Expr // an Integer literal is an output column's number at query level
	Desc  bool
	Nulls NullsOrder
	Using string // USING operator, empty in general
}

// Alias is AS name (columns).
type Alias struct {
	Name    Ident // zero when there is no alias
	Columns []Ident
}

// TableName is a table, view or common table in FROM.
type TableName struct {
	Loc
	Name  Name // [catalog.][schema.]table
	Alias Alias
}

// Subquery is [LATERAL] (query) AS alias; VALUES comes so too.
type Subquery struct {
	Loc
	Lateral bool
	Query   *Query
	Alias   Alias
}

// JoinKind is the kind of a join.
type JoinKind uint8

// The kinds. A comma in FROM is no Join; CROSS JOIN is a CrossJoin.
const (
	InnerJoin JoinKind = iota + 1
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
)

// Join is left kind JOIN right. At most one of Natural, Using and On is given,
// none by CROSS JOIN.
type Join struct {
	Loc
	Kind        JoinKind
	Left, Right TableExpr
	Natural     bool
	Using       []Ident
	UsingAlias  Ident // USING (…) AS name
	On          Expr  // nil when absent
	Alias       Alias // (a JOIN b) AS name
}

// TableFunction is [LATERAL] f(args) [WITH ORDINALITY] AS alias (columns), or
// ROWS FROM (f(…), g(…)).
type TableFunction struct {
	Loc
	Lateral    bool
	Ordinality bool
	Calls      []TableCall // one but for ROWS FROM
	Alias      Alias
	Columns    []ColumnDef // AS alias (name type, …)
}

// TableCall is one function of a TableFunction. Call is a *FuncCall, or what
// else PostgreSQL takes in its place (*SessionValue, *Cast, *Coalesce, …).
type TableCall struct {
	Call    Expr
	Columns []ColumnDef // ROWS FROM (f() AS (name type, …))
}

func (*Query) statement()         {}
func (*Select) queryExpr()        {}
func (*SetOp) queryExpr()         {}
func (*Values) queryExpr()        {}
func (*TableName) tableExpr()     {}
func (*Subquery) tableExpr()      {}
func (*Join) tableExpr()          {}
func (*TableFunction) tableExpr() {}
