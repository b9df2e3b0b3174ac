package sql

import (
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/skein-query/skein/internal/sqlerr"
)

// callExpr converts function calls and what SQL writes like them.
func (c *converter) callExpr(node *pg.Node) Expr {
	switch n := node.GetNode().(type) {
	case *pg.Node_FuncCall:
		return c.funcCall(n.FuncCall)
	case *pg.Node_CoalesceExpr:
		i := c.at(n.CoalesceExpr.GetLocation())
		return &Coalesce{c.loc(i, c.close(i+1)), c.exprs(n.CoalesceExpr.GetArgs())}
	case *pg.Node_MinMaxExpr:
		i := c.at(n.MinMaxExpr.GetLocation())
		return &Extremum{c.loc(i, c.close(i+1)), n.MinMaxExpr.GetOp() == pg.MinMaxOp_IS_LEAST,
			c.exprs(n.MinMaxExpr.GetArgs())}
	case *pg.Node_SqlvalueFunction:
		return c.sessionValue(n.SqlvalueFunction)
	case *pg.Node_GroupingFunc:
		i := c.at(n.GroupingFunc.GetLocation())
		f := &FuncCall{Loc: c.loc(i, c.close(i+1)), Keyword: true}
		f.Name = Name{[]Ident{c.ident("grouping", i)}}
		f.Args = c.args(n.GroupingFunc.GetArgs())
		return f
	}
	c.unsupported(node, c.first)
	return nil
}

// funcCall converts a call. SQL's keyword forms have the grammar's name for the
// function, with pg_catalog before it.
func (c *converter) funcCall(f *pg.FuncCall) Expr {
	i := c.at(f.GetLocation())
	if f.GetFuncformat() == pg.CoercionForm_COERCE_SQL_SYNTAX {
		return c.keywordCall(f, i)
	}
	call := &FuncCall{Name: c.name(f.GetFuncname(), i), Star: f.GetAggStar(), Distinct: f.GetAggDistinct(),
		Variadic: f.GetFuncVariadic(), WithinGroup: f.GetAggWithinGroup()}
	if len(f.GetFuncname()) > 1 && !c.isPunct(i+1, '.') { // TRIM and others without keywords inside
		call.Name = Name{[]Ident{c.ident(str(f.GetFuncname()[1]), i)}}
		call.Keyword = true
	}
	call.Args = c.args(f.GetArgs())
	call.OrderBy = c.orderBy(f.GetAggOrder())
	end := c.close(c.open(i, '('))
	if call.WithinGroup {
		end = c.close(c.open(end+1, '('))
	}
	if f.GetAggFilter() != nil {
		end = c.close(c.open(end+1, '('))
		call.Filter = c.expr(f.GetAggFilter())
	}
	if f.GetOver() != nil {
		call.Over = c.window(f.GetOver())
		end = c.close(end + 2) // OVER name, or OVER (…)
	}
	call.Loc = c.loc(i, end)
	return call
}

func (c *converter) args(nodes []*pg.Node) []Arg {
	if len(nodes) == 0 {
		return nil
	}
	list := make([]Arg, len(nodes))
	for k, n := range nodes {
		if named := n.GetNamedArgExpr(); named != nil {
			list[k] = Arg{c.ident(named.GetName(), c.at(named.GetLocation())), c.expr(named.GetArg())}
			continue
		}
		list[k].Value = c.expr(n)
	}
	return list
}

// keywordCall converts EXTRACT(…), x AT TIME ZONE y and their like.
func (c *converter) keywordCall(f *pg.FuncCall, i int) Expr {
	name := str(f.GetFuncname()[len(f.GetFuncname())-1])
	args := c.args(f.GetArgs())
	if name == "timezone" && len(args) == 2 {
		operand, zone := args[1].Value, args[0].Value
		return &AtTimeZone{Loc{c.cover(c.span(i, i+2), operand, zone)}, operand, zone}
	}
	call := &FuncCall{Name: Name{[]Ident{c.ident(name, i)}}, Args: args, Keyword: true}
	switch {
	case c.is(i, "overlaps"):
		right := c.skip(i+1, "row")
		left := int(max(c.tokens[i-1].match, 0))
		if c.is(left-1, "row") {
			left--
		}
		call.Loc = c.loc(left, c.close(right))
	case c.is(i, "is"): // x IS [NOT] [NFC] NORMALIZED
		end := i
		for end < c.end-1 && !c.is(end, "normalized") {
			end++
		}
		call.Loc = Loc{c.cover(c.span(i, end), args[0].Value)}
	case c.is(i, "collation"): // COLLATION FOR (x)
		call.Loc = c.loc(i, c.close(i+2))
	default: // SYSTEM_USER has no parentheses
		call.Loc = c.loc(i, max(i, c.afterParens(i+1)-1))
	}
	return call
}

// sessionValue converts CURRENT_DATE and its like: the node's name is the keyword's.
func (c *converter) sessionValue(f *pg.SQLValueFunction) Expr {
	i := c.at(f.GetLocation())
	v := &SessionValue{Loc: c.loc(i, i), Precision: -1}
	if i >= 0 {
		v.Name = strings.ToLower(c.tokenText(i))
	}
	switch f.GetOp() {
	case pg.SQLValueFunctionOp_SVFOP_CURRENT_TIME_N, pg.SQLValueFunctionOp_SVFOP_CURRENT_TIMESTAMP_N,
		pg.SQLValueFunctionOp_SVFOP_LOCALTIME_N, pg.SQLValueFunctionOp_SVFOP_LOCALTIMESTAMP_N:
		v.Loc = c.loc(i, c.close(i+1))
		v.Precision = int(f.GetTypmod())
	}
	return v
}

