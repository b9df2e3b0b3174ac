package standard

import (
	"slices"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// windows are the window functions of a relation's expressions, by what divides and
// orders their rows.
type windows struct {
	list []*logical.Window // without an input yet
}

// column is the column that a call delivers.
func (w *windows) column(r *reader, partition []expr.Expr, order []expr.SortKey, call expr.Window) logical.Column {
	at := slices.IndexFunc(w.list, func(n *logical.Window) bool {
		return slices.EqualFunc(n.Partition, partition, expr.Equal) && slices.EqualFunc(n.Order, order, func(a, b expr.SortKey) bool {
			return expr.Equal(a.Expr, b.Expr) && a.Desc == b.Desc && a.NullsFirst == b.NullsFirst
		})
	})
	if at < 0 {
		at = len(w.list)
		w.list = append(w.list, &logical.Window{Partition: partition, Order: order})
	}
	c := r.newColumn(call.Func, call.Typ, call.NullsPossible())
	w.list[at].Calls = append(w.list[at].Calls, logical.WindowItem{Col: c, Call: call})
	return c
}

// attach joins waiting subqueries to a plan and puts the windows over it: subqueries that
// compare with what a window gives come last.
func (w *windows) attach(r *reader, plan logical.Node, s *scope) logical.Node {
	made := logical.Set{}
	for _, n := range w.list {
		for _, c := range n.Calls {
			made[c.Col.ID] = true
		}
	}
	var before, after []subquery
	for _, p := range s.pending {
		used := logical.Set{}
		for _, e := range p.conds {
			expr.Columns(e, used)
		}
		if p.nullAware != nil {
			expr.Columns(p.nullAware, used)
		}
		if used.Meets(made) {
			after = append(after, p)
		} else {
			before = append(before, p)
		}
	}
	s.pending = nil
	return attach(w.plan(r, attach(plan, before)), after)
}

// plan puts the windows over a plan, with what they read computed below as columns.
func (w *windows) plan(r *reader, plan logical.Node) logical.Node {
	if len(w.list) == 0 {
		return plan
	}
	var values []val
	own := logical.Output(plan)
	read := func(e expr.Expr) {
		if c, ok := e.(*expr.Column); ok && own[c.ID] {
			return
		}
		if _, ok := e.(*expr.Literal); !ok {
			values = append(values, val{Expr: e})
		}
	}
	for _, n := range w.list {
		logical.Exprs(n, read)
	}
	plan, cols := r.extend(plan, values)
	to := func(e expr.Expr) expr.Expr {
		for i, v := range values {
			if expr.Equal(v.Expr, e) && v.Type().Equal(e.Type()) {
				return cols[i].Ref()
			}
		}
		return e
	}
	for _, n := range w.list {
		over := logical.MapExprs(n, to).(*logical.Window)
		over.Input = plan
		over.Partition = slices.DeleteFunc(over.Partition, isLiteral)
		over.Order = slices.DeleteFunc(over.Order, func(k expr.SortKey) bool { return isLiteral(k.Expr) })
		plan = over
	}
	return plan
}

func isLiteral(e expr.Expr) bool {
	_, ok := e.(*expr.Literal)
	return ok
}

// windowFunction is what a window function of a projection and one of a relation of
// windows have in common.
type windowFunction struct {
	anchor       uint32
	args         []*pb.FunctionArgument
	old          []*pb.Expression // arguments of older versions
	options      []*pb.FunctionOption
	out          *pb.Type
	phase        pb.AggregationPhase
	invocation   pb.AggregateFunction_AggregationInvocation
	bounds       pb.Expression_WindowFunction_BoundsType
	lower, upper *pb.Expression_WindowFunction_Bound
	more         *detail.Window_Call
}

// windowExpr reads a window function of a projection's expressions.
func (r *reader) windowExpr(f *pb.Expression_WindowFunction, s *scope) (val, error) {
	if s.windows == nil {
		return val{}, r.errorf("a window function stands where only a projection may have one")
	}
	partition, order, err := r.windowOver(f.GetPartitions(), f.GetSorts(), s)
	if err != nil {
		return val{}, err
	}
	call := windowFunction{anchor: f.GetFunctionReference(), args: f.GetArguments(), options: f.GetOptions(), out: f.GetOutputType(),
		phase: f.GetPhase(), invocation: f.GetInvocation(), bounds: f.GetBoundsType(), lower: f.GetLowerBound(), upper: f.GetUpperBound()}
	//lint:ignore SA1019 plans of older versions have the arguments there
	call.old = f.GetArgs()
	return r.windowCall(call, partition, order, s)
}

// windowOver reads what divides and orders rows; no window function stands in it.
func (r *reader) windowOver(partitions []*pb.Expression, sorts []*pb.SortField, s *scope) ([]expr.Expr, []expr.SortKey, error) {
	outside := s.windows
	s.windows = nil
	defer func() { s.windows = outside }()
	values, err := r.exprs(partitions, s)
	if err != nil {
		return nil, nil, err
	}
	partition := make([]expr.Expr, len(values))
	for i, v := range values {
		if partition[i] = v.Expr; v.Type().Kind == expr.Struct || v.Type().Kind == expr.Map {
			return nil, nil, r.errorf("partitions by values of type %s are not supported", v.Type())
		}
	}
	order, err := r.sortKeys(sorts, s)
	return partition, order, err
}

// window reads a relation of window functions: its input's columns, then theirs.
func (r *reader) window(m *pb.ConsistentPartitionWindowRel, outer *scope) (relation, error) {
	in, err := r.rel(m.GetInput(), outer)
	if err != nil {
		return in, err
	}
	more, err := r.windowDetail(m)
	if err != nil {
		return in, err
	}
	s := &scope{cols: in.cols, outer: outer, windows: &windows{}}
	partition, order, err := r.windowOver(m.GetPartitionExpressions(), m.GetSorts(), s)
	if err != nil {
		return in, err
	}
	values := make([]val, len(m.GetWindowFunctions()))
	for i, f := range m.GetWindowFunctions() {
		call := windowFunction{anchor: f.GetFunctionReference(), args: f.GetArguments(), options: f.GetOptions(), out: f.GetOutputType(),
			phase: f.GetPhase(), invocation: f.GetInvocation(), bounds: f.GetBoundsType(), lower: f.GetLowerBound(), upper: f.GetUpperBound(),
			more: more[i]}
		if values[i], err = r.windowCall(call, partition, order, s); err != nil {
			return in, err
		}
	}
	in.nodes += s.nodes
	plan, cols := r.extend(s.windows.attach(r, in.plan, s), values)
	in.plan, in.cols = plan, slices.Concat(in.cols, cols)
	return in, nil
}

// windowDetail is what an enhancement of ours says of the calls of a relation.
func (r *reader) windowDetail(m *pb.ConsistentPartitionWindowRel) ([]*detail.Window_Call, error) {
	out := make([]*detail.Window_Call, len(m.GetWindowFunctions()))
	for i := range out {
		out[i] = &detail.Window_Call{}
	}
	e := m.GetAdvancedExtension().GetEnhancement()
	if e == nil {
		return out, nil
	}
	own := new(detail.Window)
	if !e.MessageIs(own) {
		return out, r.plain(m.GetAdvancedExtension())
	}
	if err := e.UnmarshalTo(own); err != nil || known(own.ProtoReflect()) != nil || len(own.GetCalls()) != len(out) {
		return out, r.errorf("the enhancement %s cannot be read", e.GetTypeUrl())
	}
	return own.GetCalls(), nil
}

// windowCall reads a call; its value is the column that it will deliver.
func (r *reader) windowCall(f windowFunction, partition []expr.Expr, order []expr.SortKey, s *scope) (val, error) {
	d, ok := r.ext.functions[f.anchor]
	if !ok {
		return val{}, r.errorf("function anchor %d is not declared", f.anchor)
	}
	found := s.windows
	s.windows = nil
	defer func() { s.windows = found }()
	c, err := r.arguments(d, f.args, f.old, f.options, f.out, s)
	if err != nil {
		return val{}, err
	}
	switch f.phase {
	case pb.AggregationPhase_AGGREGATION_PHASE_UNSPECIFIED, pb.AggregationPhase_AGGREGATION_PHASE_INITIAL_TO_RESULT:
	default:
		return val{}, c.errorf("phase %s is not supported", f.phase)
	}
	if f.invocation == pb.AggregateFunction_AGGREGATION_INVOCATION_DISTINCT {
		return val{}, c.errorf("DISTINCT is not supported in window functions")
	}
	out, finish, err := r.windowMeaning(d, c)
	if err != nil {
		return val{}, err
	}
	if err := c.opts.rest(c); err != nil {
		return val{}, err
	}
	if f.more.GetFilter() != nil {
		if !out.IsAggregate() {
			return val{}, c.errorf("a filter is not supported")
		}
		if out.Filter, err = r.condition(f.more.GetFilter(), s); err != nil {
			return val{}, err
		}
	}
	if out.Frame, err = r.frame(f, order); err != nil {
		return val{}, err
	}
	v := val{Expr: found.column(r, partition, order, out).Ref()}
	if finish != nil {
		if v, err = finish(v); err != nil {
			return v, err
		}
	}
	if c.out == nil {
		return v, nil
	}
	return c.declared(v)
}

// windowMeaning is what a declared window function is to the engine.
func (r *reader) windowMeaning(d declared, c *call) (expr.Window, func(val) (val, error), error) {
	if !expr.IsWindowFunction(c.name) || d.set != setArithmetic && d.set != setOwn && d.set != "" {
		m, err := r.aggregateFunction(d, c)
		if err == nil && len(m.agg.Order) > 0 {
			err = c.errorf("an order of its own is not supported")
		}
		return expr.Window{Func: m.agg.Func, Args: m.agg.Args, Typ: m.agg.Typ}, m.finish, err
	}
	if c.name == "nth_value" {
		if _, err := c.option("on_domain_error", "ERROR"); err != nil {
			return expr.Window{}, nil, err
		}
	}
	args := slices.Clone(c.args)
	for i, a := range args { // numbers of rows and buckets may be of any integer type
		if t := a.Type(); t.IsInteger() && t.Kind != expr.Int4 && (c.name == "ntile" || i == 1) {
			args[i].Expr = cast(a.Expr, expr.Of(expr.Int4))
		}
	}
	types := make([]expr.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
	}
	sig, err := expr.ResolveWindow(c.name, types)
	if err != nil {
		return expr.Window{}, nil, r.wrap(err)
	}
	out := expr.Window{Func: c.name, Typ: sig.Result}
	for i, a := range args {
		e, err := r.coerce(a.Expr, sig.Args[i])
		if err != nil {
			return out, nil, err
		}
		out.Args = append(out.Args, e)
	}
	return out, nil, nil
}

// frame reads bounds. The standard's defaults are the ends of the partition, counted in
// rows.
func (r *reader) frame(f windowFunction, order []expr.SortKey) (out expr.Frame, err error) {
	switch f.bounds {
	case pb.Expression_WindowFunction_BOUNDS_TYPE_ROWS, pb.Expression_WindowFunction_BOUNDS_TYPE_UNSPECIFIED:
		out.Mode = expr.FrameRows
	case pb.Expression_WindowFunction_BOUNDS_TYPE_RANGE:
		out.Mode = expr.FrameRange
	default:
		return out, r.errorf("bounds of type %s are not known", f.bounds)
	}
	if f.more.GetGroups() {
		out.Mode = expr.FrameGroups
	}
	if x := f.more.GetExclusion(); x < 0 || x > detail.Window_EXCLUSION_TIES {
		return out, r.errorf("exclusion %d is not known", x)
	}
	out.Exclude = expr.Exclusion(f.more.GetExclusion())
	if out.Start, err = r.frameEnd(f.lower, f.more.GetLowerOffset(), out.Mode, order, expr.UnboundedPreceding); err != nil {
		return out, err
	}
	out.End, err = r.frameEnd(f.upper, f.more.GetUpperOffset(), out.Mode, order, expr.UnboundedFollowing)
	return out, err
}

func (r *reader) frameEnd(b *pb.Expression_WindowFunction_Bound, typed *pb.Expression, mode expr.FrameMode, order []expr.SortKey, unbounded expr.BoundKind) (expr.Bound, error) {
	out, n := expr.Bound{Kind: unbounded}, int64(0)
	switch k := b.GetKind().(type) {
	case *pb.Expression_WindowFunction_Bound_Preceding_:
		out.Kind, n = expr.Preceding, k.Preceding.GetOffset()
	case *pb.Expression_WindowFunction_Bound_Following_:
		out.Kind, n = expr.Following, k.Following.GetOffset()
	case *pb.Expression_WindowFunction_Bound_CurrentRow_:
		out.Kind = expr.CurrentRow
		return out, nil
	default:
		return out, nil
	}
	if n < 0 {
		return out, r.errorf("a bound of a window has the offset %d", n)
	}
	if mode != expr.FrameRange {
		out.Offset = expr.NewLiteral(expr.Int(n), expr.Of(expr.Int8))
		return out, nil
	}
	if len(order) != 1 {
		return out, r.errorf("bounds by the value of a key need one sort field, not %d", len(order))
	}
	var err error
	out.Offset, err = r.keyOffset(typed, n, order[0].Expr.Type())
	return out, err
}

// keyOffset is an offset from a key's value: of the standard a number.
func (r *reader) keyOffset(typed *pb.Expression, n int64, key expr.Type) (*expr.Literal, error) {
	var offset *expr.Literal
	switch {
	case typed != nil:
		v, err := r.expr(typed, &scope{})
		if err != nil {
			return nil, err
		}
		l, ok := v.Expr.(*expr.Literal)
		if !ok || l.Value.Null {
			return nil, r.errorf("an offset of a window's bound is no literal")
		}
		offset = l
	case key.Kind == expr.Numeric:
		offset = expr.NewLiteral(expr.Decimal64(n), expr.NumericOf(19, 0))
	case key.Kind == expr.Float4 || key.Kind == expr.Float8:
		offset = expr.NewLiteral(expr.Float(float64(n)), expr.Of(expr.Float8))
	default:
		offset = expr.NewLiteral(expr.Int(n), expr.Of(expr.Int8))
	}
	to, err := expr.RangeOffset(key, offset.Typ)
	if err != nil {
		return nil, r.wrap(err)
	}
	if to.Kind != offset.Typ.Kind {
		return nil, r.errorf("an offset of type %s from a key of type %s is not supported", offset.Typ, key)
	}
	return offset, nil
}
