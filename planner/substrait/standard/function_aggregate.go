package standard

import "github.com/skein-query/skein/planner/expr"

// aggregateFunctions are the aggregates that mean what the engine's of a name do.
var aggregateFunctions = map[string]string{
	"count": "count", "sum": "sum", "avg": "avg", "min": "min", "max": "max", "any_value": "any_value",
	"bool_and": "bool_and", "bool_or": "bool_or", "string_agg": "string_agg", "bit_and": "bit_and", "bit_or": "bit_or",
	"corr": "corr", "stddev": "stddev_samp", "var_pop": "var_pop", "var_samp": "var_samp", "stddev_pop": "stddev_pop",
	"stddev_samp": "stddev_samp", "var": "var_samp", "array_agg": "array_agg", "first_value": "any_value",
	"bit_xor": "bit_xor", "covar_pop": "covar_pop", "covar_samp": "covar_samp",
}

// aggregateFunction is what a declared aggregate is to the engine.
func (r *reader) aggregateFunction(d declared, c *call) (measure, error) {
	name, ok := aggregateFunctions[c.name]
	if d.set == setOwn {
		name, ok = c.name, true
	}
	if !ok {
		return measure{}, r.errorf("aggregate function %q is not known", d.name)
	}
	if _, err := c.option("overflow", overflowError); err != nil {
		return measure{}, err
	}
	return r.aggregateCall(name, c.args)
}

// aggregateCall makes a call of the engine's aggregate of a name.
func (r *reader) aggregateCall(name string, args []val) (measure, error) {
	types := make([]expr.Type, len(args))
	for i, a := range args {
		types[i] = a.Type()
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
