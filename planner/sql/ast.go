package sql

import (
	"strings"

	"github.com/skein-query/skein/internal/sqlerr"
)

// Statement is one statement of a text. The cases stand in ast_statement.go;
// a query is one of them (*Query, in ast_query.go).
type Statement interface {
	Span() sqlerr.Span
	statement()
}

// QueryExpr is what a query computes before its ORDER BY and LIMIT: *Select,
// *SetOp or *Values.
type QueryExpr interface {
	Span() sqlerr.Span
	queryExpr()
}

// TableExpr is an item of a FROM clause: *TableName, *Subquery, *Join or
// *TableFunction.
type TableExpr interface {
	Span() sqlerr.Span
	tableExpr()
}

// Expr is a scalar expression. The cases stand in ast_expr.go and ast_call.go.
type Expr interface {
	Span() sqlerr.Span
	expr()
}

// Loc is the place of a node: the bytes of the text from its first token to its
// last. Every node embeds it.
type Loc struct {
	Source sqlerr.Span
}

// Span gives the bytes of the statement's text the node was read from.
func (l Loc) Span() sqlerr.Span { return l.Source }

// Ident is one identifier, folded to lower case unless it was quoted. An empty
// Text means that there is none: PostgreSQL has no empty identifiers.
type Ident struct {
	Loc
	Text string
}

// IsZero reports whether there is no identifier.
func (i Ident) IsZero() bool { return i.Text == "" }

// Name is a possibly qualified name: column, table, function, type.
type Name struct {
	Parts []Ident
}

// Span covers the name from its first part to its last.
func (n Name) Span() sqlerr.Span {
	var s sqlerr.Span
	for _, p := range n.Parts {
		s = s.Union(p.Source)
	}
	return s
}

// Last is the unqualified part, zero for the empty name.
func (n Name) Last() Ident {
	if len(n.Parts) == 0 {
		return Ident{}
	}
	return n.Parts[len(n.Parts)-1]
}

// String joins the parts by dots, without quotes.
func (n Name) String() string {
	var b strings.Builder
	for i, p := range n.Parts {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(p.Text)
	}
	return b.String()
}

// TypeName is a type as written. PostgreSQL's spellings are folded to its own
// names: int and integer to int4, bigint to int8, real to float4, double
// precision to float8, decimal to numeric, character to bpchar, boolean to bool,
// timestamp with time zone to timestamptz.
type TypeName struct {
	Loc
	Name      Name
	Modifiers []Expr // numeric(10, 2), varchar(5), timestamp(3)
	Fields    string // interval's fields as "year to month", empty for all
	Dims      []int  // one per array dimension, its bound or -1
}

// Option is one word of a parenthesised list, EXPLAIN (FORMAT TEXT), WITH (k = v).
type Option struct {
	Loc
	Name  string // lower case
	Value string // as text without quotes; empty when there is none
}
