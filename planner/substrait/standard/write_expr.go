package standard

import (
	"fmt"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

func fieldRef(i int) *pb.Expression {
	return selection(&pb.Expression_FieldReference{
		RootType:      &pb.Expression_FieldReference_RootReference_{RootReference: &pb.Expression_FieldReference_RootReference{}},
		ReferenceType: &pb.Expression_FieldReference_DirectReference{DirectReference: structField(i, nil)}})
}

func structField(i int, child *pb.Expression_ReferenceSegment) *pb.Expression_ReferenceSegment {
	return &pb.Expression_ReferenceSegment{ReferenceType: &pb.Expression_ReferenceSegment_StructField_{
		StructField: &pb.Expression_ReferenceSegment_StructField{Field: int32(i), Child: child}}}
}

func selection(f *pb.Expression_FieldReference) *pb.Expression {
	return &pb.Expression{RexType: &pb.Expression_Selection{Selection: f}}
}

// expr writes an expression over the columns of a relation's input.
func (w *writer) expr(e expr.Expr, cols []logical.Column) (*pb.Expression, error) {
	switch e := e.(type) {
	case *expr.Column:
		for i, c := range cols {
			if c.ID == e.ID {
				return fieldRef(i), nil
			}
		}
		return nil, fmt.Errorf("column %d is not delivered", e.ID)
	case *expr.Literal:
		l, err := w.literal(e.Value, e.Typ)
		return &pb.Expression{RexType: &pb.Expression_Literal_{Literal: l}}, err
	case *expr.Param:
		t, err := w.typ(e.Typ, true)
		return &pb.Expression{RexType: &pb.Expression_DynamicParameter{
			DynamicParameter: &pb.DynamicParameter{Type: t, ParameterReference: uint32(e.Number - 1)}}}, err
	case *expr.Cast:
		arg, err := w.expr(e.Arg, cols)
		if err != nil {
			return nil, err
		}
		out, err := w.castTo(arg, e.To)
		if err == nil && e.Try {
			out.GetCast().FailureBehavior = pb.Expression_Cast_FAILURE_BEHAVIOR_RETURN_NULL
		}
		return out, err
	case *expr.Case:
		return w.cases(e, cols)
	case *expr.InList:
		return w.inList(e, cols)
	case *expr.Call:
		return w.call(e, cols)
	}
	return nil, unwritten("an expression of type %T cannot be said", e)
}

func (w *writer) castTo(arg *pb.Expression, to expr.Type) (*pb.Expression, error) {
	t, err := w.typ(to, true)
	return &pb.Expression{RexType: &pb.Expression_Cast_{Cast: &pb.Expression_Cast{Type: t, Input: arg,
		FailureBehavior: pb.Expression_Cast_FAILURE_BEHAVIOR_THROW_EXCEPTION}}}, err
}

func (w *writer) cases(e *expr.Case, cols []logical.Column) (*pb.Expression, error) {
	out := &pb.Expression_IfThen{}
	for _, when := range e.Whens {
		cond, err := w.expr(when.Cond, cols)
		if err != nil {
			return nil, err
		}
		then, err := w.expr(when.Result, cols)
		if err != nil {
			return nil, err
		}
		out.Ifs = append(out.Ifs, &pb.Expression_IfThen_IfClause{If: cond, Then: then})
	}
	els := e.Else
	if els == nil {
		els = expr.NullOf(e.Typ)
	}
	var err error
	out.Else, err = w.expr(els, cols)
	return &pb.Expression{RexType: &pb.Expression_IfThen_{IfThen: out}}, err
}

func (w *writer) inList(e *expr.InList, cols []logical.Column) (*pb.Expression, error) {
	v, err := w.expr(e.Arg, cols)
	if err != nil {
		return nil, err
	}
	out := &pb.Expression_SingularOrList{Value: v}
	for _, item := range e.List {
		l, err := w.literal(item, e.Arg.Type())
		if err != nil {
			return nil, err
		}
		c, isColumn := e.Arg.(*expr.Column)
		l.Nullable = l.Nullable || !isColumn || c.Nullable // as what they are compared with
		out.Options = append(out.Options, &pb.Expression{RexType: &pb.Expression_Literal_{Literal: l}})
	}
	in := &pb.Expression{RexType: &pb.Expression_SingularOrList_{SingularOrList: out}}
	if !e.Negated {
		return in, nil
	}
	return w.apply(setBoolean, "not:bool", nil, expr.Of(expr.Bool), in)
}

// apply is a call of a function of the standard, or of ours, with options in pairs.
func (w *writer) apply(set, name string, options []string, out expr.Type, args ...*pb.Expression) (*pb.Expression, error) {
	t, err := w.typ(out, true)
	f := &pb.Expression_ScalarFunction{FunctionReference: w.function(set, name), OutputType: t, Options: protoOptions(options)}
	for _, a := range args {
		f.Arguments = append(f.Arguments, value(a))
	}
	return &pb.Expression{RexType: &pb.Expression_ScalarFunction_{ScalarFunction: f}}, err
}

func value(e *pb.Expression) *pb.FunctionArgument {
	return &pb.FunctionArgument{ArgType: &pb.FunctionArgument_Value{Value: e}}
}

func protoOptions(options []string) []*pb.FunctionOption {
	var out []*pb.FunctionOption
	for i := 0; i+1 < len(options); i += 2 {
		out = append(out, &pb.FunctionOption{Name: options[i], Preference: []string{options[i+1]}})
	}
	return out
}

// call writes a function or operator: as one of the standard's where one means the
// same, else under our own URN.
func (w *writer) call(e *expr.Call, cols []logical.Column) (*pb.Expression, error) {
	args := make([]*pb.Expression, len(e.Args))
	types := make([]expr.Type, len(e.Args))
	for i, a := range e.Args {
		var err error
		if args[i], err = w.expr(a, cols); err != nil {
			return nil, err
		}
		types[i] = a.Type()
	}
	switch e.Name {
	case expr.FnField:
		return w.part(e, args[0])
	case expr.FnList, expr.FnStruct, expr.FnMap:
		return nested(e.Name, args), nil
	case expr.FnExtract:
		if out, err := w.extract(e, types[1], args[1]); out != nil || err != nil {
			return out, err
		}
	case expr.OpNotLike, expr.OpNotILike:
		like := &expr.Call{Name: expr.OpLike, Args: e.Args, Typ: e.Typ}
		if e.Name == expr.OpNotILike {
			like.Name = expr.OpILike
		}
		inner, err := w.call(like, cols)
		if err != nil {
			return nil, err
		}
		return w.apply(setBoolean, "not:bool", nil, expr.Of(expr.Bool), inner)
	}
	if (e.Name == expr.OpAnd || e.Name == expr.OpOr) && len(args) > 2 {
		return w.balanced(e, args)
	}
	if s, ok := standardCalls[e.Name]; ok {
		if set, name, options, ok := s(e, types); ok {
			if (e.Name == expr.OpLike || e.Name == expr.OpILike) && len(args) == 3 {
				args = args[:2]
			}
			return w.apply(set, name, options, e.Typ, args...)
		}
	}
	return w.apply(setOwn, e.Name+":"+signature(types), nil, e.Typ, args...)
}

// balanced is AND or OR of two arguments at a time: the standard has any number of them, and
// some consumers two.
func (w *writer) balanced(e *expr.Call, args []*pb.Expression) (*pb.Expression, error) {
	if len(args) == 1 {
		return args[0], nil
	}
	l, err := w.balanced(e, args[:len(args)/2])
	if err != nil {
		return nil, err
	}
	r, err := w.balanced(e, args[len(args)/2:])
	if err != nil {
		return nil, err
	}
	return w.apply(setBoolean, e.Name+":bool", nil, e.Typ, l, r)
}

// part is a field of a struct.
func (w *writer) part(e *expr.Call, arg *pb.Expression) (*pb.Expression, error) {
	l, ok := e.Args[1].(*expr.Literal)
	if !ok {
		return nil, unwritten("a field whose number is not constant cannot be said")
	}
	return selection(&pb.Expression_FieldReference{
		RootType:      &pb.Expression_FieldReference_Expression{Expression: arg},
		ReferenceType: &pb.Expression_FieldReference_DirectReference{DirectReference: structField(int(l.Value.I), nil)}}), nil
}

// nested makes a nested value of its parts.
func nested(name string, args []*pb.Expression) *pb.Expression {
	n := &pb.Expression_Nested{Nullable: true}
	switch name {
	case expr.FnList:
		n.NestedType = &pb.Expression_Nested_List_{List: &pb.Expression_Nested_List{Values: args}}
	case expr.FnStruct:
		n.NestedType = &pb.Expression_Nested_Struct_{Struct: &pb.Expression_Nested_Struct{Fields: args}}
	default:
		m := &pb.Expression_Nested_Map{}
		for i := 0; i+1 < len(args); i += 2 {
			m.KeyValues = append(m.KeyValues, &pb.Expression_Nested_Map_KeyValue{Key: args[i], Value: args[i+1]})
		}
		n.NestedType = &pb.Expression_Nested_Map_{Map: m}
	}
	return &pb.Expression{RexType: &pb.Expression_Nested_{Nested: n}}
}

// extract is the standard's for components that are whole numbers, which it gives as
// such; nil for others.
func (w *writer) extract(e *expr.Call, of expr.Type, arg *pb.Expression) (*pb.Expression, error) {
	field, ok := e.Args[0].(*expr.Literal)
	if !ok || of.Kind != expr.Date && of.Kind != expr.Timestamp {
		return nil, nil
	}
	words := map[string]string{"year": "YEAR", "month": "MONTH", "day": "DAY", "isoyear": "ISO_YEAR", "quarter": "QUARTER"}
	indexed := field.Value.S == "month" || field.Value.S == "day" || field.Value.S == "quarter"
	word, ok := words[field.Value.S]
	if !ok {
		return nil, nil
	}
	t, err := w.typ(expr.Of(expr.Int8), true)
	if err != nil {
		return nil, err
	}
	f := &pb.Expression_ScalarFunction{OutputType: t}
	f.Arguments = append(f.Arguments, &pb.FunctionArgument{ArgType: &pb.FunctionArgument_Enum{Enum: word}})
	name := "extract:req_" + shortName(of)
	if indexed {
		name = "extract:req_req_" + shortName(of)
		f.Arguments = append(f.Arguments, &pb.FunctionArgument{ArgType: &pb.FunctionArgument_Enum{Enum: "ONE"}})
	}
	f.FunctionReference = w.function(setDatetime, name)
	f.Arguments = append(f.Arguments, value(arg))
	out := &pb.Expression{RexType: &pb.Expression_ScalarFunction_{ScalarFunction: f}}
	return w.castTo(out, e.Typ)
}

func (w *writer) measure(a expr.Aggregate, cols []logical.Column) (*pb.AggregateRel_Measure, error) {
	types := make([]expr.Type, len(a.Args))
	t, err := w.typ(a.Typ, true)
	if err != nil {
		return nil, err
	}
	f := &pb.AggregateFunction{OutputType: t, Phase: pb.AggregationPhase_AGGREGATION_PHASE_INITIAL_TO_RESULT,
		Invocation: pb.AggregateFunction_AGGREGATION_INVOCATION_ALL}
	if a.Distinct {
		f.Invocation = pb.AggregateFunction_AGGREGATION_INVOCATION_DISTINCT
	}
	for i, arg := range a.Args {
		e, err := w.expr(arg, cols)
		if err != nil {
			return nil, err
		}
		f.Arguments, types[i] = append(f.Arguments, value(e)), arg.Type()
	}
	set, name := standardAggregate(a.Func, types)
	f.FunctionReference = w.function(set, name)
	m := &pb.AggregateRel_Measure{Measure: f}
	if a.Filter != nil {
		if m.Filter, err = w.expr(a.Filter, cols); err != nil {
			return nil, err
		}
	}
	f.Sorts, err = w.sorts(a.Order, cols)
	return m, err
}
