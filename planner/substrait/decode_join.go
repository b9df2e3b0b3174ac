package substrait

import (
	"slices"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// joined is what both kinds of joins have.
type joined struct {
	*reader
	kind         physical.JoinKind
	probe, build output
	emit         []int // as physical joins count
	own          *detail.Join
	hints        *detail.JoinHints
}

func (d *decoder) join(c *pb.RelCommon, x *extensions.AdvancedExtension, left, right *pb.Rel, typ pb.HashJoinRel_JoinType) (joined, error) {
	j := joined{own: new(detail.Join), hints: new(detail.JoinHints)}
	if err := d.plain(x); err != nil {
		return j, err
	}
	known := false
	for kind, t := range joinTypes {
		if t == typ {
			j.kind, known = kind, true
		}
	}
	if !known {
		return j, d.errorf("join type %s is not supported", typ)
	}
	a, err := d.about(c, true, j.own)
	if err != nil {
		return j, err
	}
	if _, err := d.optimization(a.advanced, j.hints); err != nil {
		return j, err
	}
	if j.probe, err = d.input(left, "left"); err != nil {
		return j, err
	}
	if j.build, err = d.input(right, "right"); err != nil {
		return j, err
	}
	if j.emit, err = d.joinEmit(j.kind, a.emit, len(j.probe.fields), len(j.build.fields)); err != nil {
		return j, err
	}
	j.reader, err = d.over(a, slices.Concat(j.probe.fields, j.build.fields))
	return j, err
}

// joinEmit turns a mapping over what the join type gives out into physical's
// ordinals; see encoder.sides.
func (d *decoder) joinEmit(kind physical.JoinKind, mapping []int32, probe, build int) ([]int, error) {
	first, end := survivors(kind, probe, build)
	if kind == physical.ProbeMark {
		last := len(mapping) - 1
		if last < 0 || int(mapping[last]) != end {
			return nil, d.errorf("the mark is not the last column given out")
		}
		mapping = mapping[:last]
	}
	out, err := d.mapping(mapping, end-first)
	for i := range out {
		out[i] += first
	}
	return out, err
}

func (d *decoder) hashJoin(r *pb.HashJoinRel) (output, error) {
	if r.GetBuildInput() != pb.HashJoinRel_BUILD_INPUT_RIGHT || len(r.GetLeftKeys())+len(r.GetRightKeys()) > 0 { //nolint:staticcheck // old plans have these keys
		return output{}, d.errorf("a join that builds on another side than the right, or has the old keys, is not supported")
	}
	j, err := d.join(r.GetCommon(), r.GetAdvancedExtension(), r.GetLeft(), r.GetRight(), r.GetType())
	if err != nil {
		return output{}, err
	}
	n := &physical.HashJoin{Est: j.est(), Kind: j.kind, Probe: j.probe.node, Build: j.build.node, Emit: j.emit,
		NullAware: j.own.GetNullAware(), Replicated: j.own.GetReplicated(), CoLocated: int(j.own.GetCoLocated()),
		MarkName: j.hints.GetMarkName(), BuildUnique: j.hints.GetBuildUnique()}
	if err := j.joinKeys(n, r.GetKeys()); err != nil {
		return output{}, err
	}
	j.fields = slices.Concat(j.probe.fields, j.build.fields)
	if r.GetPostJoinFilter() != nil {
		if n.Residual, err = j.condition(r.GetPostJoinFilter()); err != nil {
			return output{}, err
		}
	}
	for _, f := range j.hints.GetRuntimeFilters() {
		n.RuntimeFilters = append(n.RuntimeFilters, physical.RuntimeFilter{ID: int(f.GetId()), Key: int(f.GetPosition())})
	}
	if wrong := misfit(n); wrong != "" {
		return output{}, d.errorf("%s", wrong)
	}
	switch {
	case j.own.GetComparison() != nil:
		return output{}, d.errorf("a hash join has no comparison beside its keys")
	case j.own.GetFilterDecidesMatch() != (n.Kind != physical.Inner && n.Residual != nil):
		return output{}, d.errorf("a %s join with a post_join_filter that decides no match is not supported", n.Kind)
	case j.own.GetTwoValuedMark() != (n.Kind == physical.ProbeMark && !n.NullAware):
		return output{}, d.errorf("a %s join whose mark has other values is not supported", n.Kind)
	}
	return d.above(n, joinFields(n, j.probe.fields, j.build.fields), j.probe, j.build)
}

func (j *joined) joinKeys(n *physical.HashJoin, keys []*pb.ComparisonJoinKey) error {
	if len(keys) == 0 {
		return j.errorf("a hash join has no keys")
	}
	left := make([]*pb.Expression_FieldReference, len(keys))
	right := make([]*pb.Expression_FieldReference, len(keys))
	for i, k := range keys {
		how := k.GetComparison().GetSimple()
		nullEqual := how == pb.ComparisonJoinKey_SIMPLE_COMPARISON_TYPE_IS_NOT_DISTINCT_FROM
		if (!nullEqual && how != pb.ComparisonJoinKey_SIMPLE_COMPARISON_TYPE_EQ) || (i > 0 && nullEqual != n.NullEqual) {
			return j.errorf("comparison %s of key %d is not supported", how, i)
		}
		n.NullEqual = nullEqual
		left[i], right[i] = k.GetLeft(), k.GetRight()
	}
	var err error
	j.fields = j.probe.fields
	if n.ProbeKeys, err = j.keys(left, j.own.GetComputedKeys()); err != nil {
		return err
	}
	j.fields = j.build.fields
	if n.BuildKeys, err = j.keys(right, j.own.GetComputedKeys()); err != nil {
		return err
	}
	for i := range keys {
		if a, b := n.ProbeKeys[i].Type(), n.BuildKeys[i].Type(); !joinable(a, b) {
			return j.errorf("key %d compares %s with %s", i, a, b)
		}
	}
	return nil
}

// joinable reports whether keys of the types are equal when their values are:
// numerics of one scale may have any precision.
func joinable(a, b expr.Type) bool {
	return a.Kind == b.Kind && a.Scale == b.Scale && (a.Kind == expr.Numeric || compatible(a, b))
}

func (d *decoder) nestedLoopJoin(r *pb.NestedLoopJoinRel) (output, error) {
	j, err := d.join(r.GetCommon(), r.GetAdvancedExtension(), r.GetLeft(), r.GetRight(), pb.HashJoinRel_JoinType(r.GetType()))
	if err != nil {
		return output{}, err
	}
	n := &physical.NestedLoopJoin{Est: j.est(), Kind: j.kind, Probe: j.probe.node, Build: j.build.node, Emit: j.emit,
		MarkName: j.hints.GetMarkName(), Replicated: j.own.GetReplicated()}
	if r.GetExpression() != nil {
		if n.Cond, err = j.condition(r.GetExpression()); err != nil {
			return output{}, err
		}
	}
	if j.own.GetComparison() != nil {
		if n.Kind != physical.ProbeAnti && n.Kind != physical.ProbeMark {
			return output{}, d.errorf("a %s join cannot be NULL-aware", n.Kind)
		}
		if n.NullAware, err = j.condition(j.own.GetComparison()); err != nil {
			return output{}, err
		}
	}
	if j.own.GetTwoValuedMark() != (n.Kind == physical.ProbeMark && n.NullAware == nil) || j.own.GetNullAware() ||
		j.own.GetFilterDecidesMatch() || j.own.GetComputedKeys() || j.own.GetCoLocated() != 0 {
		return output{}, d.errorf("a %s join as its enhancement says is not supported", n.Kind)
	}
	return d.above(n, loopFields(n, j.probe.fields, j.build.fields), j.probe, j.build)
}
