package standard

import (
	"math"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	ext "github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// operator is what the messages of all relations but references have.
type operator interface {
	GetCommon() *pb.RelCommon
}

// rel reads a relation. outer is what the expressions around see, nil at the top.
func (r *reader) rel(m *pb.Rel, outer *scope) (out relation, err error) {
	if err := r.enter(); err != nil {
		return out, err
	}
	defer r.leave()
	if m.GetRelType() == nil {
		return out, r.errorf("a relation is missing, or of a kind that is not known")
	}
	err = r.in(caseName(m.GetRelType()), func() error {
		var op operator
		if out, op, err = r.relation(m, outer); err != nil {
			return err
		}
		out.nodes++
		if out.nodes > maxNodes {
			return r.errorf("the plan has more than %d relations", maxNodes)
		}
		if op != nil {
			out.cols, err = r.common(op, out.cols)
		}
		return err
	})
	return out, err
}

// relation reads a relation without its emit.
func (r *reader) relation(m *pb.Rel, outer *scope) (out relation, op operator, err error) {
	switch m := m.GetRelType().(type) {
	case *pb.Rel_Read:
		out, err = r.read(m.Read, outer)
		return out, m.Read, err
	case *pb.Rel_Filter:
		out, err = r.filterRel(m.Filter, outer)
		return out, m.Filter, err
	case *pb.Rel_Project:
		out, err = r.project(m.Project, outer)
		return out, m.Project, err
	case *pb.Rel_Aggregate:
		out, err = r.aggregate(m.Aggregate, outer)
		return out, m.Aggregate, err
	case *pb.Rel_Sort:
		out, err = r.sort(m.Sort, outer)
		return out, m.Sort, err
	case *pb.Rel_Fetch:
		out, err = r.fetch(m.Fetch, outer)
		return out, m.Fetch, err
	case *pb.Rel_Join:
		out, err = r.joinRel(m.Join, outer)
		return out, m.Join, err
	case *pb.Rel_Cross:
		out, err = r.cross(m.Cross, outer)
		return out, m.Cross, err
	case *pb.Rel_Set:
		out, err = r.set(m.Set, outer)
		return out, m.Set, err
	case *pb.Rel_Expand:
		out, err = r.expand(m.Expand, outer)
		return out, m.Expand, err
	case *pb.Rel_Reference:
		out, err = r.reference(m.Reference)
		return out, nil, err
	}
	return r.physicalRel(m, outer)
}

// physicalRel reads the relations that say how, as what they compute.
func (r *reader) physicalRel(m *pb.Rel, outer *scope) (out relation, op operator, err error) {
	switch m := m.GetRelType().(type) {
	case *pb.Rel_HashJoin:
		j := m.HashJoin
		out, err = r.keyedJoin(keyedJoin{j, j.GetLeftKeys(), j.GetRightKeys(), j.GetKeys(), j.GetType().String()}, outer)
		return out, j, err
	case *pb.Rel_MergeJoin:
		j := m.MergeJoin
		out, err = r.keyedJoin(keyedJoin{j, j.GetLeftKeys(), j.GetRightKeys(), j.GetKeys(), j.GetType().String()}, outer)
		return out, j, err
	case *pb.Rel_NestedLoopJoin:
		out, err = r.loopJoin(m.NestedLoopJoin, outer)
		return out, m.NestedLoopJoin, err
	case *pb.Rel_Exchange:
		if err = r.plain(m.Exchange.GetAdvancedExtension()); err == nil {
			out, err = r.rel(m.Exchange.GetInput(), outer)
		}
		return out, m.Exchange, err
	case *pb.Rel_Window:
		out, err = r.window(m.Window, outer)
		return out, m.Window, err
	case *pb.Rel_Write, *pb.Rel_Ddl, *pb.Rel_Update:
		return out, nil, r.errorf("a table can be changed at the root of a plan only")
	case *pb.Rel_ExtensionLeaf:
		return out, nil, r.errorf("extension %q is not known", m.ExtensionLeaf.GetDetail().GetTypeUrl())
	case *pb.Rel_ExtensionSingle:
		return out, nil, r.errorf("extension %q is not known", m.ExtensionSingle.GetDetail().GetTypeUrl())
	case *pb.Rel_ExtensionMulti:
		return out, nil, r.errorf("extension %q is not known", m.ExtensionMulti.GetDetail().GetTypeUrl())
	}
	return out, nil, r.errorf("relations of this kind are not supported")
}

// common applies what all relations have to their columns: the emit. Hints say
// nothing that changes the answer.
func (r *reader) common(op operator, cols []logical.Column) ([]logical.Column, error) {
	c := op.GetCommon()
	if err := r.plain(c.GetAdvancedExtension()); err != nil {
		return nil, err
	}
	_, looks := op.(*pb.FetchRel) // for itself, as does the next
	if _, windows := op.(*pb.ConsistentPartitionWindowRel); windows {
		looks = true
	}
	if x, ok := op.(interface {
		GetAdvancedExtension() *ext.AdvancedExtension
	}); ok && !looks {
		if err := r.plain(x.GetAdvancedExtension()); err != nil {
			return nil, err
		}
	}
	e := c.GetEmit()
	if e == nil {
		return cols, nil
	}
	out := make([]logical.Column, len(e.GetOutputMapping()))
	for i, m := range e.GetOutputMapping() {
		if m < 0 || int(m) >= len(cols) {
			return nil, r.errorf("the emit asks for column %d of %d", m, len(cols))
		}
		out[i] = cols[m]
	}
	return out, nil
}

func (r *reader) filterRel(m *pb.FilterRel, outer *scope) (relation, error) {
	in, err := r.rel(m.GetInput(), outer)
	if err != nil {
		return in, err
	}
	s := &scope{cols: in.cols, outer: outer}
	in.plan, err = r.filter(in.plan, m.GetCondition(), s)
	in.nodes += s.nodes
	return in, err
}

// project adds its expressions to the columns of its input.
func (r *reader) project(m *pb.ProjectRel, outer *scope) (relation, error) {
	in, err := r.rel(m.GetInput(), outer)
	if err != nil {
		return in, err
	}
	s := &scope{cols: in.cols, outer: outer, windows: &windows{}}
	values, err := r.exprs(m.GetExpressions(), s)
	if err != nil {
		return in, err
	}
	in.plan, in.nodes = s.windows.attach(r, in.plan, s), in.nodes+s.nodes
	var cols []logical.Column
	in.plan, cols = r.extend(in.plan, values)
	in.cols = append(append([]logical.Column(nil), in.cols...), cols...)
	return in, nil
}

// extend adds values to a plan as columns; a value that is a column is that column.
func (r *reader) extend(plan logical.Node, values []val) (logical.Node, []logical.Column) {
	var items []logical.Item
	cols := make([]logical.Column, len(values))
	for i, v := range values {
		if c, ok := v.Expr.(*expr.Column); ok {
			if own, found := logical.Find(plan, c.ID); found {
				cols[i] = own
				continue
			}
		}
		cols[i] = r.column("", v, true)
		items = append(items, logical.Item{Col: cols[i], Expr: v.Expr})
	}
	if len(items) == 0 {
		return plan, cols
	}
	var all []logical.Item
	for _, c := range plan.Columns() {
		all = append(all, logical.Item{Col: c, Expr: c.Ref()})
	}
	return &logical.Project{Input: plan, Items: append(all, items...)}, cols
}

func (r *reader) sort(m *pb.SortRel, outer *scope) (relation, error) {
	in, err := r.rel(m.GetInput(), outer)
	if err != nil {
		return in, err
	}
	s := &scope{cols: in.cols, outer: outer}
	keys, err := r.sortKeys(m.GetSorts(), s)
	if err != nil {
		return in, err
	}
	in.plan, in.nodes = r.attach(in.plan, s), in.nodes+s.nodes
	if len(keys) > 0 {
		in.plan = &logical.Sort{Input: in.plan, Keys: keys}
	}
	return in, nil
}

func (r *reader) sortKeys(sorts []*pb.SortField, s *scope) ([]expr.SortKey, error) {
	keys := make([]expr.SortKey, len(sorts))
	for i, f := range sorts {
		v, err := r.expr(f.GetExpr(), s)
		if err != nil {
			return nil, err
		}
		keys[i].Expr = v.Expr
		direction, ok := f.GetSortKind().(*pb.SortField_Direction)
		if !ok {
			return nil, r.errorf("sort field %d has no direction that is known", i)
		}
		switch direction.Direction {
		case pb.SortField_SORT_DIRECTION_ASC_NULLS_FIRST:
			keys[i].NullsFirst = true
		case pb.SortField_SORT_DIRECTION_ASC_NULLS_LAST, pb.SortField_SORT_DIRECTION_CLUSTERED:
		case pb.SortField_SORT_DIRECTION_DESC_NULLS_FIRST:
			keys[i].Desc, keys[i].NullsFirst = true, true
		case pb.SortField_SORT_DIRECTION_DESC_NULLS_LAST:
			keys[i].Desc = true
		default:
			return nil, r.errorf("sort field %d has no direction that is known", i)
		}
	}
	return keys, nil
}

func (r *reader) fetch(m *pb.FetchRel, outer *scope) (relation, error) {
	in, err := r.rel(m.GetInput(), outer)
	if err != nil {
		return in, err
	}
	n := &logical.Limit{Input: in.plan, Count: -1}
	switch o := m.GetOffsetMode().(type) {
	case *pb.FetchRel_Offset:
		n.Offset = o.Offset
	case *pb.FetchRel_OffsetExpr:
		if n.Offset, err = r.number(o.OffsetExpr, "offset", 0); err != nil {
			return in, err
		}
	}
	if n.Offset < 0 {
		return in, r.errorf("the offset %d is negative", n.Offset)
	}
	switch c := m.GetCountMode().(type) {
	case *pb.FetchRel_Count:
		n.Count = c.Count // -1 is all
		if c.Count < -1 {
			return in, r.errorf("the count %d is negative", c.Count)
		}
	case *pb.FetchRel_CountExpr:
		if n.Count, err = r.number(c.CountExpr, "count", -1); err != nil {
			return in, err
		}
	}
	if n.Count >= 0 && n.Offset > math.MaxInt64-n.Count {
		n.Count = math.MaxInt64 - n.Offset
	}
	return r.limited(in, m, n)
}

// limited is a fetch, of the whole or, by an enhancement of ours, of every group.
func (r *reader) limited(in relation, m *pb.FetchRel, n *logical.Limit) (relation, error) {
	e := m.GetAdvancedExtension().GetEnhancement()
	if e == nil {
		in.plan = n
		return in, nil
	}
	groups := new(detail.GroupTopN)
	s, sorted := in.plan.(*logical.Sort)
	if !e.MessageIs(groups) {
		return in, r.plain(m.GetAdvancedExtension())
	}
	if err := e.UnmarshalTo(groups); err != nil || known(groups.ProtoReflect()) != nil {
		return in, r.errorf("the enhancement %s cannot be read", e.GetTypeUrl())
	}
	if !sorted || int(groups.GetGroups()) > len(s.Keys) {
		return in, r.errorf("a fetch in groups is not over a sort by %d keys", groups.GetGroups())
	}
	g := &logical.GroupTopN{Input: s.Input, Keys: s.Keys[groups.GetGroups():], Offset: n.Offset, Count: n.Count}
	for _, k := range s.Keys[:groups.GetGroups()] {
		if _, ok := k.Expr.(*expr.Column); !ok {
			return in, r.errorf("a fetch in groups groups by what is no column")
		}
		g.By = append(g.By, k.Expr)
	}
	in.plan = g
	return in, nil
}

// number is a constant number of rows; none is what NULL means.
func (r *reader) number(e *pb.Expression, what string, none int64) (int64, error) {
	v, err := r.expr(e, &scope{})
	if err != nil {
		return 0, err
	}
	if v, err = r.to(v, kept{Type: expr.Of(expr.Int8)}); err != nil {
		return 0, err
	}
	if len(logical.Used(v.Expr)) > 0 {
		return 0, r.errorf("the %s is not constant", what)
	}
	if hasParam(v.Expr) {
		r.needsArgs = true
		return none, nil // only described
	}
	n, err := eval.Constant(v.Expr)
	if err != nil {
		return 0, r.wrap(err)
	}
	if n.Null {
		return none, nil
	}
	if n.I < 0 {
		return 0, r.errorf("the %s %d is negative", what, n.I)
	}
	return n.I, nil
}

func hasParam(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		_, ok := x.(*expr.Param)
		found = found || ok
		return !found
	})
	return found
}

