package substrait

import (
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

func (d *decoder) aggregate(a *pb.AggregateRel) (output, error) {
	own := new(detail.Aggregate)
	r, err := d.single(a.GetCommon(), a.GetAdvancedExtension(), a.GetInput(), own)
	if err != nil {
		return output{}, err
	}
	n := &physical.Aggregate{Est: r.est(), Input: r.in.node}
	if own.GetPhase() != pb.AggregationPhase_AGGREGATION_PHASE_UNSPECIFIED {
		known := false
		for phase, code := range phases {
			if code == own.GetPhase() && phase != physical.Single {
				n.Phase, known = phase, true
			}
		}
		if !known {
			return output{}, d.errorf("phase %s of a half of an aggregation is not supported", own.GetPhase())
		}
	}
	if err := d.oneGrouping(a); err != nil {
		return output{}, err
	}
	if n.Groups, err = r.exprs(a.GetGroupingExpressions()); err != nil {
		return output{}, err
	}
	r.detached = n.Phase == physical.Final
	for _, m := range a.GetMeasures() {
		agg, err := r.measure(m, n.Phase)
		if err != nil {
			return output{}, err
		}
		n.Aggs = append(n.Aggs, agg)
	}
	if err := r.aggregateNames(n); err != nil {
		return output{}, err
	}
	if n.Phase == physical.Final {
		states := stateFields(n)
		first := len(n.Groups)
		if len(r.in.fields) != first+len(states) || !sameColumns(r.in.fields[first:], states) {
			return output{}, d.errorf("the input has other columns than the groups and the states of the aggregates")
		}
	}
	return d.above(n, n.Schema(), r.in)
}

// oneGrouping refuses grouping sets.
func (d *decoder) oneGrouping(a *pb.AggregateRel) error {
	groups := len(a.GetGroupingExpressions())
	if len(a.GetGroupings()) > 1 || (len(a.GetGroupings()) == 0) != (groups == 0) {
		return d.errorf("%d groupings of %d expressions are not supported", len(a.GetGroupings()), groups)
	}
	for _, g := range a.GetGroupings() {
		refs := g.GetExpressionReferences()
		if len(refs) != groups || len(g.GetGroupingExpressions()) > 0 { //nolint:staticcheck // old plans have them
			return d.errorf("a grouping refers to %d of %d expressions", len(refs), groups)
		}
		for i, ref := range refs {
			if int(ref) != i {
				return d.errorf("a grouping refers to expression %d in place %d", ref, i)
			}
		}
	}
	return nil
}

func (r *reader) measure(m *pb.AggregateRel_Measure, phase physical.Phase) (expr.Aggregate, error) {
	f := m.GetMeasure()
	out := expr.Aggregate{Span: r.notes.place()}
	e, ok := r.declared[anchorOf{functionEntity, f.GetFunctionReference()}]
	if !ok {
		return out, r.errorf("function anchor %d is not declared", f.GetFunctionReference())
	}
	out.Func, _, _ = strings.Cut(e.name, ":")
	if e.urn == urnOwn {
		out.Func = ownName(e.name)
	}
	switch f.GetInvocation() {
	case pb.AggregateFunction_AGGREGATION_INVOCATION_ALL:
	case pb.AggregateFunction_AGGREGATION_INVOCATION_DISTINCT:
		out.Distinct = true
	default:
		return out, r.errorf("aggregate %s: invocation %s is not supported", e.name, f.GetInvocation())
	}
	if f.GetPhase() != phases[phase] {
		return out, r.errorf("aggregate %s has phase %s in a relation of phase %s", e.name, f.GetPhase(), phases[phase])
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
	if out.Func == "" || (len(out.Args) == 0 && out.Func != "count") {
		return out, r.errorf("aggregate %s has no arguments", e.name)
	}
	if err := r.same(aggregateFunction(&out), e, f.GetOptions()); err != nil {
		return out, err
	}
	if m.GetFilter() != nil {
		if out.Filter, err = r.condition(m.GetFilter()); err != nil {
			return out, err
		}
	}
	out.Order, err = r.sorts(f.GetSorts())
	return out, err
}

// aggregateNames takes the names of groups and aggregates from those of the
// output, where a state of several columns repeats its aggregate's.
func (r *reader) aggregateNames(n *physical.Aggregate) error {
	n.Names = make([]string, len(n.Groups)+len(n.Aggs))
	schema := n.Schema()
	names, err := r.topNames(r.names, schema)
	if err != nil {
		return err
	}
	groups := copy(n.Names, names[:len(n.Groups)])
	at := groups
	for i, a := range n.Aggs {
		n.Names[groups+i] = names[at]
		at++
		if n.Phase == physical.Partial {
			at += len(physical.StateTypes(a)) - 1
		}
	}
	return nil
}
