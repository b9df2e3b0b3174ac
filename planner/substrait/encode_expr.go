package substrait

import (
	"math"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
)

// writer writes the expressions of one relation.
type writer struct {
	*encoder
	notes  noteWriter
	fields []expr.Field // the columns that the expressions count in
	// detached: the columns are those of another relation, and say themselves what
	// they are.
	detached bool
}

func (e *encoder) over(fields []expr.Field) *writer { return &writer{encoder: e, fields: fields} }

// expr is x in Substrait.
func (w *writer) expr(x expr.Expr) *pb.Expression {
	if !w.enter() {
		return nil
	}
	defer w.leave()
	if x == nil {
		w.errorf("an expression is missing")
		return nil
	}
	w.notes.place(x.Place())
	switch x := x.(type) {
	case *expr.Column:
		if w.detached {
			return w.form(formColumn, x.Typ, x.Nullable, w.detachedColumn(x))
		}
		return &pb.Expression{RexType: &pb.Expression_Selection{Selection: w.column(x)}}
	case *expr.Literal:
		lit := &pb.Expression{RexType: &pb.Expression_Literal_{Literal: w.literal(x.Value, x.Typ)}}
		if !selfTyped(x.Value, x.Typ) {
			return w.form(formLiteral, x.Typ, true, lit)
		}
		return lit
	case *expr.Param:
		if x.Number < 1 || x.Number > math.MaxInt32 {
			w.errorf("parameter number %d", x.Number)
		}
		return &pb.Expression{RexType: &pb.Expression_DynamicParameter{DynamicParameter: &pb.DynamicParameter{
			Type: w.typ(x.Typ, true), ParameterReference: uint32(x.Number)}}}
	case *expr.Call:
		return w.call(x)
	case *expr.Cast:
		return &pb.Expression{RexType: &pb.Expression_Cast_{Cast: &pb.Expression_Cast{
			Type: w.typ(x.To, true), Input: w.expr(x.Arg), FailureBehavior: onFailure(x)}}}
	case *expr.Case:
		return w.caseWhen(x)
	case *expr.InList:
		return w.inList(x)
	}
	w.errorf("an expression of type %T is not known", x)
	return nil
}

func onFailure(x *expr.Cast) pb.Expression_Cast_FailureBehavior {
	if x.Try {
		return pb.Expression_Cast_FAILURE_BEHAVIOR_RETURN_NULL
	}
	return pb.Expression_Cast_FAILURE_BEHAVIOR_THROW_EXCEPTION
}

func (w *writer) exprs(xs []expr.Expr) []*pb.Expression {
	out := make([]*pb.Expression, len(xs))
	for i, x := range xs {
		out[i] = w.expr(x)
	}
	return out
}

// column refers to a column of the input. What it says of itself must be what
// the input says, or the plan was put together wrongly.
func (w *writer) column(x *expr.Column) *pb.Expression_FieldReference {
	if x.ID < 0 || int(x.ID) >= len(w.fields) {
		w.errorf("column %s has ordinal %d of %d", x, x.ID, len(w.fields))
		return nil
	}
	f := w.fields[x.ID]
	if !compatible(x.Typ, f.Type) {
		w.errorf("column %s has type %s, but its input gives %s", x, x.Typ, f.Type)
		return nil
	}
	w.notes.column(x, f, w.typ)
	return &pb.Expression_FieldReference{
		ReferenceType: &pb.Expression_FieldReference_DirectReference{DirectReference: &pb.Expression_ReferenceSegment{
			ReferenceType: &pb.Expression_ReferenceSegment_StructField_{
				StructField: &pb.Expression_ReferenceSegment_StructField{Field: int32(x.ID)}}}},
		RootType: &pb.Expression_FieldReference_RootReference_{RootReference: &pb.Expression_FieldReference_RootReference{}},
	}
}

func (w *writer) detachedColumn(x *expr.Column) *pb.Expression {
	w.notes.column(x, expr.Field{Type: x.Typ, Nullable: x.Nullable}, w.typ)
	return &pb.Expression{RexType: &pb.Expression_Literal_{Literal: w.literal(expr.Int(int64(x.ID)), expr.Of(expr.Int4))}}
}

// keys are fields to hash or compare. One that is no column is a reference rooted
// in an expression; computed says that there is such a one.
func (w *writer) keys(xs []expr.Expr) (out []*pb.Expression_FieldReference, computed bool) {
	out = make([]*pb.Expression_FieldReference, len(xs))
	for i, x := range xs {
		p := w.expr(x)
		if ref := p.GetSelection(); ref != nil {
			out[i] = ref
			continue
		}
		computed = true
		out[i] = &pb.Expression_FieldReference{RootType: &pb.Expression_FieldReference_Expression{Expression: p}}
	}
	return out, computed
}

func (w *writer) call(x *expr.Call) *pb.Expression {
	if least, most := arity(x.Name); x.Name == "" || len(x.Args) < least || (most >= 0 && len(x.Args) > most) {
		w.errorf("function %q has %d arguments", x.Name, len(x.Args))
		return nil
	}
	args := w.exprs(x.Args)
	if w.err != nil {
		return nil
	}
	return w.scalar(scalarFunction(x), w.typ(x.Typ, true), args)
}

