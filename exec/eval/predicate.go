package eval

import (
	"slices"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// Predicate is a condition that a scan evaluates before it reads other columns. It
// implements storage/parquet's Predicate but for Bounds, whose values are of SQL
// types here. One goroutine at a time.
type Predicate struct {
	filter  *Filter
	columns []int
	bounds  []Bound
	width   int // of the scan's columns
}

// NewPredicate compiles a condition over the scan's columns.
func NewPredicate(cond expr.Expr, input []expr.Field, o Options) (*Predicate, error) {
	cond, err := Fold(cond)
	if err != nil {
		return nil, err
	}
	f, err := NewFilter([]expr.Expr{cond}, input, o)
	if err != nil {
		return nil, err
	}
	p := &Predicate{filter: f, bounds: boundsOf(cond), width: len(input)}
	set := map[expr.ColumnID]bool{}
	expr.Columns(cond, set)
	for id := range set {
		p.columns = append(p.columns, int(id))
	}
	slices.Sort(p.columns)
	return p, nil
}

// Columns is the ordinals of the columns that the predicate reads, ascending.
func (p *Predicate) Columns() []int { return p.columns }

// Bounds is what a row must satisfy to pass, column by column: necessary, not
// sufficient.
func (p *Predicate) Bounds() []Bound { return p.bounds }

// Dictionary says which entries of a dictionary of the one column pass; an entry
// whose evaluation is an error passes, so that Select raises it for the rows that
// use it.
func (p *Predicate) Dictionary(dict *vector.Column) (vector.Bitmap, error) {
	pass := vector.NewBitmap(dict.Len)
	sel, err := p.over([]vector.Column{*dict}, dict.Len, nil)
	if err != nil {
		// Entry by entry: only those that fail pass unseen.
		for i := range dict.Len {
			one, err := p.over([]vector.Column{*dict}, dict.Len, vector.Selection{uint32(i)})
			if err != nil || len(one) == 1 {
				pass.Set(i)
			}
		}
		return pass, nil
	}
	if sel == nil {
		return vector.NewBitmapSet(dict.Len), nil
	}
	for _, row := range sel {
		pass.Set(int(row))
	}
	return pass, nil
}

// Select gives the rows of sel (nil: all rows) that pass; cols are in the order of
// Columns. The result is memory of its own.
func (p *Predicate) Select(cols []vector.Column, rows int, sel vector.Selection) (vector.Selection, error) {
	return p.over(cols, rows, sel)
}

// Close gives back what is charged for results remembered per dictionary. The
// predicate is not used any more. Close is idempotent.
func (p *Predicate) Close() { p.filter.Close() }

func (p *Predicate) over(cols []vector.Column, rows int, sel vector.Selection) (vector.Selection, error) {
	all := make([]vector.Column, p.width)
	for i, ordinal := range p.columns {
		all[ordinal] = cols[i]
	}
	f := &p.filter.frame
	f.cols, f.n = all, rows
	out, err := p.filter.run(f, sel)
	if err != nil {
		f.drop()
		return nil, err
	}
	if out != nil {
		out = append(make(vector.Selection, 0, len(out)), out...)
	}
	f.drop()
	return out, nil
}
