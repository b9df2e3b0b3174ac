package bind

import "github.com/skein-query/skein/planner/sql"

// outputName is the name PostgreSQL gives an output column: the alias, else what
// the expression is called.
func outputName(item sql.SelectItem) string {
	if !item.Alias.IsZero() {
		return item.Alias.Text
	}
	name, _ := exprName(item.Value)
	return name
}

// exprName is what an expression is called, and whether it is its own name: a cast
// and a CASE give one only where there is no other.
func exprName(e sql.Expr) (name string, own bool) {
	switch e := e.(type) {
	case *sql.ColumnRef:
		return e.Name.Last().Text, true
	case *sql.FuncCall:
		return e.Name.Last().Text, true
	case *sql.Field:
		return e.Name.Text, true
	case *sql.Cast:
		if n, own := exprName(e.Operand); own {
			return n, true
		}
		return e.Type.Name.Last().Text, false
	case *sql.Collate:
		return exprName(e.Operand)
	case *sql.Subscript:
		return exprName(e.Operand)
	case *sql.Case:
		if n, own := exprName(e.Else); own {
			return n, true
		}
		return "case", false
	case *sql.ScalarSubquery:
		return queryName(e.Query), true
	}
	return constructName(e)
}

// constructName is the name of an expression that has a word of its own.
func constructName(e sql.Expr) (name string, own bool) {
	switch e := e.(type) {
	case *sql.Coalesce:
		return "coalesce", true
	case *sql.NullIf:
		return "nullif", true
	case *sql.Extremum:
		if e.Least {
			return "least", true
		}
		return "greatest", true
	case *sql.SessionValue:
		return e.Name, true
	case *sql.Exists:
		return "exists", true
	case *sql.Array:
		return "array", true
	case *sql.Row:
		return "row", true
	case *sql.AtTimeZone:
		return "timezone", true
	}
	return unnamed, false
}

const unnamed = "?column?"

// queryName is the name of a query that is a value: that of its column.
func queryName(q *sql.Query) string {
	switch body := q.Body.(type) {
	case *sql.Select:
		if len(body.Items) == 1 {
			return outputName(body.Items[0])
		}
	case *sql.Values:
		return "column1"
	}
	return unnamed
}
