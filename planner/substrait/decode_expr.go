package substrait

import (
	"math"
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"
	"github.com/substrait-io/substrait-protobuf/go/substraitpb/extensions"
	"google.golang.org/protobuf/proto"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// reader reads the expressions of one relation; see writer.
type reader struct {
	*decoder
	about
	notes    noteReader
	in       output       // of relations with one input
	fields   []expr.Field // the columns that the expressions count in
	detached bool
}

// over is a reader of the expressions of the relation that a is about.
func (d *decoder) over(a about, fields []expr.Field) (*reader, error) {
	notes := new(detail.Notes)
	if _, err := d.optimization(a.advanced, notes); err != nil {
		return nil, err
	}
	return &reader{decoder: d, about: a, fields: fields, notes: noteReader{notes: notes}}, nil
}

// single reads what all relations with one input and no output mapping have.
func (d *decoder) single(c *pb.RelCommon, x *extensions.AdvancedExtension, in *pb.Rel, own proto.Message) (*reader, error) {
	return d.singleEmit(c, x, in, own, false)
}

func (d *decoder) singleEmit(c *pb.RelCommon, x *extensions.AdvancedExtension, in *pb.Rel, own proto.Message, emits bool) (*reader, error) {
	none := &reader{decoder: d}
	if err := d.plain(x); err != nil {
		return none, err
	}
	a, err := d.about(c, emits, own)
	if err != nil {
		return none, err
	}
	input, err := d.input(in, "")
	if err != nil {
		return none, err
	}
	r, err := d.over(a, input.fields)
	if err != nil {
		return none, err
	}
	r.in = input
	return r, nil
}

func (r *reader) exprs(xs []*pb.Expression) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(xs))
	for i, x := range xs {
		var err error
		if out[i], err = r.expr(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// expr reads an expression.
func (r *reader) expr(x *pb.Expression) (expr.Expr, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	switch k := x.GetRexType().(type) {
	case *pb.Expression_Selection:
		return r.selection(k.Selection)
	case *pb.Expression_Literal_:
		span := r.notes.place()
		t, err := r.literalType(k.Literal)
		if err != nil {
			return nil, err
		}
		v, err := r.value(k.Literal, t)
		return &expr.Literal{Value: v, Typ: t, Span: span}, err
	case *pb.Expression_DynamicParameter:
		p := k.DynamicParameter
		out := &expr.Param{Number: int(p.GetParameterReference()), Span: r.notes.place()}
		if out.Number < 1 || out.Number > math.MaxInt32 {
			return nil, r.errorf("parameter number %d", out.Number)
		}
		var err error
		out.Typ, _, err = r.typ(p.GetType())
		return out, err
	case *pb.Expression_ScalarFunction_:
		return r.scalar(k.ScalarFunction)
	case *pb.Expression_Cast_:
		return r.cast(k.Cast)
	case *pb.Expression_IfThen_:
		return r.ifThen(k.IfThen)
	case *pb.Expression_SingularOrList_:
		return r.inList(k.SingularOrList, false)
	case nil:
		return nil, r.errorf("an expression is missing")
	default:
		return nil, r.errorf("an expression of case %s is not supported", oneofName(k))
	}
}

// selection reads a reference to a column of the input.
func (r *reader) selection(s *pb.Expression_FieldReference) (expr.Expr, error) {
	span := r.notes.place()
	field := s.GetDirectReference().GetStructField()
	i := int(field.GetField())
	switch {
	case r.detached:
		return nil, r.errorf("a field reference stands where the input's columns do not count")
	case field == nil || field.GetChild() != nil || (s.GetRootType() != nil && s.GetRootReference() == nil):
		return nil, r.errorf("a field reference is not to a column of the input")
	case i < 0 || i >= len(r.fields):
		return nil, r.errorf("field reference %d is out of range: the input has %d columns", i, len(r.fields))
	}
	return r.column(expr.ColumnID(i), r.fields[i], span)
}

// column is a column as the input says and the notes say otherwise.
func (r *reader) column(id expr.ColumnID, f expr.Field, span sqlerr.Span) (*expr.Column, error) {
	out := &expr.Column{ID: id, Typ: f.Type, Nullable: f.Nullable, Name: f.Name, Span: span}
	note := r.notes.column()
	if note == nil {
		return out, nil
	}
	if note.Name != nil {
		out.Name = note.GetName()
	}
	if note.Nullable != nil {
		out.Nullable = note.GetNullable()
	}
	if note.Type != nil {
		t, _, err := r.typ(note.Type)
		if err != nil {
			return nil, err
		}
		if !compatible(t, out.Typ) {
			return nil, r.errorf("field reference %d has type %s, but the input gives %s", id, t, out.Typ)
		}
		out.Typ = t
	}
	return out, nil
}

// keys reads fields to hash or compare.
func (r *reader) keys(refs []*pb.Expression_FieldReference, computed bool) ([]expr.Expr, error) {
	out := make([]expr.Expr, len(refs))
	for i, ref := range refs {
		x := &pb.Expression{RexType: &pb.Expression_Selection{Selection: ref}}
		if root := ref.GetExpression(); root != nil && ref.GetReferenceType() == nil {
			if !computed {
				return nil, r.errorf("key %d is computed, and the relation does not say so", i)
			}
			x = root
		}
		var err error
		if out[i], err = r.expr(x); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *reader) cast(c *pb.Expression_Cast) (expr.Expr, error) {
	out := &expr.Cast{Span: r.notes.place()}
	switch c.GetFailureBehavior() {
	case pb.Expression_Cast_FAILURE_BEHAVIOR_THROW_EXCEPTION:
	case pb.Expression_Cast_FAILURE_BEHAVIOR_RETURN_NULL:
		out.Try = true
	default:
		return nil, r.errorf("a cast with %s is not supported", c.GetFailureBehavior())
	}
	var err error
	if out.To, _, err = r.typ(c.GetType()); err != nil {
		return nil, err
	}
	out.Arg, err = r.expr(c.GetInput())
	return out, err
}

func (r *reader) ifThen(c *pb.Expression_IfThen) (expr.Expr, error) {
	out := &expr.Case{Span: r.notes.place()}
	for _, clause := range c.GetIfs() {
		cond, err := r.condition(clause.GetIf())
		if err != nil {
			return nil, err
		}
		result, err := r.expr(clause.GetThen())
		if err != nil {
			return nil, err
		}
		out.Whens = append(out.Whens, expr.When{Cond: cond, Result: result})
	}
	if len(out.Whens) == 0 {
		return nil, r.errorf("an if_then has no branches")
	}
	if c.GetElse() != nil {
		var err error
		if out.Else, err = r.expr(c.GetElse()); err != nil {
			return nil, err
		}
	}
	out.Typ = out.Whens[0].Result.Type()
	results := []expr.Expr{out.Else}
	for _, w := range out.Whens {
		results = append(results, w.Result)
	}
	for _, x := range results {
		if x != nil && !x.Type().Equal(out.Typ) {
			return nil, r.errorf("branches of an if_then have the types %s and %s", out.Typ, x.Type())
		}
	}
	return out, nil
}

func (r *reader) inList(l *pb.Expression_SingularOrList, negated bool) (expr.Expr, error) {
	out := &expr.InList{Negated: negated, Span: r.notes.place()}
	var err error
	if out.Arg, err = r.expr(l.GetValue()); err != nil {
		return nil, err
	}
	for _, o := range l.GetOptions() {
		if o.GetLiteral() == nil {
			return nil, r.errorf("a list of options holds what is no literal")
		}
		v, err := r.value(o.GetLiteral(), out.Arg.Type())
		if err != nil {
			return nil, err
		}
		out.List = append(out.List, v)
	}
	return out, nil
}

// condition reads an expression that is true, false or NULL.
func (r *reader) condition(x *pb.Expression) (expr.Expr, error) {
	out, err := r.expr(x)
	if err == nil && out.Type().Kind != expr.Bool && out.Type().Kind != expr.Unknown {
		err = r.errorf("a condition has type %s", out.Type())
	}
	return out, err
}

// conjunction reads what writer.conjunction writes.
func (r *reader) conjunction(x *pb.Expression) ([]expr.Expr, error) {
	if l, ok := x.GetLiteral().GetLiteralType().(*pb.Expression_Literal_Boolean); ok && l.Boolean {
		return nil, nil
	}
	conds := []*pb.Expression{x}
	if f := x.GetScalarFunction(); f != nil {
		e := r.declared[anchorOf{functionEntity, f.GetFunctionReference()}]
		if e.urn == urnBoolean && e.name == conjunction && len(f.GetOptions()) == 0 {
			conds = nil
			for _, a := range f.GetArguments() {
				conds = append(conds, a.GetValue())
			}
		}
	}
	out := make([]expr.Expr, len(conds))
	for i, c := range conds {
		var err error
		if out[i], err = r.condition(c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *reader) sorts(fields []*pb.SortField) ([]expr.SortKey, error) {
	var out []expr.SortKey
	for _, f := range fields {
		x, err := r.expr(f.GetExpr())
		if err != nil {
			return nil, err
		}
		key := expr.SortKey{Expr: x}
		known := false
		for o, direction := range directions {
			if direction == f.GetDirection() {
				key.Desc, key.NullsFirst, known = o.desc, o.nullsFirst, true
			}
		}
		if !known {
			return nil, r.errorf("sort direction %s is not supported", f.GetDirection())
		}
		out = append(out, key)
	}
	return out, nil
}

// scalar reads a call, or one of the forms that are written as one.
func (r *reader) scalar(f *pb.Expression_ScalarFunction) (expr.Expr, error) {
	e, ok := r.declared[anchorOf{functionEntity, f.GetFunctionReference()}]
	if !ok {
		return nil, r.errorf("function anchor %d is not declared", f.GetFunctionReference())
	}
	t, nullable, err := r.typ(f.GetOutputType())
	if err != nil {
		return nil, err
	}
	args := make([]*pb.Expression, len(f.GetArguments()))
	for i, a := range f.GetArguments() {
		if args[i] = a.GetValue(); args[i] == nil {
			return nil, r.errorf("function %s: argument %d is no value", e.name, i)
		}
	}
	if e.urn == urnForm {
		return r.form(e.name, expr.Field{Type: t, Nullable: nullable}, args)
	}
	if e.urn == urnBoolean && e.name == notIn && len(args) == 1 && args[0].GetSingularOrList() != nil {
		return r.inList(args[0].GetSingularOrList(), true)
	}
	out := &expr.Call{Typ: t, Span: r.notes.place()}
	if out.Args, err = r.exprs(args); err != nil {
		return nil, err
	}
	out.Name = standardName(e.urn, e.name)
	if e.urn == urnOwn {
		out.Name = ownName(e.name)
	}
	least, most := arity(out.Name)
	if out.Name == "" || len(out.Args) < least || (most >= 0 && len(out.Args) > most) {
		return nil, r.errorf("function %s of %s is not known for %d arguments", e.name, e.urn, len(out.Args))
	}
	return out, r.same(scalarFunction(out), e, f.GetOptions())
}

// ownName is the name without the signature.
func ownName(compound string) string {
	if i := strings.LastIndexByte(compound, ':'); i >= 0 {
		return compound[:i]
	}
	return ""
}

// same refuses a function that the call would not be written as: its types or
// its options ask for something else than the engine does.
func (r *reader) same(want function, e entity, options []*pb.FunctionOption) error {
	got := function{urn: e.urn, name: e.name}
	for _, o := range options {
		got.options = append(got.options, option{o.GetName(), strings.Join(o.GetPreference(), ",")})
	}
	if !got.equal(want) {
		return r.errorf("function %s of %s with options %v is not what the engine does: it has %s of %s with options %v",
			got.name, got.urn, got.options, want.name, want.urn, want.options)
	}
	return nil
}

// form reads what Substrait has no message for; see urnForm.
func (r *reader) form(name string, t expr.Field, args []*pb.Expression) (expr.Expr, error) {
	switch {
	case name == formLiteral && len(args) == 1 && args[0].GetLiteral() != nil:
		span := r.notes.place()
		v, err := r.value(args[0].GetLiteral(), t.Type)
		return &expr.Literal{Value: v, Typ: t.Type, Span: span}, err
	case name == formColumn && len(args) == 1 && r.detached:
		span := r.notes.place()
		l, ok := args[0].GetLiteral().GetLiteralType().(*pb.Expression_Literal_I32)
		if !ok || l.I32 < 0 {
			return nil, r.errorf("a detached column has no ordinal")
		}
		return r.column(expr.ColumnID(l.I32), t, span)
	case name == formCase:
		out := &expr.Case{Typ: t.Type, Span: r.notes.place()}
		all, err := r.exprs(args)
		if err != nil {
			return nil, err
		}
		for i := 0; i+1 < len(all); i += 2 {
			out.Whens = append(out.Whens, expr.When{Cond: all[i], Result: all[i+1]})
		}
		if len(all)%2 == 1 {
			out.Else = all[len(all)-1]
		}
		return out, nil
	}
	return nil, r.errorf("form %q of %d arguments is not known", name, len(args))
}
