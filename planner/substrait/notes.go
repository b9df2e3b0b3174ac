package substrait

import (
	pb "github.com/substrait-io/substrait-protobuf/go/substraitpb"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/substrait/detail"
)

// noteWriter collects what a relation's expressions say beside their meaning, in
// the order in which they are written: parents first, operands in order.
type noteWriter struct {
	count  int
	placed bool // some expression has a place
	last   sqlerr.Span
	notes  detail.Notes
}

// place notes the next expression. Differences wrap around, so that every span
// comes back as it was.
func (w *noteWriter) place(s sqlerr.Span) {
	w.count++
	w.placed = w.placed || s != sqlerr.Span{}
	w.notes.Places = append(w.notes.Places, s.Start-w.last.Start, s.End-w.last.End)
	w.last = s
}

// column notes where a column, which is the latest expression, differs from the
// field it refers to.
func (w *noteWriter) column(x *expr.Column, f expr.Field, typ func(expr.Type, bool) *pb.Type) {
	c := &detail.Notes_Column{Expression: uint32(w.count - 1)}
	if x.Name != f.Name {
		c.Name = &x.Name
	}
	if x.Nullable != f.Nullable {
		c.Nullable = &x.Nullable
	}
	if !x.Typ.Equal(f.Type) {
		c.Type = typ(x.Typ, true)
	}
	if c.Name != nil || c.Nullable != nil || c.Type != nil {
		w.notes.Columns = append(w.notes.Columns, c)
	}
}

// done is the notes, nil when there is nothing to note.
func (w *noteWriter) done() *detail.Notes {
	if !w.placed {
		w.notes.Places = nil
	}
	if w.notes.Places == nil && w.notes.Columns == nil {
		return nil
	}
	return &w.notes
}

// noteReader gives the notes back to expressions that are read in the order in
// which they were written. Notes are a hint: where they end, nothing is noted.
type noteReader struct {
	notes *detail.Notes
	next  int // expression
	col   int // first note of a column not yet passed
	last  sqlerr.Span
}

// place is that of the next expression.
func (r *noteReader) place() sqlerr.Span {
	i := r.next
	r.next++
	places := r.notes.GetPlaces()
	if 2*i+1 >= len(places) {
		return sqlerr.Span{}
	}
	r.last.Start += places[2*i]
	r.last.End += places[2*i+1]
	if r.last.Start < 0 || r.last.End < r.last.Start {
		return sqlerr.Span{} // no place in any text; who draws carets relies on it
	}
	return r.last
}

// column is the note about the column that is the latest expression, nil if none.
func (r *noteReader) column() *detail.Notes_Column {
	columns := r.notes.GetColumns()
	for r.col < len(columns) && int(columns[r.col].GetExpression()) < r.next-1 {
		r.col++
	}
	if r.col < len(columns) && int(columns[r.col].GetExpression()) == r.next-1 {
		return columns[r.col]
	}
	return nil
}
