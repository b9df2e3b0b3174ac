package exec

import (
	"slices"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// aggregatePlan is an Aggregate node made ready: what is evaluated per batch, which
// states are kept, and how results come from them. Equal states are kept once:
// sum(x) and avg(x) share the sum.
type aggregatePlan struct {
	node     *physical.Aggregate
	keys     []expr.Type
	nullable []bool
	stages   []stagePlan
	states   []statePlan
	measures []measure
}

// stagePlan is expressions that are evaluated on the rows one FILTER lets through.
type stagePlan struct {
	filter expr.Expr // nil: all rows
	args   []expr.Expr
}

// statePlan is one accumulator.
type statePlan struct {
	call  expr.Aggregate // what identifies it: the primitive it is, arguments and all
	stage int
	args  []int // of the stage
	make  func(b *budget) accumulator
}

// measure is one aggregate of the node.
type measure struct {
	states []int
	finish finisher
}

func planAggregate(n *physical.Aggregate) (*aggregatePlan, error) {
	p := &aggregatePlan{node: n}
	for _, g := range n.Groups {
		p.keys = append(p.keys, g.Type())
		c, ok := g.(*expr.Column)
		p.nullable = append(p.nullable, !ok || c.Nullable)
	}
	column := len(n.Groups) // the next state column of the input, in phase Final
	for _, a := range n.Aggs {
		var err error
		if n.Phase == physical.Final {
			err = p.addFinal(a, column)
			column += len(physical.StateTypes(a))
		} else {
			err = p.addMeasure(a)
		}
		if err != nil {
			return nil, sqlerr.AtSpan(err, a.Span)
		}
	}
	return p, nil
}

// addMeasure plans an aggregate over rows.
func (p *aggregatePlan) addMeasure(a expr.Aggregate) error {
	if (a.Distinct || len(a.Order) > 0) && p.node.Phase == physical.Partial {
		return sqlerr.New(sqlerr.InternalError, "%s cannot be split into phases", a)
	}
	if a.Func == "avg" {
		sum, count := a, a
		sum.Func, sum.Typ = "sum", physical.StateTypes(a)[0]
		count.Func, count.Typ = "count", expr.Of(expr.Int8)
		s, err := p.state(sum)
		if err != nil {
			return err
		}
		c, err := p.state(count)
		p.measures = append(p.measures, measure{[]int{s, c}, finishAvg(a.Args[0].Type(), a.Typ)})
		return err
	}
	s, err := p.state(stateCall(a))
	p.measures = append(p.measures, measure{[]int{s}, finishFor(a)})
	return err
}

// stateCall is the call whose state an aggregate is made of: corr and regr_slope of
// the same arguments share one, and so do variances and deviations.
func stateCall(a expr.Aggregate) expr.Aggregate {
	switch {
	case regressionResults[a.Func] != nil:
		a.Func, a.Typ = "regression", physical.StateTypes(a)[0]
	case isSpread(a.Func):
		a.Func, a.Typ = "moments", physical.StateTypes(a)[0]
	}
	return a
}

// isSpread reports whether fn is a variance or a deviation.
func isSpread(fn string) bool {
	switch fn {
	case "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop":
		return true
	}
	return false
}

func finishFor(a expr.Aggregate) finisher {
	switch {
	case regressionResults[a.Func] != nil:
		return finishRegression(a.Func, a.Typ)
	case isSpread(a.Func) && isExact(a.Args[0].Type()):
		return finishExact(a.Func, int(a.Args[0].Type().Scale), a.Typ)
	case isSpread(a.Func):
		return finishSpread(a.Func, a.Typ)
	}
	return finishAsIs
}

// isExact reports whether sums of a type have no rounding.
func isExact(t expr.Type) bool { return t.IsInteger() || t.Kind == expr.Numeric }

// addFinal plans an aggregate over states, which stand in the input from column on.
func (p *aggregatePlan) addFinal(a expr.Aggregate, column int) error {
	if !physical.Splittable(a) {
		return sqlerr.New(sqlerr.InternalError, "%s cannot be split into phases", a)
	}
	types := physical.StateTypes(a)
	args := make([]expr.Expr, len(types))
	for i, t := range types {
		args[i] = &expr.Column{ID: expr.ColumnID(column + i), Typ: t, Nullable: true}
	}
	merged := func(fn string, t expr.Type, args ...expr.Expr) int {
		a := expr.Aggregate{Func: fn, Args: args, Typ: t}
		return p.add(a, func(b *budget) accumulator {
			switch fn {
			case "count":
				return &counts{b: b, total: true}
			case "moments":
				return &moments{b: b, state: true}
			case "exact moments":
				return &exactMoments{b: b, typ: t, state: true}
			case "regression":
				return &regression{b: b, state: true}
			}
			acc, _ := newAccumulator(a, b) // phase Partial was planned from the same call
			return acc
		})
	}
	switch fn := stateCall(a).Func; fn {
	case "count":
		p.measures = append(p.measures, measure{[]int{merged("count", types[0], args...)}, finishAsIs})
	case "avg":
		sum, count := merged("sum", types[0], args[0]), merged("count", types[1], args[1])
		p.measures = append(p.measures, measure{[]int{sum, count}, finishAvg(a.Args[0].Type(), a.Typ)})
	case "regression":
		p.measures = append(p.measures, measure{[]int{merged(fn, types[0], args...)}, finishFor(a)})
	case "moments":
		kind, sum := fn, types[0]
		if isExact(a.Args[0].Type()) {
			kind, sum = "exact moments", types[1]
		}
		p.measures = append(p.measures, measure{[]int{merged(kind, sum, args...)}, finishFor(a)})
	default:
		if _, err := newAccumulator(expr.Aggregate{Func: a.Func, Args: args, Typ: a.Typ}, &budget{}); err != nil {
			return err
		}
		p.measures = append(p.measures, measure{[]int{merged(a.Func, a.Typ, args...)}, finishAsIs})
	}
	return nil
}

// state plans the accumulator of a call over rows.
func (p *aggregatePlan) state(a expr.Aggregate) (int, error) {
	// Made once here, so that what is not supported is said before any row is read.
	if _, err := newAccumulator(a, &budget{}); err != nil {
		return 0, err
	}
	return p.add(a, func(b *budget) accumulator {
		acc, _ := newAccumulator(a, b)
		return acc
	}), nil
}

// add finds or makes the state of a call.
func (p *aggregatePlan) add(a expr.Aggregate, make func(b *budget) accumulator) int {
	for i, s := range p.states {
		if sameCall(s.call, a) {
			return i
		}
	}
	stage := p.stage(a.Filter)
	s := statePlan{call: a, stage: stage, make: make}
	for _, e := range a.Args {
		s.args = append(s.args, p.arg(stage, e))
	}
	for _, k := range a.Order {
		s.args = append(s.args, p.arg(stage, k.Expr))
	}
	p.states = append(p.states, s)
	return len(p.states) - 1
}

func (p *aggregatePlan) stage(filter expr.Expr) int {
	for i, s := range p.stages {
		if (s.filter == nil) == (filter == nil) && (filter == nil || expr.Equal(s.filter, filter)) {
			return i
		}
	}
	p.stages = append(p.stages, stagePlan{filter: filter})
	return len(p.stages) - 1
}

func (p *aggregatePlan) arg(stage int, e expr.Expr) int {
	s := &p.stages[stage]
	for i, a := range s.args {
		if expr.Equal(a, e) {
			return i
		}
	}
	s.args = append(s.args, e)
	return len(s.args) - 1
}

func sameCall(a, b expr.Aggregate) bool {
	if a.Func != b.Func || a.Distinct != b.Distinct || len(a.Args) != len(b.Args) || len(a.Order)+len(b.Order) > 0 || !a.Typ.Equal(b.Typ) {
		return false
	}
	for i := range a.Args {
		if !expr.Equal(a.Args[i], b.Args[i]) {
			return false
		}
	}
	if a.Filter == nil || b.Filter == nil {
		return a.Filter == nil && b.Filter == nil
	}
	return expr.Equal(a.Filter, b.Filter)
}

// newAccumulator is the state of an aggregate call in phases Single and Partial.
// It is the one place that knows which function is which accumulator.
func newAccumulator(a expr.Aggregate, b *budget) (accumulator, error) {
	if a.Distinct && len(a.Args) > 0 {
		return newDistinctCall(a, b)
	}
	var arg expr.Type
	if len(a.Args) > 0 {
		arg = a.Args[0].Type()
	}
	switch a.Func {
	case "count":
		c := &counts{b: b, rows: len(a.Args) == 0}
		if !c.rows {
			column, ok := a.Args[0].(*expr.Column)
			c.rows = ok && !column.Nullable
		}
		return c, nil
	case "sum":
		return newSum(arg, a.Typ, b)
	case "min", "max":
		return newExtreme(arg, a.Func == "max", b)
	case "first":
		if len(a.Args) != 1 {
			return nil, sqlerr.New(sqlerr.InternalError, "first takes 1 argument, not %d", len(a.Args))
		}
		return newFirstRow(a, b), nil
	case "any_value":
		return newFirst(b, arg), nil
	case "bool_and", "every", "bit_and":
		return &bitwise{b: b, kind: eval.Layout(arg), op: '&', seen: seen{b: b}}, nil
	case "bool_or", "bit_or":
		return &bitwise{b: b, kind: eval.Layout(arg), op: '|', seen: seen{b: b}}, nil
	case "bit_xor":
		return &bitwise{b: b, kind: eval.Layout(arg), op: '^', seen: seen{b: b}}, nil
	case "moments":
		if isExact(arg) {
			return &exactMoments{b: b, typ: expr.NumericOf(expr.MaxPrecision, int(arg.Scale))}, nil
		}
		return &moments{b: b}, nil
	case "regression":
		return &regression{b: b}, nil
	case "string_agg", "array_agg":
		return newCollected(a, b)
	case "percentile_cont", "percentile_disc", "median", "mode":
		return newOrderedSet(a, b)
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "aggregate function %s is not supported", a.Func)
}

func newDistinctCall(a expr.Aggregate, b *budget) (accumulator, error) {
	plain := a
	plain.Distinct = false
	switch a.Func {
	case "min", "max", "any_value", "first", "bool_and", "bool_or", "every", "bit_and", "bit_or":
		return newAccumulator(plain, b) // a value seen twice changes nothing
	}
	if _, err := newAccumulator(plain, b); err != nil {
		return nil, err
	}
	types := make([]expr.Type, len(a.Args))
	for i, e := range a.Args {
		types[i] = e.Type()
	}
	if len(a.Order) == 0 {
		plain.Order = []expr.SortKey{{Expr: a.Args[0]}} // as PostgreSQL, which sorts to find equals
	}
	d := newDistinct(b, types, a.Func == "array_agg", func() accumulator {
		acc, _ := newAccumulator(plain, b)
		return acc
	})
	for _, k := range plain.Order {
		at := slices.IndexFunc(a.Args, func(e expr.Expr) bool { return expr.Equal(e, k.Expr) })
		if at < 0 {
			return nil, sqlerr.New(sqlerr.InvalidColumnReference,
				"in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list")
		}
		d.order = append(d.order, at)
	}
	return d, nil
}

func newSum(arg, result expr.Type, b *budget) (accumulator, error) {
	switch kind := eval.Layout(arg); {
	case arg.IsInteger() || arg.Kind == expr.Numeric:
		return newSumExact(b, result), nil
	case kind == vector.Float32 || kind == vector.Float64:
		return &sumFloat{b: b, kind: eval.Layout(result), seen: seen{b: b}}, nil
	case kind == vector.Interval:
		return &sumInterval{b: b, seen: seen{b: b}}, nil
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "sum(%s) is not supported", arg)
}

func newExtreme(arg expr.Type, max bool, b *budget) (accumulator, error) {
	switch kind := eval.Layout(arg); kind {
	case vector.Bool, vector.Int16, vector.Int32, vector.Int64, vector.Float32, vector.Float64:
		return &extreme{b: b, kind: kind, max: max, seen: seen{b: b}}, nil
	case vector.Int128:
		return &extremeWide{b: b, max: max, seen: seen{b: b}}, nil
	case vector.Interval:
		return &extremeInterval{b: b, max: max}, nil
	case vector.String:
		return &extremeString{b: b, max: max, blank: arg.Kind == expr.Char, arena: arena{b: b}}, nil
	}
	return nil, sqlerr.New(sqlerr.FeatureNotSupported, "min and max of %s are not supported", arg)
}