// grouping converts an element of GROUP BY that is no expression.
func (c *converter) grouping(g *pg.GroupingSet) Expr {
	i := c.at(g.GetLocation())
	out := &Grouping{Loc: c.loc(i, c.close(c.open(i, '(')))}
	switch g.GetKind() {
	case pg.GroupingSetKind_GROUPING_SET_ROLLUP:
		out.Kind = Rollup
	case pg.GroupingSetKind_GROUPING_SET_CUBE:
		out.Kind = Cube
	case pg.GroupingSetKind_GROUPING_SET_SETS:
		out.Kind = GroupingSets
	default: // () alone: one empty set
		out.Kind, out.Sets = GroupingSets, [][]Expr{nil}
		return out
	}
	for _, n := range g.GetContent() {
		switch set := n.GetNode().(type) {
		case *pg.Node_GroupingSet:
			if set.GroupingSet.GetKind() == pg.GroupingSetKind_GROUPING_SET_EMPTY {
				out.Sets = append(out.Sets, nil)
				continue
			}
			out.Sets = append(out.Sets, []Expr{c.grouping(set.GroupingSet)})
		case *pg.Node_RowExpr:
			if set.RowExpr.GetRowFormat() == pg.CoercionForm_COERCE_IMPLICIT_CAST {
				out.Sets = append(out.Sets, c.exprs(set.RowExpr.GetArgs()))
				continue
			}
			out.Sets = append(out.Sets, []Expr{c.expr(n)})
		default:
			out.Sets = append(out.Sets, []Expr{c.expr(n)})
		}
	}
	return out
}

// PostgreSQL's bits of a frame (nodes/parsenodes.h, FRAMEOPTION_…).
const (
	frameGiven              = 0x00001
	frameRange              = 0x00002
	frameRows               = 0x00004
	frameStartUnboundedPrec = 0x00020
	frameEndUnboundedPrec   = 0x00040
	frameStartUnboundedFoll = 0x00080
	frameEndUnboundedFoll   = 0x00100
	frameStartCurrent       = 0x00200
	frameEndCurrent         = 0x00400
	frameStartPreceding     = 0x00800
	frameEndPreceding       = 0x01000
	frameExcludeCurrent     = 0x08000
	frameExcludeGroup       = 0x10000
	frameExcludeTies        = 0x20000
)

// window converts OVER (…), OVER name and a definition of the WINDOW clause.
func (c *converter) window(w *pg.WindowDef) *Window {
	i := c.at(w.GetLocation())
	out := &Window{Loc: c.loc(i, c.close(i))}
	if w.GetName() != "" {
		at := i
		if c.isPunct(i, '(') { // WINDOW name AS (…)
			at = i - 2
			out.Loc = c.loc(at, c.close(i))
		}
		out.Name = c.ident(w.GetName(), at)
	}
	if w.GetRefname() != "" {
		out.Base = c.ident(w.GetRefname(), i+1)
	}
	out.PartitionBy = c.exprs(w.GetPartitionClause())
	out.OrderBy = c.orderBy(w.GetOrderClause())
	if options := w.GetFrameOptions(); options&frameGiven != 0 {
		out.Frame = c.frame(options, c.expr(w.GetStartOffset()), c.expr(w.GetEndOffset()))
	}
	return out
}

func (c *converter) frame(options int32, start, end Expr) *Frame {
	f := &Frame{Mode: Groups}
	switch {
	case options&frameRange != 0:
		f.Mode = Range
	case options&frameRows != 0:
		f.Mode = Rows
	}
	kind := func(unboundedPrec, unboundedFoll, current, preceding int32) BoundKind {
		switch {
		case options&unboundedPrec != 0:
			return UnboundedPreceding
		case options&unboundedFoll != 0:
			return UnboundedFollowing
		case options&current != 0:
			return CurrentRow
		case options&preceding != 0:
			return OffsetPreceding
		}
		return OffsetFollowing
	}
	f.Start = Bound{kind(frameStartUnboundedPrec, frameStartUnboundedFoll, frameStartCurrent, frameStartPreceding), start}
	f.End = Bound{kind(frameEndUnboundedPrec, frameEndUnboundedFoll, frameEndCurrent, frameEndPreceding), end}
	switch {
	case options&frameExcludeCurrent != 0:
		f.Exclude = ExcludeCurrentRow
	case options&frameExcludeGroup != 0:
		f.Exclude = ExcludeGroup
	case options&frameExcludeTies != 0:
		f.Exclude = ExcludeTies
	}
	return f
}

// orderBy converts the keys of an ORDER BY with their words.
func (c *converter) orderBy(nodes []*pg.Node) []OrderItem {
	var list []OrderItem
	for _, n := range nodes {
		s := n.GetSortBy()
		item := OrderItem{Value: c.expr(s.GetNode()), Desc: s.GetSortbyDir() == pg.SortByDir_SORTBY_DESC}
		span := c.cover(sqlerr.Span{}, item.Value)
		i := c.next(span)
		if s.GetSortbyDir() == pg.SortByDir_SORTBY_USING {
			place := c.operatorPlace(c.at(s.GetLocation()))
			item.Using = c.operatorName(s.GetUseOp(), place)
			i = c.next(place)
		}
		if c.is(i, "asc", "desc") {
			i++
		}
		switch s.GetSortbyNulls() {
		case pg.SortByNulls_SORTBY_NULLS_FIRST:
			item.Nulls = NullsFirst
			i += 2
		case pg.SortByNulls_SORTBY_NULLS_LAST:
			item.Nulls = NullsLast
			i += 2
		}
		item.Loc = Loc{span.Union(c.span(i-1, i-1))}
		list = append(list, item)
	}
	return list
}
