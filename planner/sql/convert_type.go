package sql

import (
	pg "github.com/pganalyze/pg_query_go/v6"
)

// cast converts x::type, CAST(x AS type) and type 'literal'.
func (c *converter) cast(t *pg.TypeCast) Expr {
	operand := c.expr(t.GetArg())
	typ := c.typeName(t.GetTypeName())
	out := &Cast{Operand: operand, Type: typ}
	i := c.at(t.GetLocation())
	switch {
	case i >= 0 && c.isPunct(i+1, '('): // CAST (…)
		out.Try = isTryCast(c.text, c.tokens, i)
		out.Loc = c.loc(i, c.close(i+1))
	case i >= 0: // ::
		out.Loc = Loc{c.cover(c.span(i, i).Union(typ.Source), operand)}
	default:
		span := typ.Source
		if operand != nil {
			span = span.Union(operand.Span())
		}
		start, end := c.bounds(span)
		after := c.intervalFields(end + 1)
		out.Loc = c.loc(start, after-1)
		if after > end+1 {
			out.Type.Source = out.Source // interval '3' day: the type's words stand on both sides
		}
	}
	return out
}

// typeName converts a type.
func (c *converter) typeName(t *pg.TypeName) TypeName {
	i := c.at(t.GetLocation())
	out := TypeName{Loc: c.loc(i, c.typeEnd(i)-1)}
	if t.GetSetof() || t.GetPctType() {
		c.refuse(out.Source, "SETOF and %%TYPE are not supported")
		return out
	}
	names := t.GetNames()
	if len(names) > 1 && !c.isPunct(i+1, '.') { // a word of the grammar's own: int, timestamp with time zone
		out.Name = Name{[]Ident{{c.baseType(i), str(names[len(names)-1])}}}
	} else {
		out.Name = c.name(names, i)
	}
	modifiers := t.GetTypmods()
	if out.Name.String() == "interval" && len(modifiers) > 0 {
		out.Fields = intervalMask(modifiers[0].GetAConst().GetIval().GetIval())
		modifiers = modifiers[1:]
	}
	out.Modifiers = c.exprs(modifiers)
	for _, n := range t.GetArrayBounds() {
		out.Dims = append(out.Dims, int(n.GetInteger().GetIval()))
	}
	return out
}

// baseType is the place of a type's words, without modifiers and dimensions.
func (c *converter) baseType(i int) Loc {
	end := i
	for k := i; k < c.typeEnd(i); k++ {
		if c.kind(k) == tokenWord && !c.is(k, "array") {
			end = k
		}
	}
	return c.loc(i, end)
}

// typeEnd is the index after the type that begins at token i: PostgreSQL's types of
// several words, or a dotted name, with modifiers and dimensions.
func (c *converter) typeEnd(i int) int {
	if i < 0 {
		return i
	}
	j := i + 1
	interval := false
	switch {
	case c.is(i, "double"):
		j = c.skip(j, "precision")
	case c.is(i, "national"):
		j = c.skip(j+1, "varying")
	case c.is(i, "character", "char", "nchar", "bit"):
		j = c.skip(j, "varying")
	case c.is(i, "time", "timestamp"):
		j = c.afterParens(j)
		if c.is(j, "with", "without") && c.is(j+1, "time") {
			j += 3
		}
	case c.is(i, "interval"):
		interval = true
	default:
		for c.isPunct(j, '.') {
			j += 2
		}
	}
	j = c.afterParens(j)
	if interval {
		j = c.intervalFields(j)
	}
	j = c.skip(j, "array")
	for c.isPunct(j, '[') {
		j = c.close(j) + 1
	}
	return j
}

func (c *converter) afterParens(i int) int {
	if c.isPunct(i, '(') {
		return c.close(i) + 1
	}
	return i
}

// intervalFields is the index after YEAR TO MONTH or its like at i, or i.
func (c *converter) intervalFields(i int) int {
	field := func(k int) bool { return c.is(k, "year", "month", "day", "hour", "minute", "second") }
	if !field(i) {
		return i
	}
	j := i + 1
	if c.is(j, "to") && field(j+1) {
		j += 2
	}
	if c.is(j-1, "second") {
		j = c.afterParens(j)
	}
	return j
}

// intervalMask gives an interval's fields in words (PostgreSQL's INTERVAL_MASK);
// empty for all of them.
func intervalMask(mask int32) string {
	const month, year, day, hour, minute, second = 1 << 1, 1 << 2, 1 << 3, 1 << 10, 1 << 11, 1 << 12
	switch mask {
	case year:
		return "year"
	case month:
		return "month"
	case day:
		return "day"
	case hour:
		return "hour"
	case minute:
		return "minute"
	case second:
		return "second"
	case year | month:
		return "year to month"
	case day | hour:
		return "day to hour"
	case day | hour | minute:
		return "day to minute"
	case day | hour | minute | second:
		return "day to second"
	case hour | minute:
		return "hour to minute"
	case hour | minute | second:
		return "hour to second"
	case minute | second:
		return "minute to second"
	}
	return ""
}
