package standard

import (
	"github.com/skein-query/skein/planner/expr"
)

// orderedAggregates are the aggregates that look at rows in an order: of the values
// themselves, or the one of their sorts.
var orderedAggregates = map[string]func(*call) (measure, error){
	"median":        median,
	"approx_median": median,
	"quantile":      quantile,
	"mode":          mode,
	"product":       product,

	"percentile_cont":        percentile, // DataFusion's
	"approx_percentile_cont": percentile,
	"last_value":             lastValue,
}

// ordering is what decides the order in which an aggregate sees its rows.
type ordering uint8

const (
	bySorts        ordering = iota
	reversed                // by the sorts, from the end
	itself                  // by its argument
	itselfDirected          // likewise, in the direction of the sort
)

// order gives an aggregate the order of its sorts, unless it has one of its own.
func (m *measure) order(c *call, keys []expr.SortKey) {
	switch m.by {
	case itself:
		return
	case itselfDirected:
		if len(keys) == 1 {
			m.agg.Order[0].Desc = keys[0].Desc
		}
		return
	case reversed:
		for i := range keys {
			keys[i].Desc, keys[i].NullsFirst = !keys[i].Desc, !keys[i].NullsFirst
		}
	}
	m.agg.Order = nil
	if len(keys) > 0 {
		m.agg.Order = keys
		if m.agg.Func == "any_value" && (c.name == "first_value" || c.name == "last_value") {
			m.agg.Func = "first"
		}
	}
}

// collected is all values of an argument, in their order and without NULLs.
func (r *reader) collected(x val) (measure, error) {
	m, err := r.aggregateCall("array_agg", []val{x})
	if err != nil {
		return m, err
	}
	m.agg.Order = []expr.SortKey{{Expr: m.agg.Args[0]}}
	m.agg.Filter = &expr.Call{Name: expr.OpIsNotNull, Args: []expr.Expr{m.agg.Args[0]}, Typ: expr.Of(expr.Bool)}
	m.by = itself
	return m, nil
}

// rounding is how the value between two integers is rounded; floats are not.
func (c *call) quantileRounding(t expr.Type) (string, error) {
	if isFloat(t) {
		return "TIE_TO_EVEN", c.tieToEven()
	}
	return c.option("rounding", "TIE_TO_EVEN", "TIE_AWAY_FROM_ZERO", "TRUNCATE", "CEILING", "FLOOR")
}

// median is the value in the middle. Its first argument says whether it may be about that;
// it never is. DataFusion's has none, and is a double.
func median(c *call) (measure, error) {
	if err := c.need(1, 2); err != nil {
		return measure{}, err
	}
	x := c.args[len(c.args)-1:]
	if len(c.args) == 2 {
		if word, err := c.word(0); err != nil || word != "EXACT" && word != "APPROXIMATE" {
			return measure{}, c.errorf("the precision is missing or not known")
		}
	}
	t := x[0].Type()
	if !t.IsNumber() {
		return measure{}, c.errorf("a value of type %s is no number", t)
	}
	rounding, err := c.quantileRounding(t)
	if err != nil {
		return measure{}, err
	}
	if c.set == "" && len(c.args) == 1 {
		return c.ordered("median")
	}
	m, err := c.r.collected(x[0])
	if err != nil {
		return m, err
	}
	m.finish = func(v val) (val, error) {
		v, err := c.r.call("list quantiles", v, number8(2), text("NEITHER"), text(rounding))
		if err != nil {
			return v, err
		}
		v.Expr = &expr.Call{Name: expr.FnElement, Args: []expr.Expr{v.Expr, int4(1)}, Typ: t}
		return v, nil
	}
	return m, nil
}

// quantile divides the rows, in the order of the sorts, into n parts.
func quantile(c *call) (measure, error) {
	if err := c.need(4, 4); err != nil {
		return measure{}, err
	}
	bounds, err := c.word(0)
	if err != nil {
		return measure{}, err
	}
	precision, err := c.word(1)
	if err != nil {
		return measure{}, err
	}
	n, ok := c.args[2].Expr.(*expr.Literal)
	known := map[string]bool{"NEITHER": true, "MINIMUM": true, "MAXIMUM": true, "BOTH": true}
	if !ok || !n.Typ.IsInteger() || !known[bounds] || precision != "EXACT" && precision != "APPROXIMATE" {
		return measure{}, c.errorf("the arguments do not fit")
	}
	rounding, err := c.quantileRounding(c.args[3].Type())
	if err != nil {
		return measure{}, err
	}
	m, err := c.r.aggregateCall("array_agg", c.args[3:])
	m.finish = func(v val) (val, error) {
		return c.r.call("list quantiles", v, val{Expr: cast(n, expr.Of(expr.Int8))}, text(bounds), text(rounding))
	}
	return m, err
}

// mode is the value that is there most often, the least one of several.
func mode(c *call) (measure, error) {
	if err := c.need(1, 1); err != nil {
		return measure{}, err
	}
	m, err := c.ordered("mode")
	m.tiny = c.args[0].tiny
	return m, err
}

// ordered is an aggregate of the engine that wants its argument in order.
func (c *call) ordered(name string) (measure, error) {
	m, err := c.r.aggregateCall(name, c.args)
	if err == nil {
		m.agg.Order, m.by = []expr.SortKey{{Expr: m.agg.Args[0]}}, itself
	}
	return m, err
}

// product is exact for integers, whose type it must fit.
func product(c *call) (measure, error) {
	if err := c.need(1, 1); err != nil {
		return measure{}, err
	}
	if _, err := c.option("overflow", overflowError); err != nil {
		return measure{}, err
	}
	if err := c.tieToEven(); err != nil {
		return measure{}, err
	}
	x := c.args[0]
	name := "list product exact"
	switch t := x.Type(); {
	case isFloat(t):
		name = "list product"
	case !t.IsInteger():
		return measure{}, c.errorf("a value of type %s is no integer and no float", t)
	}
	m, err := c.r.aggregateCall("array_agg", []val{x})
	m.finish = func(v val) (val, error) {
		v, err := c.r.call(name, v)
		if err == nil {
			v, err = c.r.call(expr.FnCoalesce, v, val{Expr: cast(int4(1), v.Type())})
		}
		if err != nil {
			return v, err
		}
		return c.r.to(v, kept{Type: x.Type(), tiny: x.tiny})
	}
	return m, err
}

// percentile is DataFusion's: the value and the fraction, in the order of the sort.
func percentile(c *call) (measure, error) {
	if err := c.need(2, 2); err != nil {
		return measure{}, err
	}
	m, err := c.r.aggregateCall("percentile_cont", c.args)
	if err == nil {
		m.agg.Order, m.by = []expr.SortKey{{Expr: m.agg.Args[0]}}, itselfDirected
	}
	return m, err
}

// lastValue is the value of the last row in the order of the sorts: the first of the
// reverse order.
func lastValue(c *call) (measure, error) {
	if err := c.need(1, 1); err != nil {
		return measure{}, err
	}
	m, err := c.r.aggregateCall("any_value", c.args)
	m.tiny = c.args[0].tiny
	m.by = reversed
	return m, err
}
