package substrait

import (
	"errors"
	"fmt"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

func (d *decoder) window(x *pb.ConsistentPartitionWindowRel) (output, error) {
	own := new(detail.Window)
	r, err := d.single(x.GetCommon(), x.GetAdvancedExtension(), x.GetInput(), own)
	if err != nil {
		return output{}, err
	}
	n := &physical.Window{Est: r.est(), Input: r.in.node}
	if n.Partition, err = r.exprs(x.GetPartitionExpressions()); err != nil {
		return output{}, err
	}
	if n.Order, err = r.sorts(x.GetSorts()); err != nil {
		return output{}, err
	}
	if have := len(own.GetCalls()); have > 0 && have != len(x.GetWindowFunctions()) {
		return output{}, d.errorf("more is said of %d calls, not of %d", have, len(x.GetWindowFunctions()))
	}
	for i, f := range x.GetWindowFunctions() {
		more := &detail.Window_Call{}
		if len(own.GetCalls()) > 0 {
			more = own.Calls[i]
		}
		call, err := r.windowCall(f, more)
		if err != nil {
			return output{}, err
		}
		if call.AddsToKey() && len(n.Order) != 1 {
			return output{}, d.errorf("the bounds of %s are looked up by %d keys", call.Func, len(n.Order))
		}
		n.Calls = append(n.Calls, call)
	}
	if err := windowReads(n); err != nil {
		return output{}, d.errorf("%v", err)
	}
	n.Names = make([]string, len(n.Calls))
	names, err := r.topNames(r.names, n.Schema())
	if err != nil {
		return output{}, err
	}
	width := len(r.in.fields)
	for i, f := range r.in.fields {
		if names[i] != f.Name {
			return output{}, d.errorf("column %d of a window has the name %q, that of its input is %q", i, names[i], f.Name)
		}
	}
	copy(n.Names, names[width:])
	return d.above(n, n.Schema(), r.in)
}

// windowReads refuses what a window reads that is neither a column nor a literal.
func windowReads(n *physical.Window) error {
	for _, e := range n.Exprs() {
		switch e.(type) {
		case *expr.Column, *expr.Literal:
		default:
			return fmt.Errorf("a window reads %s, which is neither a column nor a literal", e)
		}
	}
	for _, e := range n.Partition {
		if _, ok := e.(*expr.Column); !ok {
			return fmt.Errorf("a window is divided by %s, which is no column", e)
		}
	}
	for _, k := range n.Order {
		if _, ok := k.Expr.(*expr.Column); !ok {
			return fmt.Errorf("a window is ordered by %s, which is no column", k.Expr)
		}
	}
	return nil
}

func (r *reader) windowCall(f *pb.ConsistentPartitionWindowRel_WindowRelFunction, more *detail.Window_Call) (expr.Window, error) {
	out := expr.Window{Span: r.notes.place()}
	e, ok := r.declared[anchorOf{functionEntity, f.GetFunctionReference()}]
	if !ok {
		return out, r.errorf("function anchor %d is not declared", f.GetFunctionReference())
	}
	out.Func, _, _ = strings.Cut(e.name, ":")
	if e.urn == urnOwn {
		out.Func = ownName(e.name)
	}
	if f.GetInvocation() != pb.AggregateFunction_AGGREGATION_INVOCATION_ALL || f.GetPhase() != phases[physical.Single] {
		return out, r.errorf("window function %s: invocation %s in phase %s is not supported", e.name, f.GetInvocation(), f.GetPhase())
	}
	var err error
	if out.Typ, _, err = r.typ(f.GetOutputType()); err != nil {
		return out, err
	}
	args := make([]*pb.Expression, len(f.GetArguments()))
	for i, a := range f.GetArguments() {
		args[i] = a.GetValue()
	}
	if out.Args, err = r.exprs(args); err != nil {
		return out, err
	}
	if err := windowSignature(&out); err != nil {
		return out, r.errorf("window function %s: %v", e.name, err)
	}
	if err := r.same(windowFunction(&out), e, f.GetOptions()); err != nil {
		return out, err
	}
	if more.GetFilter() != nil {
		if !out.IsAggregate() {
			return out, r.errorf("window function %s has a filter", e.name)
		}
		if out.Filter, err = r.condition(more.GetFilter()); err != nil {
			return out, err
		}
	}
	out.Frame, err = r.frame(f, more)
	return out, err
}

// windowSignature refuses arguments that the function does not take: who runs it relies
// on their number and types.
func windowSignature(w *expr.Window) error {
	if w.IsAggregate() {
		if w.Func == "" || len(w.Args) == 0 && w.Func != "count" {
			return errors.New("it has no arguments")
		}
		return nil
	}
	types := make([]expr.Type, len(w.Args))
	for i, a := range w.Args {
		types[i] = a.Type()
	}
	sig, err := expr.ResolveWindow(w.Func, types)
	if err != nil {
		return err
	}
	for i, t := range types {
		if !sig.Args[i].Equal(t) {
			return fmt.Errorf("argument %d is of type %s, not %s", i, t, sig.Args[i])
		}
	}
	if !sig.Result.Equal(w.Typ) {
		return fmt.Errorf("its type is %s, not %s", sig.Result, w.Typ)
	}
	return nil
}

func (r *reader) frame(f *pb.ConsistentPartitionWindowRel_WindowRelFunction, more *detail.Window_Call) (out expr.Frame, err error) {
	switch t := f.GetBoundsType(); {
	case t == pb.Expression_WindowFunction_BOUNDS_TYPE_ROWS && !more.GetGroups():
		out.Mode = expr.FrameRows
	case t == pb.Expression_WindowFunction_BOUNDS_TYPE_RANGE && more.GetGroups():
		out.Mode = expr.FrameGroups
	case t == pb.Expression_WindowFunction_BOUNDS_TYPE_RANGE:
		out.Mode = expr.FrameRange
	default:
		return out, r.errorf("bounds of type %s are not supported", t)
	}
	if x := more.GetExclusion(); x < 0 || x > detail.Window_EXCLUSION_TIES {
		return out, r.errorf("exclusion %d is not known", x)
	}
	out.Exclude = expr.Exclusion(more.GetExclusion())
	if out.Start, err = r.bound(f.GetLowerBound(), more.GetLowerOffset(), out.Mode, expr.UnboundedPreceding); err != nil {
		return out, err
	}
	out.End, err = r.bound(f.GetUpperBound(), more.GetUpperOffset(), out.Mode, expr.UnboundedFollowing)
	return out, err
}

func (r *reader) bound(b *pb.Expression_WindowFunction_Bound, offset *pb.Expression, mode expr.FrameMode, unbounded expr.BoundKind) (expr.Bound, error) {
	rows := int64(0)
	out := expr.Bound{Kind: unbounded}
	switch k := b.GetKind().(type) {
	case *pb.Expression_WindowFunction_Bound_Preceding_:
		out.Kind, rows = expr.Preceding, k.Preceding.GetOffset()
	case *pb.Expression_WindowFunction_Bound_Following_:
		out.Kind, rows = expr.Following, k.Following.GetOffset()
	case *pb.Expression_WindowFunction_Bound_CurrentRow_:
		out.Kind = expr.CurrentRow
	case *pb.Expression_WindowFunction_Bound_Unbounded_:
	default:
		return out, r.errorf("a bound of a window is missing")
	}
	counted := out.Kind == expr.Preceding || out.Kind == expr.Following
	switch {
	case counted && mode == expr.FrameRange:
		e, err := r.expr(offset)
		if err != nil {
			return out, err
		}
		l, ok := e.(*expr.Literal)
		if !ok || l.Value.Null || rows != 0 {
			return out, r.errorf("an offset of a window's bound is no literal")
		}
		out.Offset = l
	case offset != nil:
		return out, r.errorf("a window's bound has an offset of its own")
	case counted && rows < 0:
		return out, r.errorf("a window's bound has the offset %d", rows)
	case counted:
		out.Offset = expr.NewLiteral(expr.Int(rows), expr.Of(expr.Int8))
	}
	return out, nil
}
