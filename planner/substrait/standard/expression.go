package standard

import (
	"math"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

func (r *reader) exprs(list []*pb.Expression, s *scope) ([]val, error) {
	out := make([]val, len(list))
	for i, e := range list {
		var err error
		if out[i], err = r.expr(e, s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// condition is an expression that must be boolean.
func (r *reader) condition(e *pb.Expression, s *scope) (expr.Expr, error) {
	v, err := r.expr(e, s)
	if err == nil && v.Type().Kind != expr.Bool {
		err = r.errorf("a condition is of type %s", v.Type())
	}
	return v.Expr, err
}

// expr reads an expression.
func (r *reader) expr(e *pb.Expression, s *scope) (val, error) {
	if err := r.enter(); err != nil {
		return val{}, err
	}
	defer r.leave()
	switch e := e.GetRexType().(type) {
	case *pb.Expression_Literal_:
		return r.literal(e.Literal)
	case *pb.Expression_Selection:
		return r.field(e.Selection, s)
	case *pb.Expression_ScalarFunction_:
		return r.scalarFunction(e.ScalarFunction, s)
	case *pb.Expression_IfThen_:
		return r.ifThen(e.IfThen, s)
	case *pb.Expression_SwitchExpression_:
		return r.switchCase(e.SwitchExpression, s)
	case *pb.Expression_SingularOrList_:
		return r.inList(e.SingularOrList, s)
	case *pb.Expression_MultiOrList_:
		return r.inRows(e.MultiOrList, s)
	case *pb.Expression_Cast_:
		return r.castExpr(e.Cast, s)
	case *pb.Expression_Subquery_:
		return r.subquery(e.Subquery, s)
	case *pb.Expression_Nested_:
		return r.nestedExpr(e.Nested, s)
	case *pb.Expression_DynamicParameter:
		return r.parameter(e.DynamicParameter)
	case *pb.Expression_WindowFunction_:
		return r.windowExpr(e.WindowFunction, s)
	case nil:
		return val{}, r.errorf("an expression is missing, or of a kind that is not known")
	default:
		return val{}, r.errorf("expressions of case %s are not supported", caseName(e))
	}
}

// field reads a reference: to a column of the input, or of a relation around it.
func (r *reader) field(f *pb.Expression_FieldReference, s *scope) (val, error) {
	direct, ok := f.GetReferenceType().(*pb.Expression_FieldReference_DirectReference)
	if !ok {
		return val{}, r.errorf("a field reference is missing or of a kind that is not supported")
	}
	seg := direct.DirectReference
	var v val
	switch root := f.GetRootType().(type) {
	case *pb.Expression_FieldReference_Expression:
		var err error
		if v, err = r.expr(root.Expression, s); err != nil {
			return v, err
		}
		return r.within(v, seg, 0)
	case *pb.Expression_FieldReference_RootReference_, nil:
	case *pb.Expression_FieldReference_OuterReference_:
		steps := root.OuterReference.GetStepsOut()
		if steps == 0 {
			return val{}, r.errorf("an outer reference goes no step out")
		}
		for at := steps; at > 0; at-- {
			if s = s.outer; s == nil {
				return val{}, r.errorf("an outer reference goes %d steps out, which is further than the outermost query", steps)
			}
		}
	default:
		return val{}, r.errorf("field references of case %s are not supported", caseName(root))
	}
	sf := seg.GetStructField()
	if sf == nil {
		return val{}, r.errorf("a reference to a column must begin with its number")
	}
	i := int(sf.GetField())
	if i < 0 || i >= len(s.cols) {
		return val{}, r.errorf("column %d of %d is referenced", i, len(s.cols))
	}
	v = r.ref(s.cols[i])
	if sf.GetChild() == nil {
		return v, nil
	}
	return r.within(v, sf.GetChild(), 0)
}

// within reads a part of a nested value.
func (r *reader) within(v val, seg *pb.Expression_ReferenceSegment, depth int) (val, error) {
	if depth > maxTypeDepth {
		return val{}, r.errorf("a reference is nested more than %d deep", maxTypeDepth)
	}
	var child *pb.Expression_ReferenceSegment
	switch p := seg.GetReferenceType().(type) {
	case *pb.Expression_ReferenceSegment_StructField_:
		t, i := v.Type(), p.StructField.GetField()
		if t.Kind != expr.Struct || i < 0 || int(i) >= len(t.Nested.Fields) {
			return val{}, r.errorf("field %d of a value of type %s is referenced", i, t)
		}
		v = val{Expr: &expr.Call{Name: expr.FnField, Args: []expr.Expr{v.Expr, int4(int64(i))}, Typ: t.Nested.Fields[i].Type}}
		child = p.StructField.GetChild()
	case *pb.Expression_ReferenceSegment_ListElement_:
		t, i := v.Type(), p.ListElement.GetOffset()
		if t.Kind != expr.List || i < 0 {
			return val{}, r.errorf("element %d of a value of type %s is referenced", i, t)
		}
		v = val{Expr: &expr.Call{Name: expr.FnElement, Args: []expr.Expr{v.Expr, int4(int64(i) + 1)}, Typ: t.Nested.Elem}}
		child = p.ListElement.GetChild()
	case *pb.Expression_ReferenceSegment_MapKey_:
		key, err := r.literal(p.MapKey.GetMapKey())
		if err != nil {
			return val{}, err
		}
		t := v.Type()
		if t.Kind != expr.Map {
			return val{}, r.errorf("a key of a value of type %s is referenced", t)
		}
		if key, err = r.to(key, kept{Type: t.Nested.Fields[0].Type}); err != nil {
			return val{}, err
		}
		v = val{Expr: &expr.Call{Name: expr.FnElement, Args: []expr.Expr{v.Expr, key.Expr}, Typ: t.Nested.Fields[1].Type}}
		child = p.MapKey.GetChild()
	default:
		return val{}, r.errorf("a part of a value of type %s is referenced in a way that is not supported", v.Type())
	}
	if child == nil {
		return v, nil
	}
	return r.within(v, child, depth+1)
}

func int4(i int64) *expr.Literal { return expr.NewLiteral(expr.Int(i), expr.Of(expr.Int4)) }

func (r *reader) ifThen(m *pb.Expression_IfThen, s *scope) (val, error) {
	if len(m.GetIfs()) == 0 {
		return val{}, r.errorf("an if has no branch")
	}
	ifs := m.GetIfs()
	equals := func(e *pb.Expression) (expr.Expr, error) { return r.condition(e, s) }
	if ifs[0].GetThen() == nil && ifs[0].GetIf() != nil && len(ifs) > 1 {
		// DataFusion's form of CASE x WHEN y: x stands alone in front.
		match, err := r.expr(ifs[0].GetIf(), s)
		if err != nil {
			return val{}, err
		}
		ifs, equals = ifs[1:], func(e *pb.Expression) (expr.Expr, error) {
			v, err := r.expr(e, s)
			if err != nil {
				return nil, err
			}
			eq, err := r.call(expr.OpEq, match, v)
			return eq.Expr, err
		}
	}
	var conds []expr.Expr
	var results []val
	for _, c := range ifs {
		cond, err := equals(c.GetIf())
		if err != nil {
			return val{}, err
		}
		v, err := r.expr(c.GetThen(), s)
		if err != nil {
			return val{}, err
		}
		conds, results = append(conds, cond), append(results, v)
	}
	return r.cases(conds, results, m.GetElse(), s)
}

func (r *reader) switchCase(m *pb.Expression_SwitchExpression, s *scope) (val, error) {
	if len(m.GetIfs()) == 0 {
		return val{}, r.errorf("a switch has no branch")
	}
	match, err := r.expr(m.GetMatch(), s)
	if err != nil {
		return val{}, err
	}
	var conds []expr.Expr
	var results []val
	for _, c := range m.GetIfs() {
		l, err := r.literal(c.GetIf())
		if err != nil {
			return val{}, err
		}
		eq, err := r.call(expr.OpEq, match, l)
		if err != nil {
			return val{}, err
		}
		v, err := r.expr(c.GetThen(), s)
		if err != nil {
			return val{}, err
		}
		conds, results = append(conds, eq.Expr), append(results, v)
	}
	return r.cases(conds, results, m.GetElse(), s)
}

// cases makes a CASE whose branches are of one type.
func (r *reader) cases(conds []expr.Expr, results []val, els *pb.Expression, s *scope) (val, error) {
	if els != nil {
		v, err := r.expr(els, s)
		if err != nil {
			return val{}, err
		}
		results = append(results, v)
	}
	results, err := r.unify("CASE", results)
	if err != nil {
		return val{}, err
	}
	out := &expr.Case{Typ: results[0].Type()}
	for i, c := range conds {
		out.Whens = append(out.Whens, expr.When{Cond: c, Result: results[i].Expr})
	}
	if els != nil {
		out.Else = results[len(results)-1].Expr
	}
	return val{Expr: out, tiny: results[0].tiny}, nil
}

// unify casts values to the type that they have in common.
func (r *reader) unify(what string, list []val) ([]val, error) {
	types, tiny := make([]expr.Type, len(list)), true
	for i, v := range list {
		types[i] = v.Type()
		tiny = tiny && v.tiny
	}
	t, err := expr.CommonType(what, types...)
	if err != nil {
		return nil, r.wrap(err)
	}
	out := make([]val, len(list))
	for i, v := range list {
		if out[i], err = r.to(v, kept{Type: t, tiny: tiny}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// inList reads x IN (…): constants become a list, anything else an OR.
func (r *reader) inList(m *pb.Expression_SingularOrList, s *scope) (val, error) {
	v, err := r.expr(m.GetValue(), s)
	if err != nil {
		return val{}, err
	}
	list, err := r.exprs(m.GetOptions(), s)
	if err != nil {
		return val{}, err
	}
	if len(list) == 0 {
		return val{Expr: expr.False()}, nil
	}
	all, err := r.unify("IN", append([]val{v}, list...))
	if err != nil {
		return val{}, err
	}
	out := &expr.InList{Arg: all[0].Expr}
	for _, item := range all[1:] {
		f, err := eval.Fold(item.Expr)
		if err != nil {
			return val{}, r.wrap(err)
		}
		l, ok := f.(*expr.Literal)
		if !ok {
			return r.anyEqual(v, list)
		}
		out.List = append(out.List, l.Value)
	}
	return val{Expr: out}, nil
}

func (r *reader) anyEqual(v val, list []val) (val, error) {
	var any []val
	for _, item := range list {
		eq, err := r.call(expr.OpEq, v, item)
		if err != nil {
			return val{}, err
		}
		any = append(any, eq)
	}
	return r.either(expr.OpOr, any)
}

// either is a chain of OR or AND, or what is in it alone.
func (r *reader) either(op string, list []val) (val, error) {
	if len(list) == 1 {
		return list[0], nil
	}
	return r.call(op, list...)
}

// inRows reads (x, y) IN ((…), …).
func (r *reader) inRows(m *pb.Expression_MultiOrList, s *scope) (val, error) {
	values, err := r.exprs(m.GetValue(), s)
	if err != nil {
		return val{}, err
	}
	if len(values) == 0 {
		return val{}, r.errorf("no value is looked for")
	}
	var any []val
	for i, o := range m.GetOptions() {
		fields, err := r.exprs(o.GetFields(), s)
		if err != nil {
			return val{}, err
		}
		if len(fields) != len(values) {
			return val{}, r.errorf("option %d has %d values instead of %d", i, len(fields), len(values))
		}
		var all []val
		for j, v := range values {
			eq, err := r.call(expr.OpEq, v, fields[j])
			if err != nil {
				return val{}, err
			}
			all = append(all, eq)
		}
		row, err := r.either(expr.OpAnd, all)
		if err != nil {
			return val{}, err
		}
		any = append(any, row)
	}
	if len(any) == 0 {
		return val{Expr: expr.False()}, nil
	}
	return r.either(expr.OpOr, any)
}

func (r *reader) castExpr(m *pb.Expression_Cast, s *scope) (val, error) {
	t, err := r.typ(m.GetType())
	if err != nil {
		return val{}, err
	}
	v, err := r.expr(m.GetInput(), s)
	if err != nil {
		return val{}, err
	}
	from := v.Type()
	if !expr.CanCast(from, t.Type, expr.Explicit) {
		return val{}, r.errorf("type %s cannot be cast to %s", from, t.Type)
	}
	switch m.GetFailureBehavior() {
	case pb.Expression_Cast_FAILURE_BEHAVIOR_UNSPECIFIED, pb.Expression_Cast_FAILURE_BEHAVIOR_THROW_EXCEPTION:
	case pb.Expression_Cast_FAILURE_BEHAVIOR_RETURN_NULL:
		return r.tryTo(v, t)
	default:
		return val{}, r.errorf("the failure behavior of a cast is not known")
	}
	return r.to(v, t)
}

// tryTo is to, with NULL for what does not fit.
func (r *reader) tryTo(v val, t kept) (val, error) {
	if !expr.CastCanFail(v.Type(), t.Type) && (v.tiny || !t.tiny) && !t.unsigned {
		return r.to(v, t)
	}
	out := val{Expr: v.Expr, tiny: t.tiny}
	if !v.Type().Equal(t.Type) {
		out.Expr = &expr.Cast{Arg: v.Expr, To: t.Type, Try: true}
	}
	var least, most expr.Expr
	switch {
	case t.tiny && !v.tiny:
		least, most = expr.NewLiteral(expr.Int(math.MinInt8), t.Type), expr.NewLiteral(expr.Int(math.MaxInt8), t.Type)
	case t.unsigned:
		least, most = zero(t.Type), mostUnsigned(t.Type)
	default:
		return out, nil
	}
	inside := expr.And(expr.Compare(expr.OpGe, out.Expr, least), expr.Compare(expr.OpLe, out.Expr, most))
	out.Expr = when(expr.NullOf(t.Type), inside, out.Expr)
	return out, nil
}

// to makes v a value of a type, explicitly: what does not fit is an error.
func (r *reader) to(v val, t kept) (val, error) {
	from := v.Type()
	out := val{Expr: v.Expr, tiny: t.tiny && t.Kind == expr.Int2}
	switch {
	case from.Equal(t.Type):
	case from.Kind == expr.Text && t.Kind == expr.Text && t.Length == 0, sameParts(from, t.Type) && from.IsNested():
	case !expr.CanCast(from, t.Type, expr.Explicit):
		return val{}, r.errorf("a value of type %s stands for one of type %s", from, t.Type)
	default:
		out.Expr = cast(v.Expr, t.Type)
	}
	if out.tiny && !v.tiny {
		out.Expr = within(out.Expr, -128, 127, "tinyint out of range")
	}
	if t.unsigned {
		out.Expr = natural(out.Expr)
	}
	return out, nil
}

// natural is e, or an error when it is no integer without sign of its type.
func natural(e expr.Expr) expr.Expr {
	switch e := e.(type) {
	case *expr.Column:
		return e // of a table, or checked
	case *expr.Literal:
		if e.Value.Null {
			return e
		}
	}
	t := e.Type()
	in := expr.And(expr.Compare(expr.OpGe, e, zero(t)), expr.Compare(expr.OpLe, e, mostUnsigned(t)))
	is := &expr.Call{Name: expr.OpIsNotFalse, Args: []expr.Expr{in}, Typ: expr.Of(expr.Bool)}
	return failing(is, sqlerr.NumericValueOutOfRange, "unsigned integer out of range", e)
}

// cast casts, constants at once where that succeeds.
func cast(e expr.Expr, to expr.Type) expr.Expr {
	c := &expr.Cast{Arg: e, To: to}
	if l, ok := e.(*expr.Literal); ok {
		if l.Value.Null {
			return expr.NullOf(to)
		}
		if v, err := eval.Constant(c); err == nil {
			return expr.NewLiteral(v, to)
		}
	}
	return c
}

// within is e, or an error when it is not between two bounds.
func within(e expr.Expr, least, most int64, message string) expr.Expr {
	t := e.Type()
	if l, ok := e.(*expr.Literal); ok && (l.Value.Null || l.Value.I >= least && l.Value.I <= most) {
		return e
	}
	bool := expr.Of(expr.Bool)
	in := expr.And(expr.Compare(expr.OpGe, e, expr.NewLiteral(expr.Int(least), t)), expr.Compare(expr.OpLe, e, expr.NewLiteral(expr.Int(most), t)))
	text := func(s string) expr.Expr { return expr.NewLiteral(expr.Str(s), expr.Of(expr.Text)) }
	check := &expr.Call{Name: expr.FnErrorIfNot, Args: []expr.Expr{in, text(string(sqlerr.NumericValueOutOfRange)), text(message)}, Typ: bool}
	return &expr.Case{Whens: []expr.When{
		{Cond: &expr.Call{Name: expr.OpIsNull, Args: []expr.Expr{e}, Typ: bool}, Result: expr.NullOf(t)},
		{Cond: check, Result: e}}, Typ: t}
}
