package bind

import "github.com/skein-query/skein/planner/sql"

// outputName is the name PostgreSQL gives an output column: the alias, else what
// the expression is called.
func outputName(item sql.SelectItem) string {
	if !item.Alias.IsZero() {
		return item.Alias.Text
	}
	return exprName(item.Value)
}

func exprName(e sql.Expr) string {
	const unnamed = "?column?"
	switch e := e.(type) {
	case *sql.ColumnRef:
		return e.Name.Last().Text
	case *sql.FuncCall:
		return e.Name.Last().Text
	case *sql.Field:
		return e.Name.Text
	case *sql.Cast:
		if n := exprName(e.Operand); n != unnamed {
			return n
		}
		return e.Type.Name.Last().Text
	case *sql.Collate:
		return exprName(e.Operand)
	case *sql.Subscript:
		return exprName(e.Operand)
	case *sql.Case:
		if e.Else != nil {
			if n := exprName(e.Else); n != unnamed {
				return n
			}
		}
		return "case"
	case *sql.Coalesce:
		return "coalesce"
	case *sql.NullIf:
		return "nullif"
	case *sql.Extremum:
		if e.Least {
			return "least"
		}
		return "greatest"
	case *sql.SessionValue:
		return e.Name
	case *sql.Exists:
		return "exists"
	case *sql.Array:
		return "array"
	case *sql.Row:
		return "row"
	case *sql.AtTimeZone:
		return "timezone"
	case *sql.ScalarSubquery:
		if s, ok := e.Query.Body.(*sql.Select); ok && len(s.Items) == 1 {
			return outputName(s.Items[0])
		}
		if _, ok := e.Query.Body.(*sql.Values); ok {
			return "column1"
		}
	}
	return unnamed
}