// reference reads another relation of the plan, which it may share with others.
func (r *reader) reference(m *pb.ReferenceRel) (relation, error) {
	i := int(m.GetSubtreeOrdinal())
	all := r.doc.plan.GetRelations()
	if i < 0 || i >= len(all) {
		return relation{}, r.errorf("relation %d of %d is referenced", i, len(all))
	}
	s, known := r.shared[i]
	if known && s.plan == nil {
		return relation{}, r.errorf("relation %d refers to itself", i)
	}
	if !known {
		s = &sharedPlan{}
		r.shared[i] = s
		input := all[i].GetRel()
		if root := all[i].GetRoot(); root != nil {
			input = root.GetInput()
		}
		err := r.in(step("relation", i), func() (err error) {
			s.rel, err = r.rel(input, nil)
			return err
		})
		if err != nil {
			return relation{}, err
		}
		s.plan = &logical.Shared{ID: r.nextShared(), Name: step("relation", i), Input: project(s.rel.plan, distinctColumns(s.rel.cols))}
	}
	ref, cols := r.reread(s.plan, s.rel.cols)
	out := relation{plan: ref, cols: cols}
	if !known { // it is there once, however many read it
		out.nodes = s.rel.nodes
	}
	return out, nil
}

// distinctColumns are the columns of a relation, each once.
func distinctColumns(cols []logical.Column) []logical.Column {
	seen := logical.Set{}
	var out []logical.Column
	for _, c := range cols {
		if !seen[c.ID] {
			seen[c.ID] = true
			out = append(out, c)
		}
	}
	return out
}

func (r *reader) nextShared() int {
	r.sets++
	return r.sets
}

// reread reads a shared plan once more: its columns under new IDs.
func (r *reader) reread(s *logical.Shared, cols []logical.Column) (*logical.Reference, []logical.Column) {
	ref := &logical.Reference{Plan: s}
	fresh := map[expr.ColumnID]logical.Column{}
	for _, c := range s.Input.Columns() {
		n := c
		n.ID = r.newColumn("", c.Type, c.Nullable).ID
		r.tiny[n.ID] = r.tiny[c.ID]
		fresh[c.ID] = n
		ref.Cols, ref.Source = append(ref.Cols, n), append(ref.Source, c.ID)
	}
	out := make([]logical.Column, len(cols))
	for i, c := range cols {
		out[i] = fresh[c.ID]
	}
	return ref, out
}
