package sql

// ColumnRef is a name in an expression: a column, qualified or not.
type ColumnRef struct {
	Loc
	Name Name
}

// Star is * or t.* in a select list, in count(*)'s place, or in RETURNING.
type Star struct {
	Loc
	Qualifier Name // empty for the bare star
}

// LiteralKind says how a literal was written, which decides its type.
type LiteralKind uint8

// The kinds. BitString is refused at parsing.
const (
	Integer LiteralKind = iota + 1 // digits only, fits or not: the binder chooses int4, int8 or numeric
	Numeric                        // with a point or an exponent
	String                         // of unknown type until its use decides
	Bool                           // Text is "true" or "false"
	Null                           // Text is empty
)

// Literal is a constant. Text is the value without quotes and escapes; hexadecimal,
// octal and binary integers are kept as written.
type Literal struct {
	Loc
	Kind LiteralKind
	Text string
}

// Param is $n, or the n-th ? of the text; numbers start at 1.
type Param struct {
	Loc
	Number int
}

// Default is DEFAULT as a value in INSERT and UPDATE.
type Default struct{ Loc }

// Unary is a prefix operator: - + ~ and what else PostgreSQL lexes as one.
type Unary struct {
	Loc
	Op      string
	OpPlace Ident // the operator's token
	Operand Expr
}

// Binary is an infix operator: + - * / % ^ || = <> < <= > >= ~ ~* !~ !~* -> and
// so on. != is folded to <>.
type Binary struct {
	Loc
	Op          string
	OpPlace     Ident // the operator's token
	Left, Right Expr
}

// And is a conjunction of two or more terms; chains are flat.
type And struct {
	Loc
	Terms []Expr
}

// Or is a disjunction of two or more terms; chains are flat.
type Or struct {
	Loc
	Terms []Expr
}

// Not is NOT x.
type Not struct {
	Loc
	Operand Expr
}

// IsNull is x IS [NOT] NULL.
type IsNull struct {
	Loc
	Operand Expr
	Negated bool
}

// Truth is the word of an IsBool.
type Truth uint8

// The words.
const (
	IsTrue Truth = iota + 1
	IsFalse
	IsUnknown
)

// IsBool is x IS [NOT] TRUE, FALSE or UNKNOWN.
type IsBool struct {
	Loc
	Operand Expr
	Truth   Truth
	Negated bool
}

// IsDistinct is x IS [NOT] DISTINCT FROM y.
type IsDistinct struct {
	Loc
	Left, Right Expr
	Negated     bool // IS NOT DISTINCT FROM
}

// Between is x [NOT] BETWEEN [SYMMETRIC] low AND high.
type Between struct {
	Loc
	Operand, Low, High Expr
	Negated, Symmetric bool
}

// Like is x [NOT] LIKE | ILIKE pattern [ESCAPE e]. The operator spellings ~~,
// ~~*, !~~ and !~~* are Like too.
type Like struct {
	Loc
	Operand, Pattern Expr
	Escape           Expr // nil when none is given: backslash
	Negated          bool
	Fold             bool // ILIKE
}

// Similar is x [NOT] SIMILAR TO pattern [ESCAPE e].
type Similar struct {
	Loc
	Operand, Pattern Expr
	Escape           Expr // nil when none is given
	Negated          bool
}

// In is x [NOT] IN (a, b, …).
type In struct {
	Loc
	Operand Expr
	List    []Expr
	Negated bool
}

// InSubquery is x [NOT] IN (query); x may be a *Row.
type InSubquery struct {
	Loc
	Operand Expr
	Query   *Query
	Negated bool
}

// Exists is EXISTS (query); NOT EXISTS is a Not around it.
type Exists struct {
	Loc
	Query *Query
}

// ScalarSubquery is (query) as a value.
type ScalarSubquery struct {
	Loc
	Query *Query
}

// ArraySubquery is ARRAY(query).
type ArraySubquery struct {
	Loc
	Query *Query
}

// Quantified is x op ANY|ALL (query); the LIKE family comes as ~~, ~~*, !~~, !~~*.
type Quantified struct {
	Loc
	Operand Expr
	Op      string
	All     bool
	Query   *Query
}

// QuantifiedArray is x op ANY|ALL (array).
type QuantifiedArray struct {
	Loc
	Operand Expr
	Op      string
	All     bool
	Array   Expr
}

// Case is CASE [operand] WHEN … THEN … [ELSE …] END.
type Case struct {
	Loc
	Operand Expr // nil for the searched form
	Whens   []When
	Else    Expr // nil when absent
}

// When is one branch of a Case.
type When struct {
	Loc
	Condition, Result Expr
}

// Cast is CAST(x AS type), x::type or type 'literal'. An interval literal is a
// Cast of a String literal to interval. Try is TRY_CAST.
type Cast struct {
	Loc
	Operand Expr
	Type    TypeName
	Try     bool
}

// Collate is x COLLATE name.
type Collate struct {
	Loc
	Operand   Expr
	Collation Name
}

// AtTimeZone is x AT TIME ZONE zone.
type AtTimeZone struct {
	Loc
	Operand, Zone Expr
}

// Array is ARRAY[a, b, …]; nested brackets are Array elements.
type Array struct {
	Loc
	Elements []Expr
}

// Row is ROW(a, b, …) or (a, b, …).
type Row struct {
	Loc
	Fields []Expr
}

// Field is (x).name, a field of a row value; All marks (x).*.
type Field struct {
	Loc
	Operand Expr
	Name    Ident
	All     bool
}

// Subscript is x[index] or x[low:high].
type Subscript struct {
	Loc
	Operand   Expr
	Slice     bool
	Low, High Expr // Low is the index when Slice is false; either may be nil in a slice
}

func (*ColumnRef) expr()       {}
func (*Star) expr()            {}
func (*Literal) expr()         {}
func (*Param) expr()           {}
func (*Default) expr()         {}
func (*Unary) expr()           {}
func (*Binary) expr()          {}
func (*And) expr()             {}
func (*Or) expr()              {}
func (*Not) expr()             {}
func (*IsNull) expr()          {}
func (*IsBool) expr()          {}
func (*IsDistinct) expr()      {}
func (*Between) expr()         {}
func (*Like) expr()            {}
func (*Similar) expr()         {}
func (*In) expr()              {}
func (*InSubquery) expr()      {}
func (*Exists) expr()          {}
func (*ScalarSubquery) expr()  {}
func (*ArraySubquery) expr()   {}
func (*Quantified) expr()      {}
func (*QuantifiedArray) expr() {}
func (*Case) expr()            {}
func (*Cast) expr()            {}
func (*Collate) expr()         {}
func (*AtTimeZone) expr()      {}
func (*Array) expr()           {}
func (*Row) expr()             {}
func (*Field) expr()           {}
func (*Subscript) expr()       {}
