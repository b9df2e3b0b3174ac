package standard

import (
	"slices"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	ext "github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// rel writes a node.
func (w *writer) rel(n logical.Node) (written, error) {
	switch n := n.(type) {
	case *logical.Scan:
		return w.scan(n)
	case *logical.Values:
		return w.values(n)
	case *logical.Filter:
		in, err := w.rel(n.Input)
		if err != nil {
			return in, err
		}
		return w.filter(in, n.Conds)
	case *logical.Project:
		return w.project(n)
	case *logical.Join:
		return w.join(n)
	case *logical.Aggregate:
		return w.aggregate(n)
	case *logical.Sort:
		in, err := w.rel(n.Input)
		if err != nil {
			return in, err
		}
		keys, err := w.sorts(n.Keys, in.cols)
		return written{&pb.Rel{RelType: &pb.Rel_Sort{Sort: &pb.SortRel{Common: direct(), Input: in.rel, Sorts: keys}}}, in.cols}, err
	case *logical.Limit:
		in, err := w.rel(n.Input)
		return written{fetch(in.rel, n.Offset, n.Count), in.cols}, err
	case *logical.GroupTopN:
		return w.groupTopN(n)
	case *logical.Window:
		return w.window(n)
	case *logical.SetOp:
		return w.setOp(n)
	case *logical.Reference:
		return w.reference(n)
	}
	return written{}, unwritten("a node of type %T cannot be said", n)
}

func (w *writer) filter(in written, conds []expr.Expr) (written, error) {
	if len(conds) == 0 {
		return in, nil
	}
	c, err := w.expr(expr.And(conds...), in.cols)
	return written{&pb.Rel{RelType: &pb.Rel_Filter{Filter: &pb.FilterRel{Common: direct(), Input: in.rel, Condition: c}}}, in.cols}, err
}

// scan reads a table with all its columns and keeps those that are used: fewer consumers
// know the projection of a read than a project. What filters it comes between the two.
func (w *writer) scan(n *logical.Scan) (written, error) {
	s, err := w.schema(n.Table.Fields)
	if err != nil {
		return written{}, err
	}
	r := &pb.ReadRel{Common: direct(), BaseSchema: s}
	if n.Table.Schema == "" && len(n.Table.Files) > 0 { // a location without a name
		files := &pb.ReadRel_LocalFiles{}
		for _, f := range n.Table.Files {
			files.Items = append(files.Items, &pb.ReadRel_LocalFiles_FileOrFiles{
				PathType:   &pb.ReadRel_LocalFiles_FileOrFiles_UriFile{UriFile: f.Path},
				FileFormat: &pb.ReadRel_LocalFiles_FileOrFiles_Parquet{Parquet: &pb.ReadRel_LocalFiles_FileOrFiles_ParquetReadOptions{}}})
		}
		r.ReadType = &pb.ReadRel_LocalFiles_{LocalFiles: files}
	} else {
		name := []string{n.Table.Name}
		if n.Table.Schema != "" && (n.Table.Schema != defaultSchema || w.hidden != nil && w.hidden(n.Table)) {
			name = []string{n.Table.Schema, n.Table.Name}
		}
		r.ReadType = &pb.ReadRel_NamedTable_{NamedTable: &pb.ReadRel_NamedTable{Names: name}}
	}
	all := make([]logical.Column, len(n.Table.Fields))
	for i := range all {
		all[i].ID = w.unnamed() // nobody asks for it
	}
	for i, f := range n.Fields {
		all[f] = n.Cols[i]
	}
	out, err := w.filter(written{&pb.Rel{RelType: &pb.Rel_Read{Read: r}}, all}, n.Filter)
	if err != nil {
		return out, err
	}
	return w.pick(out, ids(n.Cols))
}

// defaultSchema is the schema whose tables go by their names alone, where these mean them.
const defaultSchema = "public"

func (w *writer) values(n *logical.Values) (written, error) {
	fields := make([]expr.Field, len(n.Cols))
	for i, c := range n.Cols {
		fields[i] = expr.Field{Name: c.Name, Type: c.Type, Nullable: true}
	}
	s, err := w.schema(fields)
	if err != nil {
		return written{}, err
	}
	v := &pb.ReadRel_VirtualTable{}
	for _, row := range n.Rows {
		r := &pb.Expression_Nested_Struct{}
		for i, value := range row {
			l, err := w.literal(value, n.Cols[i].Type)
			if err != nil {
				return written{}, err
			}
			r.Fields = append(r.Fields, &pb.Expression{RexType: &pb.Expression_Literal_{Literal: l}})
		}
		v.Expressions = append(v.Expressions, r)
	}
	r := &pb.ReadRel{Common: direct(), BaseSchema: s, ReadType: &pb.ReadRel_VirtualTable_{VirtualTable: v}}
	return written{&pb.Rel{RelType: &pb.Rel_Read{Read: r}}, n.Cols}, nil
}

// project computes columns behind those of its input, and keeps the computed ones.
func (w *writer) project(n *logical.Project) (written, error) {
	in, err := w.rel(n.Input)
	if err != nil {
		return in, err
	}
	p := &pb.ProjectRel{Input: in.rel}
	var mapping []int32
	out := written{}
	for i, it := range n.Items {
		e, err := w.expr(it.Expr, in.cols)
		if err != nil {
			return in, err
		}
		p.Expressions = append(p.Expressions, e)
		mapping = append(mapping, int32(len(in.cols)+i))
		out.cols = append(out.cols, it.Col)
	}
	p.Common = emits(mapping)
	out.rel = &pb.Rel{RelType: &pb.Rel_Project{Project: p}}
	return out, nil
}

var joinTypes = map[logical.JoinKind]pb.JoinRel_JoinType{
	logical.Inner: pb.JoinRel_JOIN_TYPE_INNER, logical.Left: pb.JoinRel_JOIN_TYPE_LEFT, logical.Full: pb.JoinRel_JOIN_TYPE_OUTER,
	logical.Semi: pb.JoinRel_JOIN_TYPE_LEFT_SEMI, logical.Anti: pb.JoinRel_JOIN_TYPE_LEFT_ANTI,
	logical.Mark: pb.JoinRel_JOIN_TYPE_LEFT_MARK, logical.Single: pb.JoinRel_JOIN_TYPE_LEFT_SINGLE,
}

// join writes a join. One of IN, which distinguishes unknown from false, is a mark join:
// of its condition only what IN compares may be unknown.
func (w *writer) join(n *logical.Join) (written, error) {
	left, err := w.rel(n.Left)
	if err != nil {
		return left, err
	}
	right, err := w.rel(n.Right)
	if err != nil {
		return right, err
	}
	if n.Dependent {
		return left, unwritten("a dependent join cannot be said")
	}
	kind, conds := n.Kind, n.Conds
	if kind == logical.Single && oneRow(n.Right) {
		kind = logical.Left // which more consumers know
	}
	if n.NullAware != nil || kind == logical.Mark {
		kind, conds = logical.Mark, nil
		for _, c := range n.Conds {
			conds = append(conds, certain(c))
		}
		if n.NullAware != nil {
			conds = append(conds, n.NullAware)
		}
	}
	j := &pb.JoinRel{Common: direct(), Left: left.rel, Right: right.rel, Type: joinTypes[kind]}
	if len(conds) == 0 {
		conds = []expr.Expr{expr.True()}
	}
	for i, c := range conds {
		conds[i] = leftFirst(c, left.cols)
	}
	if j.Expression, err = w.expr(expr.And(conds...), slices.Concat(left.cols, right.cols)); err != nil {
		return left, err
	}
	out := written{rel: &pb.Rel{RelType: &pb.Rel_Join{Join: j}}, cols: n.Columns()}
	if n.NullAware == nil || n.Kind != logical.Anti {
		return out, nil
	}
	mark := logical.Column{ID: -1, Name: "mark", Type: expr.Of(expr.Bool), Nullable: true}
	marked := written{out.rel, append(slices.Clone(left.cols), mark)}
	not := &expr.Call{Name: expr.OpNot, Args: []expr.Expr{mark.Ref()}, Typ: expr.Of(expr.Bool)}
	if out, err = w.filter(marked, []expr.Expr{not}); err != nil {
		return out, err
	}
	return w.pick(out, ids(left.cols))
}

// leftFirst turns an equality round whose left side is a column of the right input: some
// consumers want the keys of a join in the order of its inputs.
func leftFirst(cond expr.Expr, left []logical.Column) expr.Expr {
	c, ok := cond.(*expr.Call)
	if !ok || c.Name != expr.OpEq && c.Name != expr.OpIsNotDistinct {
		return cond
	}
	of := func(e expr.Expr) bool {
		col, ok := e.(*expr.Column)
		return ok && slices.ContainsFunc(left, func(l logical.Column) bool { return l.ID == col.ID })
	}
	if of(c.Args[0]) || !of(c.Args[1]) {
		return cond
	}
	turned := *c
	turned.Args = []expr.Expr{c.Args[1], c.Args[0]}
	return &turned
}

// oneRow reports whether a plan has at most one row for sure.
func oneRow(n logical.Node) bool {
	switch n := n.(type) {
	case *logical.Aggregate:
		return len(n.Groups) == 0
	case *logical.Values:
		return len(n.Rows) <= 1
	case *logical.Limit:
		return n.Count == 0 || n.Count == 1 || oneRow(n.Input)
	case *logical.Project:
		return oneRow(n.Input)
	case *logical.Filter:
		return oneRow(n.Input)
	case *logical.Sort:
		return oneRow(n.Input)
	case *logical.Reference:
		return oneRow(n.Plan.Input)
	}
	return false
}

// certain is a condition that is true or false, never unknown.
func certain(c expr.Expr) expr.Expr {
	return &expr.Call{Name: expr.OpIsTrue, Args: []expr.Expr{c}, Typ: expr.Of(expr.Bool)}
}

func (w *writer) aggregate(n *logical.Aggregate) (written, error) {
	in, err := w.rel(n.Input)
	if err != nil {
		return in, err
	}
	var aggs []logical.AggItem
	if in, aggs, err = w.arguments(in, n.Aggs); err != nil {
		return in, err
	}
	at := ordinals(in.cols)
	a := &pb.AggregateRel{Common: direct(), Input: in.rel}
	g := &pb.AggregateRel_Grouping{}
	for i, c := range n.Groups {
		a.GroupingExpressions = append(a.GroupingExpressions, fieldRef(at[c.ID]))
		g.ExpressionReferences = append(g.ExpressionReferences, uint32(i))
		//lint:ignore SA1019 consumers of older versions know the keys only here
		g.GroupingExpressions = append(g.GroupingExpressions, fieldRef(at[c.ID]))
	}
	if len(n.Groups) > 0 {
		a.Groupings = []*pb.AggregateRel_Grouping{g}
	}
	for _, item := range aggs {
		m, err := w.measure(item.Agg, in.cols)
		if err != nil {
			return in, err
		}
		a.Measures = append(a.Measures, m)
	}
	return written{&pb.Rel{RelType: &pb.Rel_Aggregate{Aggregate: a}}, n.Columns()}, nil
}

// arguments computes the arguments of aggregates in a project before them: some consumers
// take columns only. It gives every column anew, as some take no others of a project.
func (w *writer) arguments(in written, aggs []logical.AggItem) (written, []logical.AggItem, error) {
	p := &pb.ProjectRel{Common: emits(nil), Input: in.rel}
	for i := range in.cols {
		p.Expressions = append(p.Expressions, fieldRef(i))
	}
	out := slices.Clone(aggs)
	cols := slices.Clone(in.cols)
	for i := range out {
		out[i].Agg = logical.MapAggregate(aggs[i].Agg, func(e expr.Expr) expr.Expr { return e })
		for j, arg := range out[i].Agg.Args {
			switch arg.(type) {
			case *expr.Column, *expr.Literal:
				continue
			}
			e, err := w.expr(arg, in.cols)
			if err != nil {
				return in, nil, err
			}
			c := logical.Column{ID: w.unnamed(), Type: arg.Type(), Nullable: true}
			p.Expressions, cols = append(p.Expressions, e), append(cols, c)
			out[i].Agg.Args[j] = c.Ref()
			for k, key := range out[i].Agg.Order { // DISTINCT sorts by arguments only
				if expr.Equal(key.Expr, arg) {
					out[i].Agg.Order[k].Expr = c.Ref()
				}
			}
		}
	}
	if len(cols) == len(in.cols) {
		return in, aggs, nil
	}
	for i := range cols {
		p.Common.GetEmit().OutputMapping = append(p.Common.GetEmit().OutputMapping, int32(len(in.cols)+i))
	}
	return written{&pb.Rel{RelType: &pb.Rel_Project{Project: p}}, cols}, out, nil
}

func (w *writer) sorts(keys []expr.SortKey, cols []logical.Column) ([]*pb.SortField, error) {
	var out []*pb.SortField
	for _, k := range keys {
		e, err := w.expr(k.Expr, cols)
		if err != nil {
			return nil, err
		}
		d := pb.SortField_SORT_DIRECTION_ASC_NULLS_LAST
		switch {
		case k.Desc && k.NullsFirst:
			d = pb.SortField_SORT_DIRECTION_DESC_NULLS_FIRST
		case k.Desc:
			d = pb.SortField_SORT_DIRECTION_DESC_NULLS_LAST
		case k.NullsFirst:
			d = pb.SortField_SORT_DIRECTION_ASC_NULLS_FIRST
		}
		out = append(out, &pb.SortField{Expr: e, SortKind: &pb.SortField_Direction{Direction: d}})
	}
	return out, nil
}

func fetch(in *pb.Rel, offset, count int64) *pb.Rel {
	f := &pb.FetchRel{Common: direct(), Input: in}
	number := func(n int64) *pb.Expression {
		return &pb.Expression{RexType: &pb.Expression_Literal_{Literal: &pb.Expression_Literal{
			LiteralType: &pb.Expression_Literal_I64{I64: n}}}}
	}
	if offset > 0 {
		f.OffsetMode = &pb.FetchRel_OffsetExpr{OffsetExpr: number(offset)}
	}
	if count >= 0 {
		f.CountMode = &pb.FetchRel_CountExpr{CountExpr: number(count)}
	}
	return &pb.Rel{RelType: &pb.Rel_Fetch{Fetch: f}}
}

// groupTopN is a fetch over a sort, in every group: an enhancement of ours.
func (w *writer) groupTopN(n *logical.GroupTopN) (written, error) {
	in, err := w.rel(n.Input)
	if err != nil {
		return in, err
	}
	var keys []expr.SortKey
	for _, by := range n.By {
		keys = append(keys, expr.SortKey{Expr: by})
	}
	sorts, err := w.sorts(append(keys, n.Keys...), in.cols)
	if err != nil {
		return in, err
	}
	sorted := &pb.Rel{RelType: &pb.Rel_Sort{Sort: &pb.SortRel{Common: direct(), Input: in.rel, Sorts: sorts}}}
	out := fetch(sorted, n.Offset, n.Count)
	groups, err := anypb.New(&detail.GroupTopN{Groups: uint32(len(n.By))})
	out.GetFetch().AdvancedExtension = &ext.AdvancedExtension{Enhancement: groups}
	return written{out, in.cols}, err
}

var setOps = map[logical.SetKind]pb.SetRel_SetOp{
	logical.UnionAll: pb.SetRel_SET_OP_UNION_ALL, logical.Intersect: pb.SetRel_SET_OP_INTERSECTION_MULTISET,
	logical.IntersectAll: pb.SetRel_SET_OP_INTERSECTION_MULTISET_ALL,
	logical.Except:       pb.SetRel_SET_OP_MINUS_PRIMARY, logical.ExceptAll: pb.SetRel_SET_OP_MINUS_PRIMARY_ALL,
}

func (w *writer) setOp(n *logical.SetOp) (written, error) {
	s := &pb.SetRel{Common: direct(), Op: setOps[n.Kind]}
	for i, in := range n.Args {
		r, err := w.rel(in)
		if err == nil {
			r, err = w.pick(r, n.Maps[i])
		}
		if err != nil {
			return r, err
		}
		if len(n.Args) == 1 {
			return written{r.rel, n.Cols}, nil
		}
		s.Inputs = append(s.Inputs, r.rel)
	}
	return written{&pb.Rel{RelType: &pb.Rel_Set{Set: s}}, n.Cols}, nil
}

func (w *writer) reference(n *logical.Reference) (written, error) {
	var in written
	var err error
	if w.inline {
		if in, err = w.rel(n.Plan.Input); err != nil {
			return in, err
		}
	} else {
		at, ok := w.shared[n.Plan]
		if !ok {
			if in, err = w.rel(n.Plan.Input); err != nil {
				return in, err
			}
			if in, err = w.pick(in, ids(n.Plan.Input.Columns())); err != nil {
				return in, err
			}
			at = len(w.plan.Relations)
			w.shared[n.Plan] = at
			w.plan.Relations = append(w.plan.Relations, &pb.PlanRel{RelType: &pb.PlanRel_Rel{Rel: in.rel}})
		}
		in = written{&pb.Rel{RelType: &pb.Rel_Reference{Reference: &pb.ReferenceRel{SubtreeOrdinal: int32(at)}}}, n.Plan.Input.Columns()}
	}
	if in, err = w.pick(in, n.Source); err != nil {
		return in, err
	}
	return written{in.rel, n.Cols}, nil
}
