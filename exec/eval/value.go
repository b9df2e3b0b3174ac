package eval

import (
	"cmp"
	"strings"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// Compare orders two values of type t as PostgreSQL's btree does: NaN above all
// numbers, strings bytewise, char without trailing blanks. NULL comes last and
// equals NULL.
func Compare(a, b expr.Value, t expr.Type) int {
	switch {
	case a.Null && b.Null:
		return 0
	case a.Null:
		return 1
	case b.Null:
		return -1
	}
	switch t.Kind {
	case expr.Numeric:
		return kernel.Cmp128(wide(a), wide(b))
	case expr.Float4, expr.Float8:
		return cmp.Compare(kernel.OrderedKey(a.F), kernel.OrderedKey(b.F))
	case expr.Text, expr.Bytea, expr.Unknown:
		return strings.Compare(a.S, b.S)
	case expr.Char:
		return strings.Compare(strings.TrimRight(a.S, " "), strings.TrimRight(b.S, " "))
	case expr.Interval:
		return kernel.Cmp128(kernel.IntervalKey(monthDayMicro(a)), kernel.IntervalKey(monthDayMicro(b)))
	case expr.List, expr.Map, expr.Struct:
		return compareElems(a, b, t)
	}
	return cmp.Compare(a.I, b.I)
}

func monthDayMicro(v expr.Value) vector.MonthDayMicro {
	months, days, micros := v.Interval()
	return vector.MonthDayMicro{Months: months, Days: days, Micros: micros}
}

func compareElems(a, b expr.Value, t expr.Type) int {
	for i := range min(len(a.Elems), len(b.Elems)) {
		elem := t.Nested.Elem
		switch t.Kind {
		case expr.Struct:
			elem = t.Nested.Fields[i].Type
		case expr.Map:
			elem = t.Nested.Fields[i%2].Type
		}
		if c := Compare(a.Elems[i], b.Elems[i], elem); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a.Elems), len(b.Elems))
}
