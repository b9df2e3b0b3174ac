package substrait

import (
	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"google.golang.org/protobuf/proto"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// urnWindow has the window functions that are no aggregates; the standard defines all of
// them as SQL does.
const urnWindow = urnArithmetic

// windowFunction is the function of a call: an aggregate's is that of the aggregate.
func windowFunction(w *expr.Window) function {
	if w.IsAggregate() {
		return aggregateFunction(&expr.Aggregate{Func: w.Func, Args: w.Args, Typ: w.Typ})
	}
	types := make([]expr.Type, len(w.Args))
	for i, a := range w.Args {
		types[i] = a.Type()
	}
	switch w.Func {
	case "row_number", "rank", "dense_rank", "percent_rank", "cume_dist":
		return function{urn: urnWindow, name: w.Func + ":"}
	case "ntile":
		return function{urn: urnWindow, name: "ntile:i32"}
	case "first_value", "last_value":
		return function{urn: urnWindow, name: w.Func + ":any"}
	case "lag", "lead":
		return function{urn: urnWindow, name: w.Func + [...]string{"", ":any", ":any_i32", ":any_i32_any"}[min(len(types), 3)]}
	}
	// What nth_value gives for NULL the standard does not say.
	return function{urn: urnOwn, name: w.Func + ":" + signature(types)}
}

func (e *encoder) window(n *physical.Window) (*pb.Rel, []expr.Field) {
	input, fields := e.rel(n.Input)
	if e.err != nil {
		return nil, nil
	}
	if len(n.Names) != len(n.Calls) {
		e.errorf("a window of %d calls has %d names", len(n.Calls), len(n.Names))
		return nil, nil
	}
	if err := windowReads(n); err != nil {
		e.errorf("%v", err)
		return nil, nil
	}
	w := e.over(fields)
	out := &pb.ConsistentPartitionWindowRel{Input: input, PartitionExpressions: w.exprs(n.Partition), Sorts: w.sorts(n.Order)}
	own, said := &detail.Window{}, false
	for i := range n.Calls {
		call, more := w.windowCall(&n.Calls[i])
		out.WindowFunctions = append(out.WindowFunctions, call)
		own.Calls = append(own.Calls, more)
		said = said || proto.Size(more) > 0
	}
	if e.err != nil {
		return nil, nil
	}
	var enhancement proto.Message
	if said {
		enhancement = own
	}
	schema := n.Schema()
	out.Common = e.common(common{rows: n.RowCount, names: flatNames(schema, nil), enhancement: enhancement, notes: w.notes.done()})
	return &pb.Rel{RelType: &pb.Rel_Window{Window: out}}, schema
}

// windowCall is one call, and what the relation has no field for: its place is noted
// first, then those of its arguments, its filter and its offsets.
func (w *writer) windowCall(c *expr.Window) (*pb.ConsistentPartitionWindowRel_WindowRelFunction, *detail.Window_Call) {
	if err := windowSignature(c); err != nil || c.Frame.Mode > expr.FrameGroups || c.Frame.Exclude > expr.ExcludeTies {
		w.errorf("window function %s over a frame of mode %d, exclusion %d: %v", c.Func, c.Frame.Mode, c.Frame.Exclude, err)
	}
	w.notes.place(c.Span)
	args := w.exprs(c.Args)
	more := &detail.Window_Call{Groups: c.Frame.Mode == expr.FrameGroups, Exclusion: detail.Window_Exclusion(c.Frame.Exclude)}
	if c.Filter != nil {
		more.Filter = w.expr(c.Filter)
	}
	if w.err != nil {
		return nil, more
	}
	f := windowFunction(c)
	out := &pb.ConsistentPartitionWindowRel_WindowRelFunction{
		FunctionReference: w.anchor(entity{functionEntity, f.urn, f.name}),
		Arguments:         arguments(args), Options: f.protoOptions(),
		OutputType: w.typ(c.Typ, c.Func != "count"), Phase: phases[physical.Single],
		Invocation: pb.AggregateFunction_AGGREGATION_INVOCATION_ALL,
		BoundsType: pb.Expression_WindowFunction_BOUNDS_TYPE_ROWS,
	}
	if c.Frame.Mode != expr.FrameRows {
		out.BoundsType = pb.Expression_WindowFunction_BOUNDS_TYPE_RANGE
	}
	typed := c.Frame.Mode == expr.FrameRange
	if c.Frame.Start.Kind == expr.UnboundedFollowing || c.Frame.End.Kind == expr.UnboundedPreceding {
		w.errorf("a frame ends before it begins: %s", c.Frame)
	}
	out.LowerBound, more.LowerOffset = w.bound(c.Frame.Start, typed)
	out.UpperBound, more.UpperOffset = w.bound(c.Frame.End, typed)
	return out, more
}

// bound is one end of a frame; the offset of one that is typed is an expression of its own.
func (w *writer) bound(b expr.Bound, typed bool) (*pb.Expression_WindowFunction_Bound, *pb.Expression) {
	var offset *pb.Expression
	rows := int64(0)
	switch counted := b.Kind == expr.Preceding || b.Kind == expr.Following; {
	case counted != (b.Offset != nil):
		w.errorf("a frame's end %d has an offset, or none", b.Kind)
	case counted && typed:
		offset = w.expr(b.Offset)
	case counted:
		if rows = b.Offset.Value.I; !b.Offset.Typ.Equal(expr.Of(expr.Int8)) || b.Offset.Span != (sqlerr.Span{}) || rows < 0 {
			w.errorf("a frame's end is %s rows away", b.Offset)
		}
	}
	out := &pb.Expression_WindowFunction_Bound{}
	switch b.Kind {
	case expr.Preceding:
		out.Kind = &pb.Expression_WindowFunction_Bound_Preceding_{Preceding: &pb.Expression_WindowFunction_Bound_Preceding{Offset: rows}}
	case expr.Following:
		out.Kind = &pb.Expression_WindowFunction_Bound_Following_{Following: &pb.Expression_WindowFunction_Bound_Following{Offset: rows}}
	case expr.CurrentRow:
		out.Kind = &pb.Expression_WindowFunction_Bound_CurrentRow_{CurrentRow: &pb.Expression_WindowFunction_Bound_CurrentRow{}}
	case expr.UnboundedPreceding, expr.UnboundedFollowing: // at the lower end and at the upper
		out.Kind = &pb.Expression_WindowFunction_Bound_Unbounded_{Unbounded: &pb.Expression_WindowFunction_Bound_Unbounded{}}
	default:
		w.errorf("a frame's end is of kind %d", b.Kind)
	}
	return out, offset
}
