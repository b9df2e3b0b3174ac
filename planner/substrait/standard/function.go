package standard

import (
	"strings"

	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// The extensions of the standard, by the names of their files.
const (
	setArithmetic      = "functions_arithmetic"
	setDecimal         = "functions_arithmetic_decimal"
	setBoolean         = "functions_boolean"
	setComparison      = "functions_comparison"
	setDatetime        = "functions_datetime"
	setLogarithmic     = "functions_logarithmic"
	setRounding        = "functions_rounding"
	setRoundingDecimal = "functions_rounding_decimal"
	setString          = "functions_string"
	setSet             = "functions_set"
	setAggregate       = "functions_aggregate_generic"
	setDecimalOutput   = "functions_aggregate_decimal_output"
	setApprox          = "functions_aggregate_approx"
	setList            = "functions_list"

	// setOwn holds PostgreSQL's functions and operators, under the names of package expr.
	setOwn = "extension:io.github.skein-query:functions"
	// setOwnTypes holds bpchar: char without a length.
	setOwnTypes = "extension:io.github.skein-query:types"
	typeBpchar  = "bpchar"
)

// scalar is what a function of an extension is to the engine.
type scalar struct {
	set   string
	build func(c *call) (val, error)
}

// call is one call of a function.
type call struct {
	r    *reader
	set  string // the extension, empty when the plan does not say
	name string // without argument types
	// args are the values, in order; an argument that is an enum has a word instead.
	args  []val
	words []string // of every argument, "" for a value
	opts  options
	out   *kept // what the plan says is the result's type, nil when it does not
}

// errorf makes what is wrong with a call an error.
func (c *call) errorf(format string, args ...any) error {
	return c.r.errorf("function "+c.name+": "+format, args...)
}

// need refuses calls of another number of arguments.
func (c *call) need(least, most int) error {
	if len(c.args) < least || most >= 0 && len(c.args) > most {
		return c.errorf("%d arguments do not fit", len(c.args))
	}
	return nil
}

// word is argument i, an enum in upper case or a text constant: producers that know no
// enums write those.
func (c *call) word(i int) (string, error) {
	if i >= len(c.args) {
		return "", c.errorf("argument %d is missing", i)
	}
	if c.words[i] != "" {
		return c.words[i], nil
	}
	if l, ok := c.args[i].Expr.(*expr.Literal); ok && l.Typ.IsString() && !l.Value.Null {
		return strings.ToUpper(l.Value.S), nil
	}
	return "", c.errorf("argument %d is no word", i)
}

// baseName is the name of a function without the argument types.
func baseName(compound string) string {
	base, _, _ := strings.Cut(compound, ":")
	return base
}

// scalarFunction reads a call.
func (r *reader) scalarFunction(m *pb.Expression_ScalarFunction, s *scope) (val, error) {
	d, ok := r.ext.functions[m.GetFunctionReference()]
	if !ok {
		return val{}, r.errorf("function anchor %d is not declared", m.GetFunctionReference())
	}
	c, err := r.arguments(d, m.GetArguments(), m.GetArgs(), m.GetOptions(), m.GetOutputType(), s)
	if err != nil {
		return val{}, err
	}
	build, err := r.resolve(d)
	if err != nil {
		return val{}, err
	}
	v, err := build(c)
	if err == nil {
		err = c.opts.rest(c)
	}
	if err != nil || c.out == nil {
		return v, r.wrap(err)
	}
	return c.declared(v)
}

// arguments reads what a call has: of all sorts of functions.
func (r *reader) arguments(d declared, args []*pb.FunctionArgument, old []*pb.Expression, opts []*pb.FunctionOption, out *pb.Type, s *scope) (*call, error) {
	c := &call{r: r, set: d.set, name: baseName(d.name)}
	for _, e := range old {
		args = append(args, &pb.FunctionArgument{ArgType: &pb.FunctionArgument_Value{Value: e}})
	}
	for i, a := range args {
		var v val
		word := ""
		switch a := a.GetArgType().(type) {
		case *pb.FunctionArgument_Value:
			var err error
			if v, err = r.expr(a.Value, s); err != nil {
				return nil, err
			}
		case *pb.FunctionArgument_Enum:
			if word = a.Enum; word == "" {
				return nil, c.errorf("argument %d is an empty word", i)
			}
			v.Expr = expr.NewLiteral(expr.Str(word), expr.Of(expr.Text))
			word = strings.ToUpper(word)
		default:
			return nil, c.errorf("argument %d is a type, or missing", i)
		}
		c.args, c.words = append(c.args, v), append(c.words, word)
	}
	var err error
	if c.opts, err = readOptions(c, opts); err != nil {
		return nil, err
	}
	if out.GetKind() != nil {
		t, err := r.typ(out)
		if err != nil {
			return nil, err
		}
		c.out = &t
	}
	return c, nil
}

// resolve finds what a declared function is: by its extension and name, or by its name
// alone when the plan does not say the extension.
func (r *reader) resolve(d declared) (func(c *call) (val, error), error) {
	name := baseName(d.name)
	if d.set == setOwn {
		return func(c *call) (val, error) { return c.r.call(c.name, c.args...) }, nil
	}
	all := scalarFunctions()[name]
	for _, f := range all {
		if f.set == d.set || d.set == "" {
			return f.build, nil
		}
	}
	if d.set != "" && len(all) > 0 {
		// Some producers name a function of one file under another; the name is enough
		// where there is only one meaning.
		if strings.HasPrefix(d.set, "functions_") || d.set == "unknown" {
			return all[0].build, nil
		}
	}
	if d.set == "" {
		if f := bareFunctions[name]; f != nil {
			return f, nil
		}
	}
	where := ""
	if d.set != "" {
		where = " of " + d.set
	}
	return nil, r.errorf("function %q%s is not known", d.name, where)
}

// declared casts the result of a call to the type that the plan says it has.
func (c *call) declared(v val) (val, error) {
	from, to := v.Type(), *c.out
	switch {
	case from.Equal(to.Type) && v.tiny == to.tiny, from.IsString() && to.IsString(), from.IsNested() && sameParts(from, to.Type):
		return v, nil
	case from.Kind == to.Kind, expr.CanCast(from, to.Type, expr.Assignment) && !to.IsString():
		return c.r.to(v, to)
	}
	return v, c.errorf("the result is of type %s, and %s in the plan", from, to.Type)
}

// call makes a call of the engine's overload that fits the arguments.
func (r *reader) call(name string, args ...val) (val, error) {
	types := make([]expr.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
	}
	sig, err := expr.Resolve(name, types)
	if err != nil {
		return val{}, r.wrap(err)
	}
	out := make([]expr.Expr, len(args))
	for i, a := range args {
		if out[i], err = r.coerce(a.Expr, sig.Args[i]); err != nil {
			return val{}, err
		}
	}
	sig = expr.Refine(sig, out)
	return val{Expr: &expr.Call{Name: sig.Name, Args: out, Typ: sig.Result}}, nil
}

// coerce makes an argument one of the type that a function takes.
func (r *reader) coerce(e expr.Expr, to expr.Type) (expr.Expr, error) {
	from := e.Type()
	switch {
	case from.Equal(to), from.Kind == to.Kind && to.Precision == 0 && to.Length == 0 && to.Nested == nil:
		return e, nil
	case !expr.CanCast(from, to, expr.Implicit):
		return nil, r.errorf("a value of type %s is used where %s is expected", from, to)
	}
	return cast(e, to), nil
}

// options are those of one call; what nobody asks for is refused in the end.
type options struct {
	of    map[string][]string
	asked map[string]bool
}

func readOptions(c *call, list []*pb.FunctionOption) (options, error) {
	o := options{of: map[string][]string{}, asked: map[string]bool{}}
	for _, opt := range list {
		if _, twice := o.of[opt.GetName()]; twice || len(opt.GetPreference()) == 0 {
			return o, c.errorf("option %q is given twice, or without a value", opt.GetName())
		}
		o.of[opt.GetName()] = opt.GetPreference()
	}
	return o, nil
}

// option is the first of the values that the plan prefers for an option which can be
// followed. A plan that has no preference gets the first that can.
func (c *call) option(name string, can ...string) (string, error) {
	c.opts.asked[name] = true
	preferred, ok := c.opts.of[name]
	if !ok {
		return can[0], nil
	}
	for _, p := range preferred {
		for _, have := range can {
			if strings.EqualFold(p, have) {
				return have, nil
			}
		}
	}
	return "", c.errorf("option %s = %s is not supported", name, strings.Join(preferred, ", "))
}

// rest refuses the options that nobody asked for.
func (o options) rest(c *call) error {
	for name := range o.of {
		if !o.asked[name] {
			return c.errorf("option %q is not known", name)
		}
	}
	return nil
}

// failing is an expression that is an error of a code unless a condition holds.
func failing(holds expr.Expr, code sqlerr.Code, message string, e expr.Expr) expr.Expr {
	text := func(s string) expr.Expr { return expr.NewLiteral(expr.Str(s), expr.Of(expr.Text)) }
	check := &expr.Call{Name: expr.FnErrorIfNot, Args: []expr.Expr{holds, text(string(code)), text(message)}, Typ: expr.Of(expr.Bool)}
	return &expr.Case{Whens: []expr.When{{Cond: check, Result: e}}, Typ: e.Type()}
}
