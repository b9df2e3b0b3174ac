package bind

import (
	"fmt"
	"strconv"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/sql"
)

// columnName is PostgreSQL's name of the i-th column of VALUES.
func columnName(i int) string { return fmt.Sprintf("column%d", i+1) }

// orderByOutput sorts a set operation or VALUES, whose ORDER BY sees only the
// output columns; a set operation (around is nil) takes only their names and
// numbers.
func (b *binder) orderByOutput(r relation, order []sql.OrderItem, around *scope) (logical.Node, error) {
	if len(order) == 0 {
		return r.plan, nil
	}
	s := &scope{}
	if around != nil {
		s.parent, s.ctes = around.parent, around.ctes
	}
	s.add("", "", r.cols)
	var keys []expr.SortKey
	for _, o := range order {
		e, ok, err := ordinal(o.Value, r.cols, "ORDER BY")
		if err != nil {
			return nil, err
		}
		if !ok {
			if _, name := o.Value.(*sql.ColumnRef); !name && around == nil {
				return nil, sqlerr.At(sqlerr.FeatureNotSupported, o.Span(), "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
					WithHint("Only result column names can be used, not expressions or functions.")
			}
			x := &exprs{b: b, scope: s, place: "ORDER BY"}
			if e, err = x.bind(o.Value); err != nil {
				return nil, err
			}
			if len(x.pending) > 0 {
				return nil, unsupported(o.Span(), "a subquery in the ORDER BY of a set operation is not supported")
			}
		}
		k, err := sortKey(o, e)
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return &logical.Sort{Input: r.plan, Keys: keys}, nil
}

// ordinal is the output column that an integer literal in ORDER BY or GROUP BY
// means; ok is false when e is no such literal.
func ordinal(e sql.Expr, cols []logical.Column, clause string) (_ expr.Expr, ok bool, err error) {
	l, isLiteral := e.(*sql.Literal)
	if !isLiteral {
		return nil, false, nil
	}
	if l.Kind != sql.Integer {
		return nil, false, sqlerr.At(sqlerr.SyntaxError, e.Span(), "non-integer constant in %s", clause)
	}
	n, err := strconv.Atoi(l.Text)
	if err != nil || n < 1 || n > len(cols) {
		return nil, false, sqlerr.At(sqlerr.InvalidColumnReference, e.Span(), "%s position %s is not in select list", clause, l.Text)
	}
	return cols[n-1].Ref(), true, nil
}

func sortKey(o sql.OrderItem, e expr.Expr) (expr.SortKey, error) {
	switch o.Using {
	case "", "<", ">":
	default:
		return expr.SortKey{}, unsupported(o.Span(), "ORDER BY … USING %s is not supported", o.Using)
	}
	switch e.Type().Kind {
	case expr.Struct, expr.Map:
		return expr.SortKey{}, sqlerr.At(sqlerr.UndefinedFunction, o.Span(), "could not identify an ordering operator for type %s", e.Type())
	}
	desc := o.Desc || o.Using == ">"
	k := expr.SortKey{Expr: e, Desc: desc, NullsFirst: desc}
	switch o.Nulls {
	case sql.NullsFirst:
		k.NullsFirst = true
	case sql.NullsLast:
		k.NullsFirst = false
	}
	return k, nil
}

// orderBy binds ORDER BY: an output column by name or number, else an expression
// over the input.
func (s *selecting) orderBy(order []sql.OrderItem) error {
	s.x.place = "ORDER BY"
	for _, o := range order {
		e, err := s.outputExpr(o.Value, "ORDER BY")
		if err != nil {
			return err
		}
		k, err := sortKey(o, e)
		if err != nil {
			return err
		}
		s.order = append(s.order, k)
	}
	return nil
}

// outputExpr binds an expression of ORDER BY or DISTINCT ON.
func (s *selecting) outputExpr(value sql.Expr, clause string) (expr.Expr, error) {
	if l, ok := value.(*sql.Literal); ok {
		n, err := s.position(l, clause)
		if err != nil {
			return nil, err
		}
		s.output[n] = s.b.text(s.output[n])
		return s.output[n], nil
	}
	if r, ok := value.(*sql.ColumnRef); ok && len(r.Name.Parts) == 1 {
		var found expr.Expr
		for i, name := range s.names {
			if name != r.Name.Last().Text {
				continue
			}
			if found != nil && !expr.Equal(found, s.output[i]) {
				return nil, sqlerr.At(sqlerr.AmbiguousColumn, value.Span(), "%s %q is ambiguous", clause, name)
			}
			s.output[i] = s.b.text(s.output[i])
			found = s.output[i]
		}
		if found != nil {
			return found, nil
		}
	}
	e, err := s.x.bind(value)
	if err != nil {
		return nil, err
	}
	return s.b.text(e), nil
}
