package worker

import (
	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/storage/parquet"
)

// predicate makes a compiled condition what a scan asks for.
type predicate struct {
	*eval.Predicate
	bounds []parquet.Bound
	// byEntry says that the condition may be decided per dictionary entry: no entry
	// can fail, and NULL does not pass.
	byEntry bool
}

func newPredicate(cond expr.Expr, fields []expr.Field, env *exec.Env) (*predicate, error) {
	e, err := eval.NewPredicate(cond, fields, eval.Options{Pool: env.Pool, Account: env.Account})
	if err != nil {
		return nil, err
	}
	p := &predicate{Predicate: e}
	for _, b := range e.Bounds() {
		p.bounds = append(p.bounds, bound(b))
	}
	if cols := e.Columns(); len(cols) == 1 && !expr.CanFail(cond) {
		p.byEntry = !passesNull(e, fields[cols[0]].Type)
	}
	return p, nil
}

// passesNull tries the condition on a NULL.
func passesNull(e *eval.Predicate, t expr.Type) bool {
	if t.IsNested() {
		return true
	}
	null := vector.Column{Kind: eval.Layout(t), Len: 1, Valid: vector.NewBitmap(1), Data: make([]byte, 16)}
	sel, err := e.Select([]vector.Column{null}, 1, nil)
	return err != nil || sel == nil || len(sel) > 0
}

// Bounds are the conditions for pruning by statistics.
func (p *predicate) Bounds() []parquet.Bound { return p.bounds }

// Dictionary decides the condition per entry, or declines.
func (p *predicate) Dictionary(dict *vector.Column) (vector.Bitmap, error) {
	if !p.byEntry {
		return nil, nil
	}
	return p.Predicate.Dictionary(dict)
}

func bound(b eval.Bound) parquet.Bound {
	out := parquet.Bound{Column: b.Column, LoOpen: b.LoOpen, HiOpen: b.HiOpen, NotNull: b.NotNull}
	if b.HasLo {
		out.Lo = scalar(b.Lo, b.Type)
	}
	if b.HasHi {
		out.Hi = scalar(b.Hi, b.Type)
	}
	for _, v := range b.In {
		out.In = append(out.In, *scalar(v, b.Type))
	}
	return out
}

// scalar is a SQL value in the layout of its column.
func scalar(v expr.Value, t expr.Type) *parquet.Scalar {
	return &parquet.Scalar{I: v.I, Wide: vector.I128{Lo: uint64(v.I), Hi: v.Hi}, F: v.F, S: v.S}
}

// runtimePredicate makes a runtime filter what a scan asks for.
type runtimePredicate struct {
	filter exec.RuntimeFilter
	column int
	typ    expr.Type
}

func (p *runtimePredicate) Columns() []int { return []int{p.column} }

func (p *runtimePredicate) Bounds() []parquet.Bound {
	b := parquet.Bound{Column: p.column, NotNull: true}
	if lo, hi, ok := p.filter.Bounds(); ok {
		b.Lo, b.Hi = scalar(lo, p.typ), scalar(hi, p.typ)
	}
	return []parquet.Bound{b}
}

func (p *runtimePredicate) Dictionary(dict *vector.Column) (vector.Bitmap, error) {
	return p.filter.Dictionary(dict), nil
}

func (p *runtimePredicate) Select(cols []vector.Column, rows int, sel vector.Selection) (vector.Selection, error) {
	return p.filter.Select(&cols[0], rows, sel), nil
}
