package eval

import (
	"slices"

	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// Bound is what a row must satisfy in one column to pass a predicate. Values are of
// the column's type.
type Bound struct {
	Column         int
	Lo, Hi         expr.Value
	HasLo, HasHi   bool
	LoOpen, HiOpen bool         // the end itself does not pass
	NotNull        bool         // NULL does not pass
	In             []expr.Value // not nil: only these pass
	Type           expr.Type    // of the column
}

// boundsOf is the bounds of a condition, one a column.
func boundsOf(cond expr.Expr) []Bound {
	var out []Bound
	for _, e := range expr.Conjuncts(cond) {
		for _, b := range boundsOfConjunct(e) {
			i := slices.IndexFunc(out, func(o Bound) bool { return o.Column == b.Column })
			if i < 0 {
				out = append(out, b)
			} else {
				out[i] = out[i].and(b)
			}
		}
	}
	return out
}

func boundsOfConjunct(e expr.Expr) []Bound {
	switch n := e.(type) {
	case *expr.InList:
		return boundsOfList(n)
	case *expr.Call:
		switch n.Name {
		case expr.OpOr:
			return boundsOfOr(n)
		case expr.OpIsNotNull, expr.OpIsTrue:
			if c, ok := n.Args[0].(*expr.Column); ok {
				return []Bound{{Column: int(c.ID), NotNull: true, Type: c.Typ}}
			}
		case expr.OpLike:
			return boundsOfLike(n)
		}
		if isComparison(n.Name) {
			return boundsOfComparison(n)
		}
	}
	return nil
}

func boundsOfComparison(n *expr.Call) []Bound {
	c, isCol := n.Args[0].(*expr.Column)
	lit, isLit := n.Args[1].(*expr.Literal)
	o := orderOf(n.Name)
	if !isCol {
		c, isCol = n.Args[1].(*expr.Column)
		lit, isLit = n.Args[0].(*expr.Literal)
		o = o.mirrored()
	}
	if !isCol || !isLit || lit.Value.Null || c.Typ.Kind == expr.Char {
		return nil
	}
	b := Bound{Column: int(c.ID), NotNull: true, Type: c.Typ}
	v, exact, ok := columnValue(lit, c.Typ)
	if !ok {
		return []Bound{b}
	}
	switch {
	case !o.less && !o.not:
		if exact {
			b.Lo, b.Hi, b.HasLo, b.HasHi, b.In = v, v, true, true, []expr.Value{v}
		}
	case !o.less:
	case o.swap != o.not: // > and >=
		b.Lo, b.HasLo, b.LoOpen = v, true, o.swap && exact
	default:
		b.Hi, b.HasHi, b.HiOpen = v, true, !o.swap && exact
		if !exact { // v was cut towards minus infinity
			b.HiOpen = false
		}
	}
	return []Bound{b}
}

// columnValue is a literal as a value of a column's type; a numeric that is not
// exactly one is cut downwards.
func columnValue(lit *expr.Literal, t expr.Type) (_ expr.Value, exact, ok bool) {
	if t.Kind != expr.Numeric || lit.Typ.Kind != expr.Numeric {
		return lit.Value, true, lit.Typ.Kind == t.Kind
	}
	v := wide(lit.Value)
	scaled := v
	if lit.Typ.Scale > t.Scale {
		p := kernel.Pow10(int(lit.Typ.Scale - t.Scale))
		q, r := kernel.DivMod128(v, p)
		if r.Hi < 0 {
			q, _ = kernel.Sub128(q, vector.I128{Lo: 1})
		}
		return expr.Value{I: int64(q.Lo), Hi: q.Hi}, r == vector.I128{}, true
	}
	scaled, ok = kernel.Rescale(v, int(lit.Typ.Scale), int(t.Scale))
	return expr.Value{I: int64(scaled.Lo), Hi: scaled.Hi}, true, ok
}

func boundsOfList(n *expr.InList) []Bound {
	c, ok := n.Arg.(*expr.Column)
	if !ok || c.Typ.Kind == expr.Char {
		return nil
	}
	b := Bound{Column: int(c.ID), NotNull: true, Type: c.Typ}
	if n.Negated {
		return []Bound{b}
	}
	b.In = []expr.Value{}
	for _, v := range n.List {
		if !v.Null {
			b.In = append(b.In, v)
		}
	}
	slices.SortFunc(b.In, func(x, y expr.Value) int { return Compare(x, y, c.Typ) })
	if len(b.In) > 0 {
		b.Lo, b.Hi, b.HasLo, b.HasHi = b.In[0], b.In[len(b.In)-1], true, true
	}
	return []Bound{b}
}

// boundsOfLike bounds a string by the text before the pattern's first wildcard.
func boundsOfLike(n *expr.Call) []Bound {
	c, ok := n.Args[0].(*expr.Column)
	pattern, isLit := literal(n, 1)
	if !ok || !isLit || len(n.Args) != 2 || c.Typ.Kind != expr.Text {
		return nil
	}
	b := Bound{Column: int(c.ID), NotNull: true, Type: c.Typ}
	p, fault := kernel.NewLike([]byte(pattern.S), `\`, false)
	if fault != kernel.LikeOK {
		return nil
	}
	prefix := p.Prefix()
	switch {
	case p.Exact():
		v := expr.Str(string(prefix))
		b.Lo, b.Hi, b.HasLo, b.HasHi, b.In = v, v, true, true, []expr.Value{v}
	case len(prefix) > 0:
		b.Lo, b.HasLo = expr.Str(string(prefix)), true
		if end := successor(prefix); end != nil {
			b.Hi, b.HasHi, b.HiOpen = expr.Str(string(end)), true, true
		}
	}
	return []Bound{b}
}

// successor is the least string above all strings that begin with prefix; nil when
// there is none.
func successor(prefix []byte) []byte {
	end := slices.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// boundsOfOr is the hull of the bounds of the columns that every branch bounds.
func boundsOfOr(n *expr.Call) []Bound {
	out := boundsOf(n.Args[0])
	for _, a := range n.Args[1:] {
		other := boundsOf(a)
		var both []Bound
		for _, b := range out {
			i := slices.IndexFunc(other, func(o Bound) bool { return o.Column == b.Column })
			if i >= 0 {
				both = append(both, b.hull(other[i]))
			}
		}
		out = both
	}
	return out
}

// and is the bound that holds where both do.
func (b Bound) and(o Bound) Bound {
	b.NotNull = b.NotNull || o.NotNull
	if o.HasLo && (!b.HasLo || Compare(o.Lo, b.Lo, b.Type) > 0 || o.LoOpen && Compare(o.Lo, b.Lo, b.Type) == 0) {
		b.Lo, b.HasLo, b.LoOpen = o.Lo, true, o.LoOpen
	}
	if o.HasHi && (!b.HasHi || Compare(o.Hi, b.Hi, b.Type) < 0 || o.HiOpen && Compare(o.Hi, b.Hi, b.Type) == 0) {
		b.Hi, b.HasHi, b.HiOpen = o.Hi, true, o.HiOpen
	}
	switch {
	case b.In == nil:
		b.In = o.In
	case o.In != nil:
		both := []expr.Value{}
		for _, v := range b.In {
			if slices.ContainsFunc(o.In, func(w expr.Value) bool { return Compare(v, w, b.Type) == 0 }) {
				both = append(both, v)
			}
		}
		b.In = both
	}
	return b
}

// hull is the least bound that holds where either does.
func (b Bound) hull(o Bound) Bound {
	h := Bound{Column: b.Column, Type: b.Type, NotNull: b.NotNull && o.NotNull}
	if b.HasLo && o.HasLo {
		h.HasLo = true
		switch c := Compare(b.Lo, o.Lo, b.Type); {
		case c < 0:
			h.Lo, h.LoOpen = b.Lo, b.LoOpen
		case c > 0:
			h.Lo, h.LoOpen = o.Lo, o.LoOpen
		default:
			h.Lo, h.LoOpen = b.Lo, b.LoOpen && o.LoOpen
		}
	}
	if b.HasHi && o.HasHi {
		h.HasHi = true
		switch c := Compare(b.Hi, o.Hi, b.Type); {
		case c > 0:
			h.Hi, h.HiOpen = b.Hi, b.HiOpen
		case c < 0:
			h.Hi, h.HiOpen = o.Hi, o.HiOpen
		default:
			h.Hi, h.HiOpen = b.Hi, b.HiOpen && o.HiOpen
		}
	}
	if b.In != nil && o.In != nil {
		h.In = append(slices.Clone(b.In), o.In...)
		slices.SortFunc(h.In, func(x, y expr.Value) int { return Compare(x, y, b.Type) })
		h.In = slices.CompactFunc(h.In, func(x, y expr.Value) bool { return Compare(x, y, b.Type) == 0 })
	}
	return h
}
