package substrait

import (
	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"google.golang.org/protobuf/proto"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

var phases = map[physical.Phase]pb.AggregationPhase{
	physical.Single:  pb.AggregationPhase_AGGREGATION_PHASE_INITIAL_TO_RESULT,
	physical.Partial: pb.AggregationPhase_AGGREGATION_PHASE_INITIAL_TO_INTERMEDIATE,
	physical.Final:   pb.AggregationPhase_AGGREGATION_PHASE_INTERMEDIATE_TO_RESULT,
}

func (e *encoder) aggregate(n *physical.Aggregate) (*pb.Rel, []expr.Field) {
	input, fields := e.rel(n.Input)
	phase, ok := phases[n.Phase]
	if !ok || len(n.Names) != len(n.Groups)+len(n.Aggs) {
		e.errorf("an aggregate of phase %d has %d names for %d groups and %d aggregates", n.Phase, len(n.Names), len(n.Groups), len(n.Aggs))
		return nil, nil
	}
	w := e.over(fields)
	out := &pb.AggregateRel{Input: input, GroupingExpressions: w.exprs(n.Groups)}
	if len(n.Groups) > 0 {
		all := &pb.AggregateRel_Grouping{ExpressionReferences: make([]uint32, len(n.Groups))}
		for i := range n.Groups {
			all.ExpressionReferences[i] = uint32(i)
		}
		out.Groupings = []*pb.AggregateRel_Grouping{all}
	}
	w.detached = n.Phase == physical.Final
	for i := range n.Aggs {
		out.Measures = append(out.Measures, w.measure(&n.Aggs[i], phase))
	}
	if e.err != nil {
		return nil, nil
	}
	var own proto.Message
	if n.Phase != physical.Single {
		own = &detail.Aggregate{Phase: phase}
	}
	schema := n.Schema()
	if n.Phase == physical.Final && !sameColumns(fields[min(len(n.Groups), len(fields)):], stateFields(n)) {
		e.errorf("the input of a final aggregate has other columns than its groups and states")
	}
	out.Common = e.common(common{rows: n.RowCount, names: flatNames(schema, nil), enhancement: own, notes: w.notes.done()})
	return &pb.Rel{RelType: &pb.Rel_Aggregate{Aggregate: out}}, schema
}

// stateFields are the columns of the states of n's aggregates.
func stateFields(n *physical.Aggregate) []expr.Field {
	var out []expr.Field
	for _, a := range n.Aggs {
		for _, t := range physical.StateTypes(a) {
			out = append(out, expr.Field{Type: t})
		}
	}
	return out
}

// measure is one aggregate: its place is noted first, then those of its
// arguments, its filter and its order.
func (w *writer) measure(a *expr.Aggregate, phase pb.AggregationPhase) *pb.AggregateRel_Measure {
	if a.Func == "" || (len(a.Args) == 0 && a.Func != "count") {
		w.errorf("aggregate %q has no arguments", a.Func)
		return nil
	}
	w.notes.place(a.Span)
	args := w.exprs(a.Args)
	if w.err != nil {
		return nil
	}
	f := aggregateFunction(a)
	call := &pb.AggregateFunction{
		FunctionReference: w.anchor(entity{functionEntity, f.urn, f.name}),
		Arguments:         arguments(args), Options: f.protoOptions(),
		OutputType: w.typ(a.Typ, a.Func != "count"), Phase: phase,
		Invocation: pb.AggregateFunction_AGGREGATION_INVOCATION_ALL,
	}
	if a.Distinct {
		call.Invocation = pb.AggregateFunction_AGGREGATION_INVOCATION_DISTINCT
	}
	out := &pb.AggregateRel_Measure{Measure: call}
	if a.Filter != nil {
		out.Filter = w.expr(a.Filter)
	}
	call.Sorts = w.sorts(a.Order)
	return out
}
