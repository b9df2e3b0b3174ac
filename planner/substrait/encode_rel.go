package substrait

import (
	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"google.golang.org/protobuf/proto"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

func (e *encoder) filter(n *physical.Filter) (*pb.Rel, []expr.Field) {
	input, fields := e.rel(n.Input)
	w := e.over(fields)
	out := &pb.FilterRel{Input: input, Condition: w.conjunction(n.Conjuncts)}
	out.Common = e.common(common{rows: n.RowCount, notes: w.notes.done()})
	return &pb.Rel{RelType: &pb.Rel_Filter{Filter: out}}, fields
}

// project emits the expressions only, which Substrait puts after the input's columns.
func (e *encoder) project(n *physical.Project) (*pb.Rel, []expr.Field) {
	input, fields := e.rel(n.Input)
	if len(n.Names) != len(n.Exprs) {
		e.errorf("a projection of %d expressions has %d names", len(n.Exprs), len(n.Names))
	}
	w := e.over(fields)
	out := &pb.ProjectRel{Input: input, Expressions: w.exprs(n.Exprs)}
	if e.err != nil {
		return nil, nil
	}
	emit := make([]int, len(n.Exprs))
	for i := range emit {
		emit[i] = len(fields) + i
	}
	schema := n.Schema()
	out.Common = e.common(common{rows: n.RowCount, emit: emit, names: flatNames(schema, nil), notes: w.notes.done()})
	return &pb.Rel{RelType: &pb.Rel_Project{Project: out}}, schema
}

func (e *encoder) limit(n *physical.Limit) (*pb.Rel, []expr.Field) {
	input, fields := e.rel(n.Input)
	return e.fetch(input, n.Offset, n.Count, common{rows: n.RowCount}), fields
}

// fetch leaves out an offset of 0 and a count of all rows.
func (e *encoder) fetch(input *pb.Rel, offset, count int64, c common) *pb.Rel {
	out := &pb.FetchRel{Common: e.common(c), Input: input}
	number := func(i int64) *pb.Expression {
		return &pb.Expression{RexType: &pb.Expression_Literal_{Literal: e.literal(expr.Int(i), expr.Of(expr.Int8))}}
	}
	if offset < 0 {
		e.errorf("offset %d", offset)
	}
	if offset > 0 {
		out.OffsetMode = &pb.FetchRel_OffsetExpr{OffsetExpr: number(offset)}
	}
	if count >= 0 {
		out.CountMode = &pb.FetchRel_CountExpr{CountExpr: number(count)}
	}
	return &pb.Rel{RelType: &pb.Rel_Fetch{Fetch: out}}
}

func (e *encoder) sort(n *physical.Sort) (*pb.Rel, []expr.Field) {
	if n.Whole > 0 {
		return e.sorted(n.Input, n.Keys, common{rows: n.RowCount, optimization: &detail.Sort{Whole: uint32(n.Whole)}})
	}
	return e.sorted(n.Input, n.Keys, common{rows: n.RowCount})
}

func (e *encoder) sorted(in physical.Node, keys []expr.SortKey, c common) (*pb.Rel, []expr.Field) {
	input, fields := e.rel(in)
	w := e.over(fields)
	out := &pb.SortRel{Input: input, Sorts: w.sorts(keys)}
	c.notes = w.notes.done()
	out.Common = e.common(c)
	return &pb.Rel{RelType: &pb.Rel_Sort{Sort: out}}, fields
}

// topN is a sort and a limit that are marked as one.
func (e *encoder) topN(n *physical.TopN) (*pb.Rel, []expr.Field) {
	sorted, fields := e.sorted(n.Input, n.Keys, common{})
	return e.fetch(sorted, n.Offset, n.Count, common{rows: n.RowCount, optimization: &detail.TopN{RuntimeFilter: int64(n.RuntimeFilter)}}), fields
}

// groupTopN is a sort by the groups and the keys, and a limit whose enhancement says how
// many keys divide.
func (e *encoder) groupTopN(n *physical.GroupTopN) (*pb.Rel, []expr.Field) {
	keys := make([]expr.SortKey, 0, len(n.By)+len(n.Keys))
	for _, g := range n.By {
		keys = append(keys, expr.SortKey{Expr: g})
	}
	sorted, fields := e.sorted(n.Input, append(keys, n.Keys...), common{})
	return e.fetch(sorted, n.Offset, n.Count, common{rows: n.RowCount, enhancement: &detail.GroupTopN{Groups: uint32(len(n.By))}}), fields
}

// setOf is what a SetOp computes.
type setOf struct {
	kind physical.SetKind
	all  bool
}

// setOps: the "multiset" intersection drops duplicates, "multiset all" is INTERSECT ALL.
var setOps = map[setOf]pb.SetRel_SetOp{
	{physical.Intersect, false}: pb.SetRel_SET_OP_INTERSECTION_MULTISET,
	{physical.Intersect, true}:  pb.SetRel_SET_OP_INTERSECTION_MULTISET_ALL,
	{physical.Except, false}:    pb.SetRel_SET_OP_MINUS_PRIMARY,
	{physical.Except, true}:     pb.SetRel_SET_OP_MINUS_PRIMARY_ALL,
}

func (e *encoder) set(op pb.SetRel_SetOp, est physical.Est, inputs []physical.Node, fields []expr.Field) (*pb.Rel, []expr.Field) {
	if op == pb.SetRel_SET_OP_UNSPECIFIED {
		e.errorf("a set operation is not known")
	}
	out := &pb.SetRel{Op: op, Inputs: make([]*pb.Rel, len(inputs))}
	for i, in := range inputs {
		rel, got := e.rel(in)
		if e.err == nil && !sameColumns(got, fields) {
			e.errorf("input %d of a set operation has other columns than the operation", i)
		}
		out.Inputs[i] = rel
	}
	out.Common = e.common(common{rows: est.RowCount, optimization: &detail.Fields{Schema: e.schema(fields, nil)}})
	return &pb.Rel{RelType: &pb.Rel_Set{Set: out}}, fields
}

func sameColumns(a, b []expr.Field) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !compatible(a[i].Type, b[i].Type) {
			return false
		}
	}
	return true
}

