package cost

import (
	"math"

	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/logical"
)

// Column is what is guessed of a column at some point of a plan.
type Column struct {
	Distinct     float64
	NullFraction float64
	Min, Max     float64 // as numbers; NaN when unknown
	Bytes        float64 // width of a value
}

// Estimate is what is guessed of a plan's output.
type Estimate struct {
	Rows    float64
	Columns map[expr.ColumnID]Column
}

// Column is the guess for a column; without one, a tenth of the rows are distinct.
func (e *Estimate) Column(id expr.ColumnID) Column {
	if c, ok := e.Columns[id]; ok {
		c.Distinct = max(1, min(c.Distinct, e.Rows))
		return c
	}
	return Column{Distinct: max(1, e.Rows/10), Min: math.NaN(), Max: math.NaN(), Bytes: 8}
}

// Estimator guesses plans and remembers what it guessed by node.
type Estimator struct {
	known map[logical.Node]*Estimate
}

// NewEstimator makes an estimator for the plans of one query.
func NewEstimator() *Estimator { return &Estimator{known: map[logical.Node]*Estimate{}} }

// Estimate guesses the output of a plan.
func (t *Estimator) Estimate(n logical.Node) *Estimate {
	if e, ok := t.known[n]; ok {
		return e
	}
	e := t.estimate(n)
	e.Rows = max(1, e.Rows)
	t.known[n] = e
	return e
}

func (t *Estimator) estimate(n logical.Node) *Estimate {
	switch n := n.(type) {
	case *logical.Scan:
		return t.scan(n)
	case *logical.Values:
		return &Estimate{Rows: float64(len(n.Rows)), Columns: map[expr.ColumnID]Column{}}
	case *logical.Filter:
		return t.filter(t.Estimate(n.Input), n.Conds)
	case *logical.Project:
		return t.project(n)
	case *logical.Join:
		return t.Join(n.Kind, t.Estimate(n.Left), t.Estimate(n.Right), joinConds(n), n.MarkCol.ID)
	case *logical.Aggregate:
		return t.aggregate(n)
	case *logical.Sort:
		return t.Estimate(n.Input)
	case *logical.Limit:
		in := t.Estimate(n.Input)
		out := *in
		if n.Count >= 0 {
			out.Rows = min(in.Rows, float64(n.Count))
		}
		return &out
	case *logical.GroupTopN:
		return t.groupTopN(n)
	case *logical.Window:
		return t.window(n)
	case *logical.SetOp:
		return t.setOp(n)
	case *logical.Reference:
		in := t.Estimate(n.Plan.Input)
		out := &Estimate{Rows: in.Rows, Columns: map[expr.ColumnID]Column{}}
		for i, c := range n.Cols {
			out.Columns[c.ID] = in.Column(n.Source[i])
		}
		return out
	}
	return &Estimate{Rows: 1000}
}

func joinConds(n *logical.Join) []expr.Expr {
	if n.NullAware == nil {
		return n.Conds
	}
	return append(append([]expr.Expr(nil), n.Conds...), n.NullAware)
}

func (t *Estimator) scan(n *logical.Scan) *Estimate {
	e := &Estimate{Rows: max(1, n.Table.Stats.RowCount), Columns: map[expr.ColumnID]Column{}}
	for i, c := range n.Cols {
		s := n.Table.Stats.Column(n.Fields[i])
		col := Column{Distinct: s.Distinct, NullFraction: s.NullFraction, Min: math.NaN(), Max: math.NaN(), Bytes: width(c.Type)}
		if s.Min != nil && s.Max != nil {
			col.Min, col.Max = Number(*s.Min, c.Type), Number(*s.Max, c.Type)
		}
		if col.Distinct == 0 {
			col.Distinct = e.Rows / 10
			if span := col.Max - col.Min + 1; (c.Type.IsInteger() || c.Type.Kind == expr.Date) && span > 0 {
				col.Distinct = min(e.Rows, span)
			}
		}
		e.Columns[c.ID] = col
	}
	return t.filter(e, n.Filter)
}

func width(t expr.Type) float64 {
	switch t.Kind {
	case expr.Bool:
		return 1
	case expr.Text, expr.Char, expr.Bytea:
		return 24
	case expr.Int4, expr.Date, expr.Float4:
		return 4
	}
	return 8
}

func (t *Estimator) filter(in *Estimate, conds []expr.Expr) *Estimate {
	out := &Estimate{Rows: in.Rows, Columns: in.Columns}
	if len(conds) == 0 {
		return out
	}
	out.Columns = make(map[expr.ColumnID]Column, len(in.Columns))
	for id, c := range in.Columns {
		out.Columns[id] = c
	}
	for _, c := range conds {
		out.Rows *= out.Selectivity(c)
		out.narrow(c)
	}
	out.Rows = max(1, out.Rows)
	return out
}

