package substrait

import (
	"fmt"
	"slices"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// joinTypes: left is the probe side, right the build side. The types of
// HashJoinRel and NestedLoopJoinRel have the same numbers.
var joinTypes = map[physical.JoinKind]pb.HashJoinRel_JoinType{
	physical.Inner:       pb.HashJoinRel_JOIN_TYPE_INNER,
	physical.ProbeOuter:  pb.HashJoinRel_JOIN_TYPE_LEFT,
	physical.BuildOuter:  pb.HashJoinRel_JOIN_TYPE_RIGHT,
	physical.FullOuter:   pb.HashJoinRel_JOIN_TYPE_OUTER,
	physical.ProbeSemi:   pb.HashJoinRel_JOIN_TYPE_LEFT_SEMI,
	physical.ProbeAnti:   pb.HashJoinRel_JOIN_TYPE_LEFT_ANTI,
	physical.BuildSemi:   pb.HashJoinRel_JOIN_TYPE_RIGHT_SEMI,
	physical.BuildAnti:   pb.HashJoinRel_JOIN_TYPE_RIGHT_ANTI,
	physical.ProbeMark:   pb.HashJoinRel_JOIN_TYPE_LEFT_MARK,
	physical.ProbeSingle: pb.HashJoinRel_JOIN_TYPE_LEFT_SINGLE,
}

// survivors are the columns of a join, counted through both sides, that its kind
// gives out: all from first up to below end.
func survivors(kind physical.JoinKind, probe, build int) (first, end int) {
	switch kind {
	case physical.ProbeSemi, physical.ProbeAnti, physical.ProbeMark:
		return 0, probe
	case physical.BuildSemi, physical.BuildAnti:
		return probe, probe + build
	}
	return 0, probe + build
}

// sides writes both inputs and turns Emit into Substrait's mapping, which counts
// in what the join type gives out.
func (e *encoder) sides(kind physical.JoinKind, probe, build physical.Node, emit []int) (left, right *pb.Rel, l, r []expr.Field, mapping []int) {
	left, l = e.rel(probe)
	right, r = e.rel(build)
	if e.err != nil {
		return
	}
	if _, ok := joinTypes[kind]; !ok {
		e.errorf("join kind %d is not known", kind)
		return
	}
	first, end := survivors(kind, len(l), len(r))
	mapping = make([]int, 0, len(emit)+1)
	for _, c := range emit {
		if c < first || c >= end {
			e.errorf("a %s join gives out column %d of %d to %d", kind, c, first, end)
			return
		}
		mapping = append(mapping, c-first)
	}
	if kind == physical.ProbeMark {
		mapping = append(mapping, len(l))
	}
	return
}

func (e *encoder) hashJoin(n *physical.HashJoin) (*pb.Rel, []expr.Field) {
	left, right, l, r, mapping := e.sides(n.Kind, n.Probe, n.Build, n.Emit)
	if e.err != nil {
		return nil, nil
	}
	out := &pb.HashJoinRel{Left: left, Right: right, Type: joinTypes[n.Kind], BuildInput: pb.HashJoinRel_BUILD_INPUT_RIGHT}
	own := &detail.Join{
		NullAware:          n.NullAware,
		TwoValuedMark:      n.Kind == physical.ProbeMark && !n.NullAware,
		FilterDecidesMatch: n.Kind != physical.Inner && n.Residual != nil,
		Replicated:         n.Replicated,
		CoLocated:          uint32(n.CoLocated),
	}
	if wrong := misfit(n); wrong != "" {
		e.errorf("%s", wrong)
		return nil, nil
	}
	w := e.over(l)
	out.Keys, own.ComputedKeys = w.joinKeys(n, r)
	if n.Residual != nil {
		w.fields = slices.Concat(l, r)
		out.PostJoinFilter = w.expr(n.Residual)
	}
	hints := &detail.JoinHints{BuildUnique: n.BuildUnique, MarkName: n.MarkName}
	for _, f := range n.RuntimeFilters {
		hints.RuntimeFilters = append(hints.RuntimeFilters, runtimeFilter(f.ID, f.Key))
	}
	if e.err != nil {
		return nil, nil
	}
	out.Common = e.common(common{rows: n.RowCount, emit: mapping, enhancement: unlessEmpty(own),
		optimization: unlessEmpty(hints), notes: w.notes.done()})
	return &pb.Rel{RelType: &pb.Rel_HashJoin{HashJoin: out}}, joinFields(n, l, r)
}

func (w *writer) joinKeys(n *physical.HashJoin, build []expr.Field) (_ []*pb.ComparisonJoinKey, computed bool) {
	if len(n.ProbeKeys) == 0 || len(n.ProbeKeys) != len(n.BuildKeys) {
		w.errorf("a hash join has %d probe keys and %d build keys", len(n.ProbeKeys), len(n.BuildKeys))
		return nil, false
	}
	probe, computedProbe := w.keys(n.ProbeKeys)
	w.fields = build
	other, computedBuild := w.keys(n.BuildKeys)
	if w.err != nil {
		return nil, false
	}
	how := pb.ComparisonJoinKey_SIMPLE_COMPARISON_TYPE_EQ
	if n.NullEqual {
		how = pb.ComparisonJoinKey_SIMPLE_COMPARISON_TYPE_IS_NOT_DISTINCT_FROM
	}
	out := make([]*pb.ComparisonJoinKey, len(probe))
	for i := range out {
		if a, b := n.ProbeKeys[i].Type(), n.BuildKeys[i].Type(); !joinable(a, b) {
			w.errorf("hash join key %d compares %s with %s", i, a, b)
		}
		out[i] = &pb.ComparisonJoinKey{Left: probe[i], Right: other[i], Comparison: &pb.ComparisonJoinKey_ComparisonType{
			InnerType: &pb.ComparisonJoinKey_ComparisonType_Simple{Simple: how}}}
	}
	return out, computedProbe || computedBuild
}

// misfit says which fields of a hash join cannot stand together, "" when all can.
func misfit(n *physical.HashJoin) string {
	switch n.Kind {
	case physical.BuildOuter, physical.FullOuter, physical.BuildSemi, physical.BuildAnti:
		if n.Replicated {
			return fmt.Sprintf("a %s join cannot have its build side replicated", n.Kind)
		}
	}
	if n.NullAware && n.Kind != physical.ProbeAnti && n.Kind != physical.ProbeMark {
		return fmt.Sprintf("a %s join cannot be NULL-aware", n.Kind)
	}
	if wrong := n.MayCoLocate(); wrong != "" {
		return wrong
	}
	for _, f := range n.RuntimeFilters {
		if f.Key < 0 || f.Key >= len(n.BuildKeys) {
			return fmt.Sprintf("runtime filter %d is on key %d of %d", f.ID, f.Key, len(n.BuildKeys))
		}
	}
	return ""
}

// joinFields is the join's schema without looking at its inputs' again, which
// takes a time that grows with the square of the depth.
func joinFields(n *physical.HashJoin, l, r []expr.Field) []expr.Field {
	c := *n
	c.Probe, c.Build = &physical.Receive{Fields: l}, &physical.Receive{Fields: r}
	return c.Schema()
}

func (e *encoder) nestedLoopJoin(n *physical.NestedLoopJoin) (*pb.Rel, []expr.Field) {
	left, right, l, r, mapping := e.sides(n.Kind, n.Probe, n.Build, n.Emit)
	if e.err != nil {
		return nil, nil
	}
	out := &pb.NestedLoopJoinRel{Left: left, Right: right, Type: pb.NestedLoopJoinRel_JoinType(joinTypes[n.Kind])}
	w := e.over(slices.Concat(l, r))
	if n.Cond != nil {
		out.Expression = w.expr(n.Cond)
	}
	own := &detail.Join{TwoValuedMark: n.Kind == physical.ProbeMark && n.NullAware == nil, Replicated: n.Replicated}
	if n.NullAware != nil {
		if n.Kind != physical.ProbeAnti && n.Kind != physical.ProbeMark {
			e.errorf("a %s join cannot be NULL-aware", n.Kind)
		}
		own.Comparison = w.expr(n.NullAware)
	}
	if e.err != nil {
		return nil, nil
	}
	out.Common = e.common(common{rows: n.RowCount, emit: mapping, enhancement: unlessEmpty(own),
		optimization: unlessEmpty(&detail.JoinHints{MarkName: n.MarkName}), notes: w.notes.done()})
	return &pb.Rel{RelType: &pb.Rel_NestedLoopJoin{NestedLoopJoin: out}}, loopFields(n, l, r)
}

// loopFields is joinFields for a nested-loop join.
func loopFields(n *physical.NestedLoopJoin, l, r []expr.Field) []expr.Field {
	c := *n
	c.Probe, c.Build = &physical.Receive{Fields: l}, &physical.Receive{Fields: r}
	return c.Schema()
}
