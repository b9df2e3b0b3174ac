package substrait

import (
	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// rel reads a relation.
func (d *decoder) rel(r *pb.Rel) (output, error) {
	if err := d.enter(); err != nil {
		return output{}, err
	}
	defer d.leave()
	depth := len(d.path)
	defer func() { d.path = d.path[:depth] }()
	in := func(name string) { d.path = append(d.path, name) }
	switch r := r.GetRelType().(type) {
	case *pb.Rel_Read:
		in("read")
		return d.read(r.Read)
	case *pb.Rel_ExtensionLeaf:
		in("receive")
		return d.receive(r.ExtensionLeaf)
	case *pb.Rel_Filter:
		in("filter")
		return d.filter(r.Filter)
	case *pb.Rel_Project:
		in("project")
		return d.project(r.Project)
	case *pb.Rel_Fetch:
		in("fetch")
		return d.fetch(r.Fetch)
	case *pb.Rel_Sort:
		in("sort")
		return d.sort(r.Sort)
	case *pb.Rel_Window:
		in("window")
		return d.window(r.Window)
	case *pb.Rel_Set:
		in("set")
		return d.set(r.Set)
	case *pb.Rel_HashJoin:
		in("hash_join")
		return d.hashJoin(r.HashJoin)
	case *pb.Rel_NestedLoopJoin:
		in("nested_loop_join")
		return d.nestedLoopJoin(r.NestedLoopJoin)
	case *pb.Rel_Aggregate:
		in("aggregate")
		return d.aggregate(r.Aggregate)
	case *pb.Rel_Exchange:
		in("exchange")
		return d.exchange(r.Exchange)
	case *pb.Rel_Reference:
		in("reference")
		return d.reference(r.Reference)
	case nil:
		return output{}, d.errorf("a relation is missing")
	default:
		return output{}, d.errorf("a relation of case %s is not supported", oneofName(r))
	}
}

func (d *decoder) reference(r *pb.ReferenceRel) (output, error) {
	i := r.GetSubtreeOrdinal()
	if i < 0 || int(i) >= len(d.shared) {
		return output{}, d.errorf("relation %d does not stand before the reference", i)
	}
	s := d.shared[i]
	return d.above(physical.NewShared(s.id, s.node), s.fields, s)
}

func (d *decoder) filter(r *pb.FilterRel) (output, error) {
	c, err := d.single(r.GetCommon(), r.GetAdvancedExtension(), r.GetInput(), nil)
	if err != nil {
		return c.in, err
	}
	conds, err := c.conjunction(r.GetCondition())
	if err != nil {
		return c.in, err
	}
	return d.above(&physical.Filter{Est: c.est(), Input: c.in.node, Conjuncts: conds}, c.in.fields, c.in)
}

func (d *decoder) project(r *pb.ProjectRel) (output, error) {
	c, err := d.singleEmit(r.GetCommon(), r.GetAdvancedExtension(), r.GetInput(), nil, true)
	if err != nil {
		return c.in, err
	}
	exprs, err := c.exprs(r.GetExpressions())
	if err != nil {
		return c.in, err
	}
	n := &physical.Project{Est: c.est(), Input: c.in.node, Exprs: exprs, Names: make([]string, len(exprs))}
	if len(c.emit) != len(exprs) {
		return c.in, d.errorf("%d columns of %d expressions are given out", len(c.emit), len(exprs))
	}
	for i, m := range c.emit {
		if int(m) != len(c.in.fields)+i {
			return c.in, d.errorf("output column %d is not expression %d", m, i)
		}
	}
	if n.Names, err = d.topNames(c.names, n.Schema()); err != nil {
		return c.in, err
	}
	return d.above(n, n.Schema(), c.in)
}

func (d *decoder) fetch(r *pb.FetchRel) (output, error) {
	grouped := &detail.GroupTopN{}
	c, err := d.single(r.GetCommon(), r.GetAdvancedExtension(), r.GetInput(), grouped)
	if err != nil {
		return c.in, err
	}
	offset, count := int64(0), int64(-1)
	switch m := r.GetOffsetMode().(type) {
	case nil:
	case *pb.FetchRel_OffsetExpr:
		offset, err = d.rowCount(m.OffsetExpr)
	default:
		err = d.errorf("only offset_expr is supported")
	}
	if err != nil {
		return c.in, err
	}
	switch m := r.GetCountMode().(type) {
	case nil:
	case *pb.FetchRel_CountExpr:
		count, err = d.rowCount(m.CountExpr)
	default:
		err = d.errorf("only count_expr is supported")
	}
	if err != nil {
		return c.in, err
	}
	if c.advanced.GetEnhancement() != nil {
		return d.groupTopN(c, int(grouped.GetGroups()), offset, count)
	}
	var top detail.TopN
	marked, err := d.optimization(c.advanced, &top)
	if err != nil {
		return c.in, err
	}
	if s, ok := c.in.node.(*physical.Sort); marked && ok {
		n := &physical.TopN{Est: c.est(), Input: s.Input, Keys: s.Keys, Offset: offset, Count: count,
			RuntimeFilter: int(top.GetRuntimeFilter())}
		return output{node: n, fields: c.in.fields, height: c.in.height, nodes: c.in.nodes}, nil
	}
	return d.above(&physical.Limit{Est: c.est(), Input: c.in.node, Offset: offset, Count: count}, c.in.fields, c.in)
}

// groupTopN takes a sort and its limit as one, and the first keys as groups.
func (d *decoder) groupTopN(c *reader, groups int, offset, count int64) (output, error) {
	s, ok := c.in.node.(*physical.Sort)
	if !ok || groups > len(s.Keys) {
		return c.in, d.errorf("a limit in %d groups is not over a sort by them", groups)
	}
	n := &physical.GroupTopN{Est: c.est(), Input: s.Input, Keys: s.Keys[groups:], Offset: offset, Count: count}
	for _, k := range s.Keys[:groups] {
		if _, ok := k.Expr.(*expr.Column); !ok || k.Desc || k.NullsFirst {
			return c.in, d.errorf("a limit in groups of %s, which is no column in ascending order", k.Expr)
		}
		n.By = append(n.By, k.Expr)
	}
	return output{node: n, fields: c.in.fields, height: c.in.height, nodes: c.in.nodes}, nil
}

func (d *decoder) rowCount(x *pb.Expression) (int64, error) {
	if l, ok := x.GetLiteral().GetLiteralType().(*pb.Expression_Literal_I64); ok && l.I64 >= 0 {
		return l.I64, nil
	}
	return 0, d.errorf("an offset or a count is no i64 literal from 0")
}

func (d *decoder) sort(r *pb.SortRel) (output, error) {
	c, err := d.single(r.GetCommon(), r.GetAdvancedExtension(), r.GetInput(), nil)
	if err != nil {
		return c.in, err
	}
	keys, err := c.sorts(r.GetSorts())
	if err != nil {
		return c.in, err
	}
	own := new(detail.Sort)
	if _, err := d.optimization(c.advanced, own); err != nil {
		return c.in, err
	}
	if int64(own.GetWhole()) > int64(len(keys)) {
		return c.in, d.errorf("groups by %d keys of %d are to come together", own.GetWhole(), len(keys))
	}
	return d.above(&physical.Sort{Est: c.est(), Input: c.in.node, Keys: keys, Whole: int(own.GetWhole())}, c.in.fields, c.in)
}

func (d *decoder) set(r *pb.SetRel) (output, error) {
	if err := d.plain(r.GetAdvancedExtension()); err != nil {
		return output{}, err
	}
	a, err := d.about(r.GetCommon(), false, nil)
	if err != nil {
		return output{}, err
	}
	hint := new(detail.Fields)
	found, err := d.optimization(a.advanced, hint)
	if err != nil {
		return output{}, err
	}
	inputs := make([]output, len(r.GetInputs()))
	nodes := make([]physical.Node, len(inputs))
	for i, in := range r.GetInputs() {
		if inputs[i], err = d.input(in, ""); err != nil {
			return output{}, err
		}
		nodes[i] = inputs[i].node
	}
	fields, err := d.setFields(hint, found, inputs)
	if err != nil {
		return output{}, err
	}
	if r.GetOp() == pb.SetRel_SET_OP_UNION_ALL {
		return d.above(&physical.Union{Est: a.est(), All: nodes, Fields: fields}, fields, inputs...)
	}
	for s, op := range setOps {
		if op == r.GetOp() && len(nodes) == 2 {
			n := &physical.SetOp{Est: a.est(), Kind: s.kind, All: s.all, Left: nodes[0], Right: nodes[1], Fields: fields}
			return d.above(n, fields, inputs...)
		}
	}
	return output{}, d.errorf("set operation %s of %d inputs is not supported", r.GetOp(), len(nodes))
}

// setFields are the columns of a set operation: as noted, else those of the first
// input, nullable where a column of any input is.
func (d *decoder) setFields(hint *detail.Fields, noted bool, inputs []output) ([]expr.Field, error) {
	var fields []expr.Field
	switch {
	case noted:
		var err error
		if fields, err = d.schema(hint.GetSchema()); err != nil {
			return nil, err
		}
	case len(inputs) == 0:
		return nil, d.errorf("a set operation has no inputs")
	default:
		fields = append(fields, inputs[0].fields...)
	}
	for i, in := range inputs {
		if !sameColumns(in.fields, fields) {
			return nil, d.errorf("input %d has other columns than the operation", i)
		}
		for j := range fields {
			fields[j].Nullable = fields[j].Nullable || (!noted && in.fields[j].Nullable)
		}
	}
	return fields, nil
}
