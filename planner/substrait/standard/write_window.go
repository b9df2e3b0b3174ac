package standard

import (
	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	ext "github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// window writes window functions. What the standard has no field for is an enhancement of
// ours.
func (w *writer) window(n *logical.Window) (written, error) {
	in, err := w.rel(n.Input)
	if err != nil {
		return in, err
	}
	m := &pb.ConsistentPartitionWindowRel{Common: direct(), Input: in.rel}
	for _, e := range n.Partition {
		x, err := w.expr(e, in.cols)
		if err != nil {
			return in, err
		}
		m.PartitionExpressions = append(m.PartitionExpressions, x)
	}
	if m.Sorts, err = w.sorts(n.Order, in.cols); err != nil {
		return in, err
	}
	own, said := &detail.Window{}, false
	for _, c := range n.Calls {
		f, more, err := w.windowCall(c.Call, in.cols)
		if err != nil {
			return in, err
		}
		m.WindowFunctions, own.Calls = append(m.WindowFunctions, f), append(own.Calls, more)
		said = said || proto.Size(more) > 0
	}
	if said {
		any, err := anypb.New(own)
		if err != nil {
			return in, err
		}
		m.AdvancedExtension = &ext.AdvancedExtension{Enhancement: any}
	}
	return written{&pb.Rel{RelType: &pb.Rel_Window{Window: m}}, n.Columns()}, nil
}

func (w *writer) windowCall(c expr.Window, cols []logical.Column) (*pb.ConsistentPartitionWindowRel_WindowRelFunction, *detail.Window_Call, error) {
	t, err := w.typ(c.Typ, true)
	if err != nil {
		return nil, nil, err
	}
	f := &pb.ConsistentPartitionWindowRel_WindowRelFunction{OutputType: t, Phase: pb.AggregationPhase_AGGREGATION_PHASE_INITIAL_TO_RESULT,
		Invocation: pb.AggregateFunction_AGGREGATION_INVOCATION_ALL, BoundsType: pb.Expression_WindowFunction_BOUNDS_TYPE_ROWS}
	types := make([]expr.Type, len(c.Args))
	for i, a := range c.Args {
		e, err := w.expr(a, cols)
		if err != nil {
			return nil, nil, err
		}
		f.Arguments, types[i] = append(f.Arguments, value(e)), a.Type()
	}
	set, name := standardWindow(c.Func, types)
	f.FunctionReference = w.function(set, name)
	more := &detail.Window_Call{Exclusion: detail.Window_Exclusion(c.Frame.Exclude), Groups: c.Frame.Mode == expr.FrameGroups}
	if c.Filter != nil {
		if more.Filter, err = w.expr(c.Filter, cols); err != nil {
			return nil, nil, err
		}
	}
	frame := c.Frame
	if !c.Framed() {
		frame, more.Exclusion, more.Groups = expr.WholeFrame(), 0, false
	}
	if frame.Mode != expr.FrameRows {
		f.BoundsType = pb.Expression_WindowFunction_BOUNDS_TYPE_RANGE
	}
	typed := frame.Mode == expr.FrameRange
	if f.LowerBound, more.LowerOffset, err = w.frameEnd(frame.Start, typed); err != nil {
		return nil, nil, err
	}
	f.UpperBound, more.UpperOffset, err = w.frameEnd(frame.End, typed)
	return f, more, err
}

// frameEnd writes an end of a frame. Offsets from a key's value that are whole numbers are
// the standard's; others have an expression of their own.
func (w *writer) frameEnd(b expr.Bound, typed bool) (out *pb.Expression_WindowFunction_Bound, offset *pb.Expression, err error) {
	n := int64(0)
	if b.Offset != nil {
		n = b.Offset.Value.I
		if typed && !b.Offset.Typ.IsInteger() {
			n = 0
			if offset, err = w.expr(b.Offset, nil); err != nil {
				return nil, nil, err
			}
		}
	}
	out = &pb.Expression_WindowFunction_Bound{}
	switch b.Kind {
	case expr.Preceding:
		out.Kind = &pb.Expression_WindowFunction_Bound_Preceding_{Preceding: &pb.Expression_WindowFunction_Bound_Preceding{Offset: n}}
	case expr.Following:
		out.Kind = &pb.Expression_WindowFunction_Bound_Following_{Following: &pb.Expression_WindowFunction_Bound_Following{Offset: n}}
	case expr.CurrentRow:
		out.Kind = &pb.Expression_WindowFunction_Bound_CurrentRow_{CurrentRow: &pb.Expression_WindowFunction_Bound_CurrentRow{}}
	default:
		out.Kind = &pb.Expression_WindowFunction_Bound_Unbounded_{Unbounded: &pb.Expression_WindowFunction_Bound_Unbounded{}}
	}
	return out, offset, nil
}

// standardWindow is a window function of the standard that means the same, or ours.
func standardWindow(name string, types []expr.Type) (set, full string) {
	switch name {
	case "row_number", "rank", "dense_rank", "percent_rank", "cume_dist":
		return setArithmetic, name + ":"
	case "ntile":
		return setArithmetic, "ntile:i32"
	case "first_value", "last_value":
		return setArithmetic, name + ":any"
	case "nth_value":
		return setArithmetic, name + ":any_i32"
	case "lag", "lead":
		return setArithmetic, name + [...]string{"", ":any", ":any_i32", ":any_i32_any"}[min(len(types), 3)]
	}
	return standardAggregate(name, types)
}
