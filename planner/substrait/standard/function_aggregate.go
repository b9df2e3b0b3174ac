package standard

import "github.com/skein-query/skein/planner/expr"

// aggregateFunctions are the aggregates that mean what the engine's of a name do, by
// their names in the standard and those that DataFusion writes.
var aggregateFunctions = map[string]string{
	"count": "count", "approx_count_distinct": "count", "approx_distinct": "count", "sum": "sum", "sum0": "sum", "avg": "avg", "min": "min", "max": "max",
	"any_value": "any_value", "first_value": "any_value", "bool_and": "bool_and", "bool_or": "bool_or", "string_agg": "string_agg",
	"bit_and": "bit_and", "bit_or": "bit_or", "bit_xor": "bit_xor", "corr": "corr", "covar_pop": "covar_pop", "covar": "covar_samp",
	"covar_samp": "covar_samp", "std_dev": "stddev_samp", "stddev": "stddev_samp", "stddev_samp": "stddev_samp", "stddev_pop": "stddev_pop",
	"variance": "var_samp", "var": "var_samp", "var_samp": "var_samp", "var_pop": "var_pop", "array_agg": "array_agg",
	"regr_slope": "regr_slope", "regr_intercept": "regr_intercept", "regr_count": "regr_count", "regr_r2": "regr_r2",
	"regr_avgx": "regr_avgx", "regr_avgy": "regr_avgy", "regr_sxx": "regr_sxx", "regr_syy": "regr_syy", "regr_sxy": "regr_sxy",
}

// aggregateFunction is what a declared aggregate is to the engine.
func (r *reader) aggregateFunction(d declared, c *call) (measure, error) {
	if d.set == setOwn {
		return r.aggregateCall(c.name, c.args)
	}
	if build := orderedAggregates[c.name]; build != nil {
		return build(c)
	}
	name, ok := aggregateFunctions[c.name]
	if !ok {
		return measure{}, r.errorf("aggregate function %q is not known", d.name)
	}
	if _, err := c.option("overflow", overflowError); err != nil {
		return measure{}, err
	}
	if err := c.tieToEven(); err != nil {
		return measure{}, err
	}
	switch c.name {
	case "any_value", "first_value":
		if _, err := c.option("ignore_nulls", "TRUE"); err != nil {
			return measure{}, err
		}
	case "std_dev", "variance":
		return r.spread(c)
	case "approx_count_distinct", "approx_distinct":
		if err := c.need(1, 1); err != nil {
			return measure{}, err
		}
		m, err := r.aggregateCall(name, c.args)
		m.agg.Distinct = true
		return m, err
	case "sum":
		m, err := r.aggregateCall(name, c.doubles())
		if err == nil && d.set == setArithmetic && c.args[0].Type().Kind == expr.Int8 { // which ours does not overflow
			m.finish = func(v val) (val, error) { return c.r.to(v, kept{Type: expr.Of(expr.Int8)}) }
		}
		return m, err
	case "sum0":
		m, err := r.aggregateCall(name, c.doubles())
		narrow := err == nil && d.set == setArithmetic && c.args[0].Type().Kind == expr.Int8 // as for sum
		m.finish = func(v val) (val, error) {
			if narrow {
				var err error
				if v, err = c.r.to(v, kept{Type: expr.Of(expr.Int8)}); err != nil {
					return v, err
				}
			}
			return c.r.call(expr.FnCoalesce, v, val{Expr: cast(int4(0), v.Type())})
		}
		return m, err
	case "avg":
		m, err := r.aggregateCall(name, c.doubles())
		if err == nil && c.out != nil && c.out.IsInteger() { // "this truncates partial values"
			m.finish = func(v val) (val, error) { return c.r.call("trunc", v) }
		}
		return m, err
	}
	return r.aggregateCall(name, c.args)
}

// doubles are the arguments with float4s as float8s where the plan says that the result
// is one: the sum of floats is computed in it.
func (c *call) doubles() []val {
	if len(c.args) != 1 || c.args[0].Type().Kind != expr.Float4 || c.out == nil || c.out.Kind != expr.Float8 {
		return c.args
	}
	return []val{{Expr: cast(c.args[0].Expr, expr.Of(expr.Float8))}}
}

// spread is a standard deviation or variance, of a sample or of all: an enum says which,
// of older versions an option.
func (r *reader) spread(c *call) (measure, error) {
	args, word := c.args, ""
	if len(args) == 2 && c.words[0] != "" {
		args, word = args[1:], c.words[0]
	}
	option, err := c.option("distribution", "SAMPLE", "POPULATION")
	if err != nil {
		return measure{}, err
	}
	if word == "" {
		word = option
	}
	if len(args) != 1 || word != "SAMPLE" && word != "POPULATION" {
		return measure{}, c.errorf("the arguments do not fit")
	}
	name := map[string]string{"std_dev": "stddev", "variance": "var"}[c.name]
	if word == "SAMPLE" {
		name += "_samp"
	} else {
		name += "_pop"
	}
	if args[0].Type().Kind == expr.Float4 {
		args = []val{{Expr: cast(args[0].Expr, expr.Of(expr.Float8))}}
	}
	return r.aggregateCall(name, args)
}

// aggregateCall makes a call of the engine's aggregate of a name.
func (r *reader) aggregateCall(name string, args []val) (measure, error) {
	types := make([]expr.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
	}
	if name == "first" && len(args) == 1 { // of a plan of our own: equal within a group, or the first by the sorts
		return measure{agg: expr.Aggregate{Func: name, Args: []expr.Expr{args[0].Expr}, Typ: types[0]}, tiny: args[0].tiny}, nil
	}
	sig, err := expr.ResolveAggregate(name, types, false)
	if err != nil {
		return measure{}, r.wrap(err)
	}
	out := measure{agg: expr.Aggregate{Func: sig.Name, Typ: sig.Result}}
	for i, a := range args {
		e, err := r.coerce(a.Expr, sig.Args[i])
		if err != nil {
			return measure{}, err
		}
		out.agg.Args = append(out.agg.Args, e)
	}
	out.tiny = len(args) > 0 && args[0].tiny && sig.Result.Kind == expr.Int2
	return out, nil
}
