package standard

import (
	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// set reads a set operation of two or more inputs, the first of which is primary.
func (r *reader) set(m *pb.SetRel, outer *scope) (relation, error) {
	if len(m.GetInputs()) < 2 {
		return relation{}, r.errorf("a set operation has %d inputs", len(m.GetInputs()))
	}
	in := make([]relation, len(m.GetInputs()))
	for i, rel := range m.GetInputs() {
		var err error
		if in[i], err = r.input(rel, step("input", i), outer); err != nil {
			return relation{}, err
		}
	}
	if err := r.align(in); err != nil {
		return relation{}, err
	}
	switch m.GetOp() {
	case pb.SetRel_SET_OP_UNION_ALL:
		return r.union(in)
	case pb.SetRel_SET_OP_UNION_DISTINCT:
		u, err := r.union(in)
		return distinct(u), err
	case pb.SetRel_SET_OP_MINUS_PRIMARY:
		return r.chain(logical.Except, in)
	case pb.SetRel_SET_OP_MINUS_PRIMARY_ALL:
		return r.chain(logical.ExceptAll, in)
	case pb.SetRel_SET_OP_MINUS_MULTISET: // without what is in all the others
		rest, err := r.chain(logical.Intersect, in[1:])
		if err != nil {
			return rest, err
		}
		return r.chain(logical.Except, []relation{in[0], rest})
	case pb.SetRel_SET_OP_INTERSECTION_PRIMARY: // what is in any of the others
		rest, err := r.union(in[1:])
		if err != nil {
			return rest, err
		}
		return r.chain(logical.Intersect, []relation{in[0], rest})
	case pb.SetRel_SET_OP_INTERSECTION_MULTISET:
		return r.chain(logical.Intersect, in)
	case pb.SetRel_SET_OP_INTERSECTION_MULTISET_ALL:
		return r.chain(logical.IntersectAll, in)
	}
	return relation{}, r.errorf("the operation of a set is missing or not known")
}

// input reads an input under a name of its own.
func (r *reader) input(m *pb.Rel, name string, outer *scope) (out relation, err error) {
	last := len(r.path) - 1
	was := r.path[last]
	r.path[last] = was + "." + name
	out, err = r.rel(m, outer)
	r.path[last] = was
	return out, err
}

// align casts the columns of all inputs to the types that they have in common.
func (r *reader) align(in []relation) error {
	for i := range in[0].cols {
		types := make([]expr.Type, len(in))
		tiny := true
		for j, rel := range in {
			if len(rel.cols) != len(in[0].cols) {
				return r.errorf("input %d has %d columns, input 0 has %d", j, len(rel.cols), len(in[0].cols))
			}
			types[j] = rel.cols[i].Type
			tiny = tiny && r.tiny[rel.cols[i].ID]
		}
		t, err := expr.CommonType("set operation", types...)
		if err != nil {
			return r.wrap(err)
		}
		for j := range in {
			v, err := r.to(r.ref(in[j].cols[i]), kept{Type: t, tiny: tiny})
			if err != nil {
				return err
			}
			var cols []logical.Column
			in[j].plan, cols = r.extend(in[j].plan, []val{v})
			in[j].cols = append([]logical.Column(nil), in[j].cols...)
			in[j].cols[i] = cols[0]
		}
	}
	return nil
}

func (r *reader) ref(c logical.Column) val { return val{Expr: c.Ref(), tiny: r.tiny[c.ID]} }

// union is the rows of all inputs, whose columns are of the same types.
func (r *reader) union(in []relation) (relation, error) {
	out := &logical.SetOp{Kind: logical.UnionAll}
	for i, c := range in[0].cols {
		nullable := false
		for _, rel := range in {
			nullable = nullable || rel.cols[i].Nullable
		}
		n := r.newColumn(c.Name, c.Type, nullable)
		r.tiny[n.ID] = r.tiny[c.ID]
		out.Cols = append(out.Cols, n)
	}
	nodes := 1
	for _, rel := range in {
		out.Args, out.Maps = append(out.Args, rel.plan), append(out.Maps, ids(rel.cols))
		nodes += rel.nodes
	}
	return relation{plan: out, cols: out.Cols, nodes: nodes}, nil
}

// chain applies an operation of two inputs from the left.
func (r *reader) chain(kind logical.SetKind, in []relation) (relation, error) {
	out := in[0]
	for _, next := range in[1:] {
		u, err := r.union([]relation{out, next})
		if err != nil {
			return u, err
		}
		u.plan.(*logical.SetOp).Kind = kind
		out = u
	}
	if len(in) == 1 {
		return distinct(out), nil
	}
	return out, nil
}

func distinct(rel relation) relation {
	agg := &logical.Aggregate{Input: rel.plan, Groups: distinctColumns(rel.cols)}
	rel.plan = agg
	return rel
}

func ids(cols []logical.Column) []expr.ColumnID {
	out := make([]expr.ColumnID, len(cols))
	for i, c := range cols {
		out[i] = c.ID
	}
	return out
}

// expand gives every row once for each duplicate, with the number of the duplicate.
func (r *reader) expand(m *pb.ExpandRel, outer *scope) (relation, error) {
	in, err := r.rel(m.GetInput(), outer)
	if err != nil {
		return in, err
	}
	duplicates := 1
	for _, f := range m.GetFields() {
		if s := f.GetSwitchingField(); s != nil {
			duplicates = max(duplicates, len(s.GetDuplicates()))
		}
	}
	shared := &logical.Shared{ID: r.nextShared(), Name: "expand", Input: in.plan}
	var branches []relation
	for k := range duplicates {
		ref, cols := r.reread(shared, in.cols)
		s := &scope{cols: cols, outer: outer}
		var values []val
		for i, f := range m.GetFields() {
			e := f.GetConsistentField()
			if sw := f.GetSwitchingField(); sw != nil {
				if len(sw.GetDuplicates()) != duplicates {
					return in, r.errorf("field %d has %d duplicates, others have %d", i, len(sw.GetDuplicates()), duplicates)
				}
				e = sw.GetDuplicates()[k]
			}
			v, err := r.expr(e, s)
			if err != nil {
				return in, err
			}
			values = append(values, v)
		}
		if len(s.pending) > 0 {
			return in, r.errorf("subqueries in an expand are not supported")
		}
		values = append(values, val{Expr: expr.NewLiteral(expr.Int(int64(k)), expr.Of(expr.Int4))})
		plan, out := r.extend(ref, values)
		branches = append(branches, relation{plan: plan, cols: out, nodes: in.nodes})
	}
	if err := r.align(branches); err != nil {
		return in, err
	}
	return r.union(branches)
}
