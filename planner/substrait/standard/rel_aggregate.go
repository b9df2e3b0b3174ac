package standard

import (
	"slices"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// aggregate groups its input. With two or more grouping sets it aggregates a shared
// input once for each, and the index of the set is the last column.
func (r *reader) aggregate(m *pb.AggregateRel, outer *scope) (relation, error) {
	in, err := r.rel(m.GetInput(), outer)
	if err != nil {
		return in, err
	}
	s := &scope{cols: in.cols, outer: outer}
	keys, sets, err := r.groupings(m, s)
	if err != nil {
		return in, err
	}
	measures := make([]measure, len(m.GetMeasures()))
	for i, x := range m.GetMeasures() {
		if measures[i], err = r.measure(x, s); err != nil {
			return in, err
		}
	}
	in.plan, in.nodes = r.attach(in.plan, s), in.nodes+s.nodes
	plan, groups := r.extend(in.plan, keys)
	if len(sets) == 1 {
		// The columns of a grouping that repeats a key are one column.
		cols := make([]logical.Column, len(sets[0]))
		for i, k := range sets[0] {
			cols[i] = groups[k]
		}
		out := r.grouped(plan, cols, measures)
		out.nodes = in.nodes
		return out, nil
	}
	out, err := r.groupingSets(plan, groups, sets, measures)
	out.nodes += in.nodes * len(sets)
	return out, err
}

// measure is an aggregate, and what makes its result the type that the plan says.
type measure struct {
	agg    expr.Aggregate
	finish func(v val) (val, error)
	tiny   bool
	by     ordering
}

// groupings are the keys and, for every set, which of them are in it. Old plans have
// the keys in each set.
func (r *reader) groupings(m *pb.AggregateRel, s *scope) ([]val, [][]int, error) {
	keys, err := r.exprs(m.GetGroupingExpressions(), s)
	if err != nil {
		return nil, nil, err
	}
	var sets [][]int
	for i, g := range m.GetGroupings() {
		set := []int{}
		if len(g.GetGroupingExpressions()) > 0 && len(m.GetGroupingExpressions()) > 0 && len(g.GetExpressionReferences()) == 0 {
			return nil, nil, r.errorf("grouping %d has expressions of its own beside the relation's", i)
		}
		for _, ref := range g.GetExpressionReferences() {
			if int(ref) >= len(m.GetGroupingExpressions()) {
				return nil, nil, r.errorf("grouping %d refers to key %d of %d", i, ref, len(m.GetGroupingExpressions()))
			}
			set = append(set, int(ref))
		}
		if len(m.GetGroupingExpressions()) == 0 {
			for _, e := range g.GetGroupingExpressions() {
				v, err := r.expr(e, s)
				if err != nil {
					return nil, nil, err
				}
				at := slices.IndexFunc(keys, func(k val) bool { return expr.Equal(k.Expr, v.Expr) })
				if at < 0 || len(m.GetGroupings()) == 1 {
					at = len(keys)
					keys = append(keys, v)
				}
				set = append(set, at)
			}
		}
		sets = append(sets, set)
	}
	switch {
	case len(sets) == 0 && len(keys) > 0: // the keys without sets: one of all
		sets = [][]int{{}}
		for i := range keys {
			sets[0] = append(sets[0], i)
		}
	case len(sets) == 0:
		sets = [][]int{{}}
	}
	if len(sets) > 1 && r.ownGroupingID() {
		keys, sets = oncePerKey(keys, sets)
	}
	return keys, sets, nil
}

// oncePerKey makes equal keys one: DataFusion repeats a key in every set that has it.
func oncePerKey(keys []val, sets [][]int) ([]val, [][]int) {
	var out []val
	to := make([]int, len(keys))
	for i, k := range keys {
		to[i] = slices.IndexFunc(out, func(o val) bool { return expr.Equal(o.Expr, k.Expr) })
		if to[i] < 0 {
			to[i] = len(out)
			out = append(out, k)
		}
	}
	mapped := make([][]int, len(sets))
	for i, set := range sets {
		for _, k := range set {
			mapped[i] = append(mapped[i], to[k])
		}
	}
	return out, mapped
}

// grouped aggregates by some columns; the result has those, then the measures.
func (r *reader) grouped(plan logical.Node, groups []logical.Column, measures []measure) relation {
	agg := &logical.Aggregate{Input: plan, Groups: distinctColumns(groups)}
	values := make([]val, len(measures))
	for i, m := range measures {
		c := r.newColumn(m.agg.Func, m.agg.Typ, true)
		agg.Aggs = append(agg.Aggs, logical.AggItem{Col: c, Agg: m.agg})
		values[i] = val{Expr: c.Ref(), tiny: m.tiny}
	}
	for i, m := range measures {
		if m.finish != nil {
			// The cast was found possible when the measure was read.
			if v, err := m.finish(values[i]); err == nil {
				values[i] = v
			}
		}
	}
	out, cols := r.extend(agg, values)
	for i, v := range values {
		r.tiny[cols[i].ID] = v.tiny
	}
	return relation{plan: out, cols: slices.Concat(groups, cols)}
}

// groupingSets is the union of one aggregate for each set, in which keys that are not
// in the set are NULL.
func (r *reader) groupingSets(plan logical.Node, keys []logical.Column, sets [][]int, measures []measure) (relation, error) {
	shared := &logical.Shared{ID: r.nextShared(), Name: "grouping sets", Input: plan}
	var branches []relation
	for i, set := range sets {
		ref, cols := r.reread(shared, plan.Columns())
		own := map[expr.ColumnID]expr.Expr{}
		fresh := map[expr.ColumnID]logical.Column{}
		for j, c := range plan.Columns() {
			own[c.ID], fresh[c.ID] = cols[j].Ref(), cols[j]
		}
		var groups []logical.Column
		for _, k := range set {
			groups = append(groups, fresh[keys[k].ID])
		}
		renamed := make([]measure, len(measures))
		for j, m := range measures {
			renamed[j] = m
			renamed[j].agg = logical.MapAggregate(m.agg, func(e expr.Expr) expr.Expr { return logical.Substitute(e, own) })
		}
		agg := r.grouped(ref, groups, renamed)
		values := make([]val, 0, len(keys)+len(measures)+1)
		for k, c := range keys {
			v := val{Expr: expr.NullOf(c.Type), tiny: r.tiny[c.ID]}
			if slices.Contains(set, k) {
				v = r.ref(fresh[c.ID])
			}
			values = append(values, v)
		}
		index := val{Expr: int4(int64(i))}
		if r.ownGroupingID() {
			index.Expr = groupingID(len(keys), set)
			values = append(values, index)
		}
		for _, c := range agg.cols[len(groups):] {
			values = append(values, r.ref(c))
		}
		if !r.ownGroupingID() {
			values = append(values, index)
		}
		out, all := r.extend(agg.plan, values)
		branches = append(branches, relation{plan: out, cols: all})
	}
	return r.union(branches)
}

// ownGroupingID reports whether the plan means DataFusion's order of columns: a column
// of bits, one for each key that is not in the set, before the measures instead of the
// index of the set behind them.
func (r *reader) ownGroupingID() bool { return r.doc.Producer() == "datafusion" }

func groupingID(keys int, set []int) expr.Expr {
	bits := int64(0)
	for k := range keys {
		bits <<= 1
		if !slices.Contains(set, k) {
			bits |= 1
		}
	}
	return int4(bits)
}

// measure reads an aggregate function and its filter.
func (r *reader) measure(m *pb.AggregateRel_Measure, s *scope) (measure, error) {
	f := m.GetMeasure()
	d, ok := r.ext.functions[f.GetFunctionReference()]
	if !ok {
		return measure{}, r.errorf("function anchor %d is not declared", f.GetFunctionReference())
	}
	c, err := r.arguments(d, f.GetArguments(), f.GetArgs(), f.GetOptions(), f.GetOutputType(), s)
	if err != nil {
		return measure{}, err
	}
	switch f.GetPhase() {
	case pb.AggregationPhase_AGGREGATION_PHASE_UNSPECIFIED, pb.AggregationPhase_AGGREGATION_PHASE_INITIAL_TO_RESULT:
	default:
		return measure{}, c.errorf("phase %s is not supported", f.GetPhase())
	}
	out, err := r.aggregateFunction(d, c)
	if err != nil {
		return measure{}, err
	}
	if err := c.opts.rest(c); err != nil {
		return measure{}, err
	}
	switch f.GetInvocation() {
	case pb.AggregateFunction_AGGREGATION_INVOCATION_DISTINCT:
		out.agg.Distinct = len(out.agg.Args) > 0 && !distinctAlready(out.agg.Func)
	case pb.AggregateFunction_AGGREGATION_INVOCATION_ALL, pb.AggregateFunction_AGGREGATION_INVOCATION_UNSPECIFIED:
	default:
		return measure{}, c.errorf("the invocation is not known")
	}
	if m.GetFilter() != nil {
		cond, err := r.condition(m.GetFilter(), s)
		if err != nil {
			return measure{}, err
		}
		if out.agg.Filter != nil {
			cond = expr.And(out.agg.Filter, cond)
		}
		out.agg.Filter = cond
	}
	keys, err := r.sortKeys(f.GetSorts(), s)
	if err != nil {
		return measure{}, err
	}
	out.order(c, keys)
	return out, r.typed(c, &out)
}

// distinctAlready reports whether equal arguments make no difference.
func distinctAlready(name string) bool { return name == "min" || name == "max" || name == "any_value" }

// typed makes the result of a measure the type that the plan says.
func (r *reader) typed(c *call, m *measure) error {
	inner := m.finish
	if c.out == nil {
		return nil
	}
	m.finish = func(v val) (val, error) {
		if inner != nil {
			var err error
			if v, err = inner(v); err != nil {
				return v, err
			}
		}
		return c.declared(v)
	}
	_, err := m.finish(val{Expr: expr.NullOf(m.agg.Typ), tiny: m.tiny})
	return err
}
