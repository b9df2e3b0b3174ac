package exec

import (
	"sort"

	"github.com/skein-query/skein/exec/eval"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// windowView is a page while its rows are given out: what calls see of a block.
type windowView struct {
	*windowBlock
	number int
	start  int // position of the page's first row
	n      int
	batch  *vector.Batch
	lent   map[int]bool // other pages that columns of this one share memory of
	frames []viewFrame  // the frames found so far
}

type viewFrame struct {
	frame expr.Frame
	rows  *frameRows
}

// view is page number i of the block.
func (b *windowBlock) view(i int) (*windowView, error) {
	p, err := b.load(i)
	if err != nil {
		return nil, err
	}
	return &windowView{windowBlock: b, number: i, start: p.start, n: p.n, batch: p.batch.Share()}, nil
}

// lend has a batch hold what its columns may share, and gives the view's own hold up.
func (v *windowView) lend(out *vector.Batch) {
	out.Take(v.batch)
	for i := range v.lent {
		if p := &v.pages[i]; p.batch != nil {
			out.Take(p.batch.Share())
		}
	}
}

// column is a column of a page, without dictionary but of texts.
func (b *windowBlock) column(page, ordinal int) (*vector.Column, error) {
	p, err := b.load(page)
	if err != nil {
		return nil, err
	}
	return p.column(ordinal), nil
}

func (p *windowPage) column(ordinal int) *vector.Column {
	c := &p.batch.Cols[ordinal]
	if c.Dict == nil || c.Kind == vector.String {
		return c
	}
	if p.flat == nil {
		p.flat = make([]vector.Column, len(p.batch.Cols))
	}
	if p.flat[ordinal].Kind == vector.Invalid {
		p.flat[ordinal] = vector.Flatten(c)
	}
	return &p.flat[ordinal]
}

// windowArg is what a call reads of a row: a column of the input, or a constant.
type windowArg struct {
	ordinal int // -1: constant
	typ     expr.Type
	value   expr.Value
}

func newWindowArg(e expr.Expr, width int) (windowArg, error) {
	at, err := windowColumn(e, width)
	if l, ok := e.(*expr.Literal); ok {
		return windowArg{-1, l.Typ, l.Value}, nil
	}
	return windowArg{ordinal: at, typ: e.Type()}, err
}

// of is the argument on the rows of a page.
func (a *windowArg) of(b *windowBlock, page int) (vector.Column, error) {
	if a.ordinal < 0 {
		return vector.Const(eval.ColumnOf([]expr.Value{a.value}, a.typ), b.pages[page].n), nil
	}
	c, err := b.column(page, a.ordinal)
	if err != nil {
		return vector.Column{}, err
	}
	return *c, nil
}

// run is rows [from, to) of a page, counted in it, that have something in common.
type windowRun struct {
	from, to int
	index    int // of it in its list
}

// partitions gives the view's rows by partition; peersIn by group.
func (v *windowView) partitions(each func(r windowRun)) { v.runs(v.parts, each) }
func (v *windowView) groups(each func(r windowRun))     { v.runs(v.peers, each) }

// groupsIn gives the view's rows by group, with the number of its partition.
func (v *windowView) groupsIn(each func(r windowRun, part int)) {
	part := sort.SearchInts(v.parts, v.start+1) - 1
	v.groups(func(r windowRun) {
		for part+1 < len(v.parts) && v.parts[part+1] <= v.start+r.from {
			part++
		}
		each(r, part)
	})
}

func (v *windowView) runs(starts []int, each func(r windowRun)) {
	i := sort.SearchInts(starts, v.start+1) - 1 // the last that begins at or before the page
	for from := 0; from < v.n; i++ {
		to := v.n
		if i+1 < len(starts) {
			to = min(to, starts[i+1]-v.start)
		}
		each(windowRun{from, to, i})
		from = to
	}
}