func (w *writer) form(name string, t expr.Type, nullable bool, args ...*pb.Expression) *pb.Expression {
	return w.scalar(function{urn: urnForm, name: name}, w.typ(t, nullable), args)
}

func (w *writer) scalar(f function, output *pb.Type, args []*pb.Expression) *pb.Expression {
	return &pb.Expression{RexType: &pb.Expression_ScalarFunction_{ScalarFunction: &pb.Expression_ScalarFunction{
		FunctionReference: w.anchor(entity{functionEntity, f.urn, f.name}),
		Arguments:         arguments(args), Options: f.protoOptions(), OutputType: output}}}
}

func arguments(args []*pb.Expression) []*pb.FunctionArgument {
	out := make([]*pb.FunctionArgument, len(args))
	for i, a := range args {
		out[i] = &pb.FunctionArgument{ArgType: &pb.FunctionArgument_Value{Value: a}}
	}
	return out
}

// caseWhen is an IfThen where its results say its type, else a form.
func (w *writer) caseWhen(x *expr.Case) *pb.Expression {
	args := w.exprs(expr.Children(x))
	if w.err != nil {
		return nil
	}
	typed := len(x.Whens) > 0 && (x.Else == nil || x.Else.Type().Equal(x.Typ))
	for _, when := range x.Whens {
		typed = typed && when.Result.Type().Equal(x.Typ)
	}
	if !typed {
		return w.form(formCase, x.Typ, true, args...)
	}
	out := &pb.Expression_IfThen{Ifs: make([]*pb.Expression_IfThen_IfClause, len(x.Whens))}
	for i := range x.Whens {
		out.Ifs[i] = &pb.Expression_IfThen_IfClause{If: args[2*i], Then: args[2*i+1]}
	}
	if x.Else != nil {
		out.Else = args[len(args)-1]
	}
	return &pb.Expression{RexType: &pb.Expression_IfThen_{IfThen: out}}
}

// inList is a SingularOrList, NOT IN the standard `not` around one. A `not` call
// over an InList is our own `not`, so that the two stay apart; see boolRule.
func (w *writer) inList(x *expr.InList) *pb.Expression {
	list := &pb.Expression_SingularOrList{Value: w.expr(x.Arg)}
	if w.err != nil {
		return nil
	}
	for _, v := range x.List {
		list.Options = append(list.Options, &pb.Expression{RexType: &pb.Expression_Literal_{Literal: w.literal(v, x.Arg.Type())}})
	}
	out := &pb.Expression{RexType: &pb.Expression_SingularOrList_{SingularOrList: list}}
	if x.Negated {
		return w.scalar(function{urn: urnBoolean, name: notIn}, w.typ(expr.Of(expr.Bool), true), []*pb.Expression{out})
	}
	return out
}

// notIn is the compound name of the standard's negation.
const notIn = "not:bool"

// conjunction joins conditions that run in order by the standard `and`; one alone
// stands for itself, unless a reader would take it apart.
func (w *writer) conjunction(conds []expr.Expr) *pb.Expression {
	if len(conds) == 1 {
		call, isCall := conds[0].(*expr.Call)
		lit, isLit := conds[0].(*expr.Literal)
		if !(isCall && call.Name == expr.OpAnd) && !(isLit && isTrue(lit)) {
			return w.expr(conds[0])
		}
	}
	if len(conds) == 0 {
		return &pb.Expression{RexType: &pb.Expression_Literal_{Literal: w.literal(expr.BoolValue(true), expr.Of(expr.Bool))}}
	}
	args := w.exprs(conds)
	return w.scalar(function{urn: urnBoolean, name: conjunction}, w.typ(expr.Of(expr.Bool), true), args)
}

// conjunction is the compound name of the standard's AND.
const conjunction = "and:bool"

func isTrue(l *expr.Literal) bool {
	return l.Typ.Kind == expr.Bool && l.Value.True()
}

// sorts are the keys of an order.
func (w *writer) sorts(keys []expr.SortKey) []*pb.SortField {
	var out []*pb.SortField
	for _, k := range keys {
		out = append(out, &pb.SortField{Expr: w.expr(k.Expr),
			SortKind: &pb.SortField_Direction{Direction: directions[orderOf{k.Desc, k.NullsFirst}]}})
	}
	return out
}

// orderOf is the direction of a sort key.
type orderOf struct{ desc, nullsFirst bool }

var directions = map[orderOf]pb.SortField_SortDirection{
	{false, true}:  pb.SortField_SORT_DIRECTION_ASC_NULLS_FIRST,
	{false, false}: pb.SortField_SORT_DIRECTION_ASC_NULLS_LAST,
	{true, true}:   pb.SortField_SORT_DIRECTION_DESC_NULLS_FIRST,
	{true, false}:  pb.SortField_SORT_DIRECTION_DESC_NULLS_LAST,
}
