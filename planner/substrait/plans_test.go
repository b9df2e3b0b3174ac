package substrait

import (
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// Short names for the plans below.
var (
	int2, int4, int8 = expr.Of(expr.Int2), expr.Of(expr.Int4), expr.Of(expr.Int8)
	boolean, text    = expr.Of(expr.Bool), expr.Of(expr.Text)
	money            = expr.NumericOf(15, 2)
)

func at(start, end int32) sqlerr.Span { return sqlerr.Span{Start: start, End: end} }

// col is a reference to a column of n as the planner makes it.
func col(n physical.Node, i int) *expr.Column {
	f := n.Schema()[i]
	return &expr.Column{ID: expr.ColumnID(i), Typ: f.Type, Nullable: f.Nullable, Name: f.Name, Span: at(int32(10*i+7), int32(10*i+9))}
}

func integer(i int64) *expr.Literal { return expr.NewLiteral(expr.Int(i), int4) }

// orders and lines are two scans that most plans stand on.
func orders() *physical.Scan {
	return &physical.Scan{
		Est:   physical.Est{RowCount: 15000},
		Table: "orders",
		Files: []physical.File{
			{Path: "/data/orders/part-0000.parquet", SizeBytes: 1 << 40, ModTime: time.Unix(1700000000, 123456789)},
			{Path: "s3://bucket/orders.parquet", SizeBytes: 12, ETag: `"9b2cf535f27731c9"`, RowGroups: []int{0, 2, 5}},
			{Path: "nothing to read.parquet", RowGroups: []int{}},
		},
		Columns: []string{"O_ORDERKEY", "O_COMMENT", "O_TOTALPRICE", "O_ORDERDATE"},
		Fields: []expr.Field{{Name: "o_orderkey", Type: int8}, {Name: "o_comment", Type: text, Nullable: true},
			{Name: "o_totalprice", Type: money, Nullable: true}, {Name: "o_orderdate", Type: expr.Of(expr.Date)}},
		Filter: []expr.Expr{
			&expr.Call{Name: expr.OpGe, Typ: boolean, Span: at(40, 70), Args: []expr.Expr{
				&expr.Column{ID: 3, Typ: expr.Of(expr.Date), Name: "o_orderdate", Span: at(40, 51)},
				&expr.Literal{Value: expr.Int(9131), Typ: expr.Of(expr.Date), Span: at(55, 70)}}},
			&expr.Call{Name: expr.OpLike, Typ: boolean, Args: []expr.Expr{
				&expr.Column{ID: 1, Typ: text, Nullable: true, Name: "o_comment"}, expr.NewLiteral(expr.Str("%special%requests%"), text)}},
		},
		RuntimeFilters: []physical.RuntimeFilterUse{{ID: 3, Column: 0}, {ID: 4, Column: 2}},
		Emit:           []int{2, 0, 0},
	}
}

func lines() *physical.Scan {
	return &physical.Scan{
		Est: physical.Est{RowCount: 60175.5}, Table: "lineitem",
		Files:   []physical.File{{Path: "lineitem.parquet", SizeBytes: 7, ModTime: time.UnixMilli(5)}},
		Columns: []string{"l_orderkey", "l_quantity", "l_flag"},
		Fields:  []expr.Field{{Name: "l_orderkey", Type: int8}, {Name: "l_quantity", Type: money, Nullable: true}, {Name: "l_flag", Type: text}},
		Emit:    []int{0, 1, 2},
	}
}

// nestedType has every way to hold a type in a type.
func nestedType() expr.Type {
	inner := expr.Type{Kind: expr.Struct, Nested: &expr.Nested{Fields: []expr.Field{
		{Name: "x", Type: int4, Nullable: true}, {Name: `"quoted" näme`, Type: expr.ListOf(text)}}}}
	m := expr.Type{Kind: expr.Map, Nested: &expr.Nested{Fields: []expr.Field{{Name: "key", Type: text}, {Name: "value", Type: inner, Nullable: true}}}}
	return expr.Type{Kind: expr.Struct, Nested: &expr.Nested{Fields: []expr.Field{{Name: "m", Type: m}, {Name: "l", Type: expr.ListOf(inner), Nullable: true}}}}
}

// constant is a value with its type.
type constant struct {
	typ   expr.Type
	value expr.Value
}

// constants are values of all types, with their bounds.
func constants() []constant {
	most, _ := new(big.Int).SetString("99999999999999999999999999999999999999", 10)
	wide, _ := expr.Decimal128(most)
	narrow, _ := expr.Decimal128(new(big.Int).Neg(most))
	nested := nestedType()
	row := expr.Value{Elems: []expr.Value{expr.Int(1), {Elems: []expr.Value{expr.Str("a"), expr.Null}}}}
	pair := expr.Type{Kind: expr.Map, Nested: &expr.Nested{Fields: []expr.Field{{Name: "k", Type: int4}, {Name: "v", Type: boolean}}}}
	out := []constant{
		{boolean, expr.BoolValue(true)}, {boolean, expr.BoolValue(false)},
		{int2, expr.Int(math.MinInt16)}, {int4, expr.Int(math.MaxInt32)}, {int8, expr.Int(math.MinInt64)},
		{money, expr.Decimal64(-5)}, {expr.NumericOf(38, 0), wide}, {expr.NumericOf(38, 38), narrow},
		{expr.Of(expr.Float4), expr.Float(float64(float32(0.1)))}, {expr.Of(expr.Float8), expr.Float(math.Inf(-1))},
		{expr.Of(expr.Float8), expr.Float(math.NaN())}, {expr.Of(expr.Float8), expr.Float(math.Copysign(0, -1))},
		{text, expr.Str("")}, {text, expr.Str("grün'\x00")}, {expr.Type{Kind: expr.Text, Length: 25}, expr.Str("BUILDING")},
		{expr.Type{Kind: expr.Char, Length: 4}, expr.Str("grün")}, {expr.Type{Kind: expr.Char, Length: 10}, expr.Str("AIR")},
		{expr.Of(expr.Char), expr.Str("x ")}, {expr.Of(expr.Bytea), expr.Str("\xff\x00")}, {expr.Of(expr.Unknown), expr.Str("later")},
		{expr.Of(expr.Date), expr.Int(-719162)}, {expr.Of(expr.Time), expr.Int(86399999999)},
		{expr.Of(expr.Timestamp), expr.Int(-1)}, {expr.Of(expr.TimestampTZ), expr.Int(math.MaxInt64)},
		{expr.TimeOf(expr.Time, 0), expr.Int(86400000000)}, {expr.TimeOf(expr.Timestamp, 3), expr.Int(-5000)}, {expr.TimeOf(expr.TimestampTZ, 5), expr.Int(1234567890)},
		{expr.Of(expr.Interval), expr.IntervalValue(-14, 3, -1500000)},
		{expr.Of(expr.Interval), expr.IntervalValue(math.MinInt32, math.MaxInt32, math.MinInt64)},
		{expr.ListOf(int4), expr.Value{Elems: []expr.Value{expr.Int(1), expr.Null}}}, {expr.ListOf(text), expr.Value{}},
		{pair, expr.Value{Elems: []expr.Value{expr.Int(1), expr.BoolValue(true), expr.Int(2), expr.Null}}}, {pair, expr.Value{}},
		{nested, expr.Value{Elems: []expr.Value{{Elems: []expr.Value{expr.Str("k"), row}}, {Elems: []expr.Value{row, expr.Null}}}}},
	}
	for _, c := range out {
		out = append(out, constant{c.typ, expr.Null})
	}
	return out
}

// plan is a named plan of the corpus.
type plan struct {
	name string
	node physical.Node
}

// corpus has every node with every field, and every expression.
func corpus() []plan {
	l := lines()
	out := []plan{
		{"scan of versions and row groups, filtered", orders()},
		{"scan of nothing", &physical.Scan{Emit: []int{}}},
		{"values of every type", constantRows()},
		{"values without columns", &physical.Values{Tuples: [][]expr.Value{{}, {}}}},
		{"filter of conjuncts", &physical.Filter{Est: physical.Est{RowCount: 3}, Input: l, Conjuncts: conjuncts(l)}},
		{"filter of nothing", &physical.Filter{Input: l}},
		{"filter of TRUE", &physical.Filter{Input: l, Conjuncts: []expr.Expr{expr.True()}}},
		{"filter of an AND", &physical.Filter{Input: l, Conjuncts: []expr.Expr{
			&expr.Call{Name: expr.OpAnd, Args: conjuncts(l), Typ: boolean, Span: at(1, 2)}}}},
		{"filter of a bare NULL", &physical.Filter{Input: l, Conjuncts: []expr.Expr{expr.NullOf(expr.Of(expr.Unknown))}}},
		{"project of nothing", &physical.Project{Input: l}},
		{"limit", &physical.Limit{Est: physical.Est{RowCount: 10}, Input: l, Offset: 5, Count: 10}},
		{"offset alone", &physical.Limit{Input: l, Offset: math.MaxInt64, Count: -1}},
		{"limit 0", &physical.Limit{Input: l}},
		{"sort", &physical.Sort{Est: physical.Est{RowCount: 1e300}, Input: l, Keys: order(l)}},
		{"sort of whole groups", &physical.Sort{Input: l, Keys: order(l), Whole: 2}},
		{"window", &physical.Window{Est: physical.Est{RowCount: 5}, Input: l, Partition: []expr.Expr{col(l, 0), col(l, 2)}, Order: order(l)[:3],
			Calls: windowCalls(l), Names: windowNames(l)}},
		{"window by a key's value", &physical.Window{Input: l, Order: order(l)[1:2], Names: []string{"near", ""}, Calls: []expr.Window{
			{Func: "sum", Args: []expr.Expr{col(l, 1)}, Typ: expr.NumericOf(38, 2), Span: at(1, 2), Frame: expr.Frame{
				Start: expr.Bound{Kind: expr.Preceding, Offset: expr.NewLiteral(expr.Decimal64(15), expr.NumericOf(2, 1))}, End: expr.Bound{Kind: expr.CurrentRow}}},
			{Func: "first_value", Args: []expr.Expr{col(l, 2)}, Typ: text, Frame: expr.Frame{Start: expr.Bound{Kind: expr.CurrentRow},
				End: expr.Bound{Kind: expr.Following, Offset: expr.NewLiteral(expr.Decimal64(7), expr.NumericOf(19, 0))}}}}}},
		{"window of nothing", &physical.Window{Input: l}},
		{"group top n", &physical.GroupTopN{Est: physical.Est{RowCount: 2}, Input: l, By: []expr.Expr{order(l)[0].Expr}, Keys: order(l)[1:], Offset: 1, Count: 2}},
		{"group top n without keys, of all rows from the second on", &physical.GroupTopN{Input: l, By: []expr.Expr{order(l)[0].Expr}, Offset: 1, Count: -1}},
		{"top n", &physical.TopN{Est: physical.Est{RowCount: 2}, Input: l, Keys: order(l), Offset: 1, Count: 2, RuntimeFilter: 7}},
		{"limit of a sort is no top n", &physical.Limit{Input: &physical.Sort{Input: l, Keys: order(l)}, Count: 2}},
		{"union", &physical.Union{Est: physical.Est{RowCount: 9}, All: []physical.Node{l, lines(), l},
			Fields: []expr.Field{{Name: "a", Type: int8, Nullable: true}, {Name: "b", Type: money}, {Name: "c", Type: expr.Type{Kind: expr.Text, Length: 3}}}}},
		{"union of nothing", &physical.Union{Fields: l.Schema()}},
		{"receive", &physical.Receive{Est: physical.Est{RowCount: 7}, Edge: 12, Kind: physical.Broadcast, Fields: l.Schema(), Sorted: order(l)}},
	}
	for _, all := range []bool{false, true} {
		for _, kind := range []physical.SetKind{physical.Intersect, physical.Except} {
			out = append(out, plan{"set operation", &physical.SetOp{Est: physical.Est{RowCount: 1}, Kind: kind, All: all, Left: l, Right: lines(), Fields: l.Schema()}})
		}
	}
	for kind := physical.Gather; kind <= physical.RoundRobin; kind++ {
		out = append(out, plan{"receive " + kind.String(), &physical.Receive{Kind: kind, Fields: l.Schema()}})
		x := &physical.Exchange{Input: l, Kind: kind}
		if kind == physical.HashSplit {
			x.Keys = []expr.Expr{col(l, 0), col(l, 2)}
		}
		out = append(out, plan{"exchange " + kind.String(), x})
	}
	out = append(out,
		plan{"exchange by a computed key", &physical.Exchange{Input: l, Kind: physical.HashSplit,
			Keys: []expr.Expr{col(l, 2), &expr.Call{Name: "lower", Args: []expr.Expr{col(l, 2)}, Typ: text, Span: at(3, 9)}}}},
		plan{"exchange that keeps order", &physical.Exchange{Input: l, Kind: physical.Gather, Sorted: order(l)}})
	for _, e := range expressions(l) {
		out = append(out, plan{"project of " + e.String(), &physical.Project{Est: physical.Est{RowCount: 2}, Input: l, Exprs: []expr.Expr{col(l, 1), e}, Names: []string{"first", "sécond"}}})
	}
	out = append(out, joins()...)
	out = append(out, aggregates()...)
	return append(out, sharing()...)
}

func constantRows() *physical.Values {
	n := &physical.Values{Est: physical.Est{RowCount: 1}, Tuples: [][]expr.Value{nil}}
	for _, c := range constants() {
		n.Fields = append(n.Fields, expr.Field{Name: "c", Type: c.typ, Nullable: c.value.Null})
		n.Tuples[0] = append(n.Tuples[0], c.value)
	}
	return n
}

func conjuncts(n physical.Node) []expr.Expr {
	return []expr.Expr{
		&expr.Call{Name: expr.OpIsNotNull, Args: []expr.Expr{col(n, 1)}, Typ: boolean},
		&expr.Call{Name: expr.OpGt, Args: []expr.Expr{col(n, 0), expr.NewLiteral(expr.Int(5), int8)}, Typ: boolean, Span: at(100, 110)},
		&expr.InList{Arg: col(n, 2), List: []expr.Value{expr.Str("A"), expr.Null}, Span: at(7, 8)},
	}
}

func order(n physical.Node) []expr.SortKey {
	return []expr.SortKey{{Expr: col(n, 0)}, {Expr: col(n, 1), Desc: true}, {Expr: col(n, 2), NullsFirst: true},
		{Expr: &expr.Call{Name: expr.OpNeg, Args: []expr.Expr{col(n, 0)}, Typ: int8}, Desc: true, NullsFirst: true}}
}

// windowCalls are calls of all window functions, with all sorts of frames but those by a
// key's value.
func windowCalls(l physical.Node) []expr.Window {
	rows := func(kind expr.BoundKind, n int64) expr.Bound {
		return expr.Bound{Kind: kind, Offset: expr.NewLiteral(expr.Int(n), expr.Of(expr.Int8))}
	}
	v, flag := col(l, 1), col(l, 2)
	calls := []expr.Window{
		{Func: "row_number", Typ: int8, Span: at(3, 9)}, {Func: "rank", Typ: int8}, {Func: "dense_rank", Typ: int8},
		{Func: "percent_rank", Typ: expr.Of(expr.Float8)}, {Func: "cume_dist", Typ: expr.Of(expr.Float8)},
		{Func: "ntile", Args: []expr.Expr{integer(4)}, Typ: int4},
		{Func: "lag", Args: []expr.Expr{v}, Typ: v.Typ}, {Func: "lead", Args: []expr.Expr{v, integer(-2), expr.NullOf(v.Typ)}, Typ: v.Typ},
		{Func: "first_value", Args: []expr.Expr{flag}, Typ: flag.Typ, Frame: expr.DefaultFrame()},
		{Func: "last_value", Args: []expr.Expr{flag}, Typ: flag.Typ, Frame: expr.WholeFrame()},
		{Func: "nth_value", Args: []expr.Expr{flag, integer(2)}, Typ: flag.Typ, Frame: expr.Frame{Mode: expr.FrameGroups,
			Start: rows(expr.Preceding, 0), End: rows(expr.Following, math.MaxInt64), Exclude: expr.ExcludeTies}},
		{Func: "count", Typ: int8, Frame: expr.Frame{Mode: expr.FrameRows, Start: rows(expr.Preceding, 9), End: rows(expr.Preceding, 1)}},
		{Func: "sum", Args: []expr.Expr{v}, Filter: expr.True(), Typ: expr.NumericOf(38, 2), Span: at(4, 6), Frame: expr.Frame{Mode: expr.FrameRows,
			Start: expr.Bound{Kind: expr.CurrentRow}, End: expr.Bound{Kind: expr.UnboundedFollowing}, Exclude: expr.ExcludeGroup}},
	}
	for i := range calls {
		if !calls[i].Framed() {
			calls[i].Frame = expr.DefaultFrame()
		}
	}
	return calls
}

func windowNames(l physical.Node) []string {
	names := make([]string, len(windowCalls(l)))
	for i := range names {
		names[i] = fmt.Sprint("w", i)
	}
	return names
}

// expressions are all expressions, over the columns of l.
func expressions(l physical.Node) []expr.Expr {
	var out []expr.Expr
	add := func(e expr.Expr) { out = append(out, e) }
	for _, c := range constants() {
		add(&expr.Literal{Value: c.value, Typ: c.typ, Span: at(1, 5)})
		add(&expr.Param{Number: len(out) + 1, Typ: c.typ, Span: at(1, 2)})
		add(&expr.Cast{Arg: expr.NullOf(text), To: c.typ, Span: at(8, 22)})
		add(&expr.Cast{Arg: expr.NullOf(text), To: c.typ, Try: true, Span: at(8, 22)})
		add(&expr.InList{Arg: expr.NewLiteral(c.value, c.typ), List: []expr.Value{c.value, expr.Null}, Negated: true, Span: at(9, 10)})
	}
	in := &expr.InList{Arg: col(l, 0), List: []expr.Value{expr.Int(1)}}
	not := func(e expr.Expr) expr.Expr { return &expr.Call{Name: expr.OpNot, Args: []expr.Expr{e}, Typ: boolean} }
	negated := &expr.InList{Arg: col(l, 0), Negated: true}
	add(in)
	add(negated)
	add(not(in))
	add(not(negated))
	add(not(not(in)))
	add(&expr.Case{Whens: []expr.When{{Cond: in, Result: integer(1)}, {Cond: not(in), Result: integer(2)}}, Else: integer(3), Typ: int4, Span: at(2, 90)})
	add(&expr.Case{Whens: []expr.When{{Cond: in, Result: integer(1)}}, Typ: int4})
	add(&expr.Case{Whens: []expr.When{{Cond: in, Result: expr.NullOf(expr.Of(expr.Unknown))}}, Else: integer(3), Typ: int4})
	add(&expr.Case{Else: integer(3), Typ: int4})
	renamed := col(l, 0)
	renamed.Name, renamed.Nullable = "k", true
	add(renamed)
	shorter := col(l, 2)
	shorter.Typ.Length = 3
	add(shorter)
	for _, c := range calls(l) {
		add(c)
	}
	return out
}

// calls has what is a function of the standard and what is not quite.
func calls(l physical.Node) []*expr.Call {
	call := func(name string, t expr.Type, args ...expr.Expr) *expr.Call {
		return &expr.Call{Name: name, Args: args, Typ: t, Span: at(int32(len(name)), 80)}
	}
	f := expr.NewLiteral(expr.Float(1.5), expr.Of(expr.Float8))
	str := func(s string) *expr.Literal { return expr.NewLiteral(expr.Str(s), text) }
	out := []*expr.Call{
		call(expr.OpAnd, boolean, expr.True(), expr.False(), expr.NullOf(boolean)), call(expr.OpOr, boolean, expr.True(), expr.NullOf(expr.Of(expr.Unknown))),
		call(expr.OpDiv, int4, integer(7), integer(2)), call(expr.OpMod, int4, integer(7), integer(2)), call(expr.OpAdd, int8, integer(7), col(l, 0)),
		call(expr.OpMul, expr.NumericOf(31, 4), col(l, 1), col(l, 1)), call(expr.OpMul, expr.NumericOf(38, 4), col(l, 1), col(l, 1)),
		call(expr.OpSub, expr.NumericOf(16, 2), col(l, 1), col(l, 1)), call(expr.OpDiv, expr.NumericOf(38, 16), col(l, 1), col(l, 1)),
		call(expr.OpAdd, expr.Of(expr.Float8), f, f), call(expr.OpEq, boolean, f, f), call(expr.OpEq, boolean, col(l, 2), str("x")),
		call(expr.OpIsNotDistinct, boolean, col(l, 1), col(l, 1)), call(expr.OpIsNotTrue, boolean, expr.True()),
		call(expr.OpLike, boolean, col(l, 2), str("a%")), call(expr.OpLike, boolean, col(l, 2), str(`a\%`)),
		call(expr.OpLike, boolean, col(l, 2), str("a%"), str("!")), call(expr.OpLike, boolean, col(l, 2), col(l, 2)), call(expr.OpNotILike, boolean, col(l, 2), str("a%")),
		call("substring", text, col(l, 2), integer(1), integer(2)), call("substring", text, col(l, 2), integer(-1)),
		call("substring", text, col(l, 2), integer(1), integer(-2)), call("substring", text, col(l, 2), str("reg.*ex")),
		call(expr.OpConcat, text, col(l, 2), str("x")), call(expr.OpConcat, text, col(l, 2), integer(1)),
		call(expr.FnCoalesce, text, col(l, 2), str("x")), call(expr.FnCoalesce, text, str("x")), call(expr.FnNullIf, int4, integer(1), integer(2)),
		call(expr.FnExtract, expr.NumericOf(38, 6), str("year"), expr.NewLiteral(expr.Int(1), expr.Of(expr.Date))), call("abs", int4, integer(-1)), call("abs", money, col(l, 1)),
		call("now", expr.Of(expr.TimestampTZ)), call("jsonb:odd_name", text, integer(1)),
		call(expr.FnErrorIfNot, boolean, expr.True(), str("22012"), str("division by zero")),
		call("make_row", nestedType(), integer(1)), call(expr.FnField, int4, expr.NullOf(nestedType()), integer(1)),
	}
	return out
}
