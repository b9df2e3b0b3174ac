package session

import (
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/storage/catalog"
	"github.com/skein-query/skein/storage/table"
)

// errNotRead is for updates that are asked for their rows.
var errNotRead = sqlerr.New(sqlerr.InternalError, "a statement that changes something is not executed for its rows")

// errNoUpdate is for statements that change nothing.
var errNoUpdate = sqlerr.New(sqlerr.InternalError, "a statement that changes nothing is not an update")

// written is the result of a statement that has written rows and gives none.
type written struct{ rows int64 }

func (written) QueryID() string       { return "" }
func (written) Columns() []expr.Field { return nil }
func (w written) Affected() int64     { return w.rows }
func (written) Close() error          { return nil }

func (written) Next(context.Context) (arrow.RecordBatch, error) { return nil, io.EOF }

// writing puts batches into a table, after it has seen that the columns take their
// values: NULLs, and strings of their length.
type writing struct {
	*table.Writer
	name   string
	fields []expr.Field
}

func newWriting(t *catalog.Table, fields []expr.Field) (*writing, error) {
	w, err := t.Memory.NewWriter()
	if err != nil {
		return nil, err
	}
	return &writing{w, t.Name, fields}, nil
}

// Write writes the selected rows of a batch, which stays the caller's.
func (w *writing) Write(ctx context.Context, b *vector.Batch) error {
	cols := b.Cols
	for i, f := range w.fields {
		c := &cols[i]
		if !f.Nullable {
			if err := w.refuseNulls(c, b, f.Name); err != nil {
				return err
			}
		}
		if !f.Type.IsString() || f.Type.Length == 0 {
			continue
		}
		fitted, changed, err := fit(c, b.Selected(), f.Type)
		if err != nil {
			return err
		}
		if changed {
			if &cols[0] == &b.Cols[0] {
				cols = append([]vector.Column(nil), b.Cols...)
			}
			cols[i] = fitted
		}
	}
	own := vector.New(cols, b.Len) // holds nothing: b does
	own.Sel = b.Sel
	return w.Writer.Write(ctx, own)
}

// refuseNulls fails when a selected row of a column is NULL.
func (w *writing) refuseNulls(c *vector.Column, b *vector.Batch, column string) error {
	if !c.HasNulls() {
		return nil
	}
	for _, row := range b.Selected() {
		if c.IsNull(int(row)) {
			return sqlerr.New(sqlerr.NotNullViolation, "null value in column %q of relation %q violates not-null constraint", column, w.name)
		}
	}
	return nil
}

// fit brings strings to the length of a type, as an assignment does: blanks beyond it
// are cut, others refused, and char(n) is padded. It says whether anything has changed.
func fit(c *vector.Column, rows vector.Selection, t expr.Type) (out vector.Column, changed bool, err error) {
	for _, row := range rows {
		if c.IsNull(int(row)) {
			continue
		}
		f, at := c.At(int(row))
		n := utf8.RuneCount(f.Views()[at].Bytes(f.Buffers))
		changed = changed || n > int(t.Length) || t.Kind == expr.Char && n < int(t.Length)
	}
	if !changed {
		return *c, false, nil
	}
	valid := vector.NewBitmap(c.Len)
	var strings vector.StringBuilder
	selected := vector.NewBitmap(c.Len)
	for _, row := range rows {
		selected.Set(int(row))
	}
	for row := range c.Len {
		if !selected.Get(row) || c.IsNull(row) {
			strings.AppendString("")
			continue
		}
		valid.Set(row)
		f, at := c.At(row)
		s, err := fitted(f.StringAt(at), t)
		if err != nil {
			return out, false, err
		}
		strings.AppendString(s)
	}
	return strings.Column(valid), true, nil
}

// fitted is one string in the length of a type.
func fitted(s string, t expr.Type) (string, error) {
	n := int32(utf8.RuneCountInString(s))
	if n > t.Length {
		end, left := 0, t.Length
		for end = range s {
			if left == 0 {
				break
			}
			left--
		}
		if strings.TrimRight(s[end:], " ") != "" {
			word := "character varying"
			if t.Kind == expr.Char {
				word = "character"
			}
			return "", sqlerr.New(sqlerr.StringDataRightTrunc, "value too long for type %s(%d)", word, t.Length)
		}
		return s[:end], nil
	}
	if t.Kind == expr.Char {
		s += strings.Repeat(" ", int(t.Length-n))
	}
	return s, nil
}

// maxPlanAttempts is how often a statement is planned whose tables' parts are merged or
// dropped before it has begun to read them.
const maxPlanAttempts = 10

// settledOn calls do, which looks at tables and begins to read them, until their parts
// stay for that long.
func settledOn(do func() error) error {
	var err error
	for range maxPlanAttempts {
		if err = do(); !errors.Is(err, table.ErrGone) {
			return err
		}
	}
	return err
}

// pour runs a plan and gives its batches on, which stay those of pour.
func (s *Statements) pour(ctx context.Context, session *flight.Session, text string, plan func() (*planner.Plan, error), into func(*vector.Batch) error) error {
	settings := s.settings(session)
	settings.User, settings.Text = sessionUser(session), text
	var r *running
	err := settledOn(func() error {
		p, err := plan()
		if err != nil {
			return err
		}
		r, err = s.start(ctx, p.Root, p.Fields, settings)
		return err
	})
	if err != nil {
		return err
	}
	defer r.Close()
	stop := context.AfterFunc(ctx, r.Running.Close)
	defer stop()
	for {
		b, err := r.Result().Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = into(b)
		b.Release()
		if err != nil {
			return err
		}
	}
}