func (e *encoder) exchange(n *physical.Exchange) (*pb.Rel, []expr.Field) {
	input, fields := e.rel(n.Input)
	w := e.over(fields)
	out := &pb.ExchangeRel{Input: input}
	own := &detail.Exchange{}
	switch {
	case n.Kind == physical.RangeSplit && (len(n.Keys) != 1 || n.Keys[0].Type().Kind != expr.Int4):
		e.errorf("a range exchange has no number of a range")
		return nil, nil
	case n.Kind != physical.HashSplit && n.Kind != physical.RangeSplit && len(n.Keys) > 0:
		e.errorf("a %s exchange has keys", n.Kind)
	}
	switch n.Kind {
	case physical.Gather:
		bucket := &pb.Expression{RexType: &pb.Expression_Literal_{Literal: e.literal(expr.Int(0), expr.Of(expr.Int4))}}
		out.ExchangeKind = &pb.ExchangeRel_SingleTarget{SingleTarget: &pb.ExchangeRel_SingleBucketExpression{Expression: bucket}}
	case physical.RangeSplit:
		out.ExchangeKind = &pb.ExchangeRel_SingleTarget{SingleTarget: &pb.ExchangeRel_SingleBucketExpression{Expression: w.expr(n.Keys[0])}}
	case physical.HashSplit:
		var keys []*pb.Expression_FieldReference
		keys, own.ComputedKeys = w.keys(n.Keys)
		out.ExchangeKind = &pb.ExchangeRel_ScatterByFields{ScatterByFields: &pb.ExchangeRel_ScatterFields{Fields: keys}}
	case physical.Broadcast:
		out.ExchangeKind = &pb.ExchangeRel_Broadcast_{Broadcast: &pb.ExchangeRel_Broadcast{}}
	case physical.RoundRobin:
		out.ExchangeKind = &pb.ExchangeRel_RoundRobin_{RoundRobin: &pb.ExchangeRel_RoundRobin{}}
	default:
		e.errorf("distribution %d is not known", n.Kind)
	}
	own.Sorted = w.sorts(n.Sorted)
	out.Common = e.common(common{enhancement: unlessEmpty(own), notes: w.notes.done()})
	return &pb.Rel{RelType: &pb.Rel_Exchange{Exchange: out}}, fields
}

// unlessEmpty is m, nil when no field of it is set.
func unlessEmpty(m proto.Message) proto.Message {
	if proto.Size(m) == 0 {
		return nil
	}
	return m
}

// runtimeFilter is the filter number id on a key or a column.
func runtimeFilter(id, position int) *detail.RuntimeFilter {
	return &detail.RuntimeFilter{Id: int64(id), Position: int64(position)}
}