func (t *Estimator) project(n *logical.Project) *Estimate {
	in := t.Estimate(n.Input)
	out := &Estimate{Rows: in.Rows, Columns: map[expr.ColumnID]Column{}}
	for _, it := range n.Items {
		out.Columns[it.Col.ID] = in.value(it.Expr)
	}
	return out
}

// value guesses the column that an expression computes.
func (e *Estimate) value(x expr.Expr) Column {
	switch x := x.(type) {
	case *expr.Column:
		return e.Column(x.ID)
	case *expr.Literal:
		return Column{Distinct: 1, Min: math.NaN(), Max: math.NaN(), Bytes: width(x.Typ)}
	}
	d := 1.0
	for id := range logical.Used(x) {
		d *= e.Column(id).Distinct
	}
	if c, ok := x.(*expr.Call); ok && c.Name == expr.FnExtract {
		d = min(d, 100)
	}
	if x.Type().Kind == expr.Bool {
		d = min(d, 2)
	}
	return Column{Distinct: min(d, e.Rows), Min: math.NaN(), Max: math.NaN(), Bytes: width(x.Type())}
}

func (t *Estimator) aggregate(n *logical.Aggregate) *Estimate {
	in := t.Estimate(n.Input)
	out := &Estimate{Rows: 1, Columns: map[expr.ColumnID]Column{}}
	for _, g := range n.Groups {
		c := in.Column(g.ID)
		out.Rows *= c.Distinct
		out.Columns[g.ID] = c
	}
	out.Rows = Distinct(out.Rows, in.Rows)
	for _, a := range n.Aggs {
		out.Columns[a.Col.ID] = Column{Distinct: out.Rows, Min: math.NaN(), Max: math.NaN(), Bytes: width(a.Col.Type)}
	}
	return out
}

// groupTopN expects groups of equal size.
func (t *Estimator) groupTopN(n *logical.GroupTopN) *Estimate {
	in := t.Estimate(n.Input)
	out := *in
	groups := 1.0
	for _, e := range n.By {
		if c, ok := e.(*expr.Column); ok {
			groups *= in.Column(c.ID).Distinct
		}
	}
	groups = Distinct(groups, in.Rows)
	left := max(0, in.Rows/groups-float64(n.Offset))
	if n.Count >= 0 {
		left = min(left, float64(n.Count))
	}
	out.Rows = min(in.Rows, max(1, groups*left))
	return &out
}

// Distinct is the number of distinct values among rows drawn at random from a
// domain (Cardenas 1975): domain × (1 − (1 − 1/domain)^rows).
func Distinct(domain, rows float64) float64 {
	if domain <= 1 {
		return 1
	}
	return max(1, domain*-math.Expm1(rows*math.Log1p(-1/domain)))
}

func (t *Estimator) setOp(n *logical.SetOp) *Estimate {
	out := &Estimate{Columns: map[expr.ColumnID]Column{}}
	for i, a := range n.Args {
		in := t.Estimate(a)
		switch {
		case n.Kind == logical.UnionAll:
			out.Rows += in.Rows
		case i == 0:
			out.Rows = in.Rows
		}
		for j, c := range n.Cols {
			have := out.Columns[c.ID]
			have.Distinct += in.Column(n.Maps[i][j]).Distinct
			have.Min, have.Max, have.Bytes = math.NaN(), math.NaN(), width(c.Type)
			out.Columns[c.ID] = have
		}
	}
	return out
}

// Number is a value as a number that keeps order, NaN when it has none: numbers,
// days, microseconds; for strings the first bytes.
func Number(v expr.Value, t expr.Type) float64 {
	if v.Null {
		return math.NaN()
	}
	switch t.Kind {
	case expr.Bool, expr.Int2, expr.Int4, expr.Int8, expr.Date, expr.Time, expr.Timestamp, expr.TimestampTZ:
		return float64(v.I)
	case expr.Numeric:
		f := float64(v.Hi)*math.Exp2(64) + float64(uint64(v.I))
		return f / math.Pow10(int(t.Scale))
	case expr.Float4, expr.Float8:
		return v.F
	case expr.Text, expr.Char, expr.Bytea:
		f := 0.0
		for i := range 6 {
			f *= 256
			if i < len(v.S) {
				f += float64(v.S[i])
			}
		}
		return f
	}
	return math.NaN()
}
