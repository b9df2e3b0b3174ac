package expr

import "github.com/skein-query/skein/internal/sqlerr"

// Expr is a scalar expression: one of Column, Literal, Param, Call, Cast, Case
// and InList.
type Expr interface {
	Type() Type
	// Place is where the expression stands in the statement, zero when it was
	// made by a rewrite.
	Place() sqlerr.Span
	String() string
	sealed()
}

// ColumnID names a column; see the package's invariant 4.
type ColumnID int32

// Column is a reference to a column of the input.
type Column struct {
	ID       ColumnID
	Typ      Type
	Nullable bool
	Name     string // for printing and for output names
	Span     sqlerr.Span
}

// Literal is a constant.
type Literal struct {
	Value Value
	Typ   Type
	Span  sqlerr.Span
}

// Param is a statement parameter, numbered from 1. It is replaced by a Literal
// before a plan runs.
type Param struct {
	Number int
	Typ    Type
	Span   sqlerr.Span
}

// Call is a function or operator applied to arguments that already have the
// types its signature asks for. Name is the canonical name: PostgreSQL's function
// name, or one of the Op constants.
type Call struct {
	Name string
	Args []Expr
	Typ  Type
	Span sqlerr.Span
}

// Cast converts between types; a value that cannot be converted is an error or, with Try,
// NULL.
type Cast struct {
	Arg  Expr
	To   Type
	Try  bool
	Span sqlerr.Span
}

// Case is a searched CASE: the result of the first When whose condition is true,
// else Else (nil: NULL). Results have type Typ. Later branches and conditions are
// not evaluated on a row that an earlier one took.
type Case struct {
	Whens []When
	Else  Expr
	Typ   Type
	Span  sqlerr.Span
}

// When is one branch of a Case.
type When struct {
	Cond, Result Expr
}

// InList is Arg IN (constants), or NOT IN when Negated; the list may hold NULL
// and its values are of Arg's type. Lists with expressions in them are ORs of
// comparisons instead.
type InList struct {
	Arg     Expr
	List    []Value
	Negated bool
	Span    sqlerr.Span
}

func (e *Column) Type() Type  { return e.Typ }
func (e *Literal) Type() Type { return e.Typ }
func (e *Param) Type() Type   { return e.Typ }
func (e *Call) Type() Type    { return e.Typ }
func (e *Cast) Type() Type    { return e.To }
func (e *Case) Type() Type    { return e.Typ }
func (e *InList) Type() Type  { return Of(Bool) }

func (e *Column) Place() sqlerr.Span  { return e.Span }
func (e *Literal) Place() sqlerr.Span { return e.Span }
func (e *Param) Place() sqlerr.Span   { return e.Span }
func (e *Call) Place() sqlerr.Span    { return e.Span }
func (e *Cast) Place() sqlerr.Span    { return e.Span }
func (e *Case) Place() sqlerr.Span    { return e.Span }
func (e *InList) Place() sqlerr.Span  { return e.Span }

func (*Column) sealed()  {}
func (*Literal) sealed() {}
func (*Param) sealed()   {}
func (*Call) sealed()    {}
func (*Cast) sealed()    {}
func (*Case) sealed()    {}
func (*InList) sealed()  {}

// Operators and special forms, as names of a Call. Functions go by PostgreSQL's
// name ("substring", "extract", "date_trunc"); everything here cannot clash with
// one.
const (
	OpEq = "="
	OpNe = "<>"
	OpLt = "<"
	OpLe = "<="
	OpGt = ">"
	OpGe = ">="

	OpAdd    = "+"
	OpSub    = "-"
	OpMul    = "*"
	OpDiv    = "/"
	OpMod    = "%"
	OpNeg    = "neg" // unary minus
	OpConcat = "||"

	OpAnd = "and" // n-ary, three-valued; arguments are tried in order where they can fail
	OpOr  = "or"  // n-ary, likewise
	OpNot = "not"

	OpIsNull        = "is null"
	OpIsNotNull     = "is not null"
	OpIsTrue        = "is true"
	OpIsNotTrue     = "is not true"
	OpIsFalse       = "is false"
	OpIsNotFalse    = "is not false"
	OpIsDistinct    = "is distinct from"
	OpIsNotDistinct = "is not distinct from"

	OpLike       = "like"      // string, pattern [, escape]
	OpNotLike    = "not like"  //
	OpILike      = "ilike"     //
	OpNotILike   = "not ilike" //
	OpRegex      = "~"
	OpRegexI     = "~*"
	OpNotRegex   = "!~"
	OpNotRegexI  = "!~*"
	FnCoalesce   = "coalesce" // n-ary, lazy
	FnNullIf     = "nullif"
	FnGreatest   = "greatest" // n-ary, nulls ignored
	FnLeast      = "least"
	FnExtract    = "extract"     // field as text literal, source; numeric result
	FnField      = "field"       // struct, field number from 0 as int4 literal
	FnElement    = "element"     // list, subscript
	FnList       = "list of"     // elements of one type
	FnStruct     = "struct of"   // fields; their names are of the call's type
	FnMap        = "map of"      // keys and values, by turns
	FnErrorIfNot = "assert"      // boolean, SQLSTATE, message: true or an error
	FnNumericIn  = "numeric_in"  // text: a numeric of 10 digits after the point, or an error when it has more
	FnNumericTry = "numeric_try" // likewise, or NULL
)

// Aggregate is one aggregate call of an Aggregate node. It is no Expr: it stands
// only in aggregate nodes.
type Aggregate struct {
	Func     string // PostgreSQL's name; "count" without Args is count(*)
	Args     []Expr
	Distinct bool
	Filter   Expr // nil: all rows
	Order    []SortKey
	Typ      Type
	Span     sqlerr.Span
}

// SortKey is one key of an ORDER BY.
type SortKey struct {
	Expr       Expr
	Desc       bool
	NullsFirst bool
}

// NewLiteral is a literal without a place.
func NewLiteral(v Value, t Type) *Literal { return &Literal{Value: v, Typ: t} }

// True and False are boolean literals; NullOf is a typed NULL.
func True() *Literal         { return NewLiteral(BoolValue(true), Of(Bool)) }
func False() *Literal        { return NewLiteral(BoolValue(false), Of(Bool)) }
func NullOf(t Type) *Literal { return NewLiteral(Null, t) }
