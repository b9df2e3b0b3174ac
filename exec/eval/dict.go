package eval

import (
	"github.com/skein-query/skein/exec/kernel"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// onlyColumn is the column of an expression that reads exactly one, and does so
// the same way every time.
func onlyColumn(e expr.Expr) (ordinal int, ok bool) {
	ordinal = -1
	ok = true
	expr.Walk(e, func(n expr.Expr) bool {
		switch n := n.(type) {
		case *expr.Column:
			ok = ok && (ordinal < 0 || ordinal == int(n.ID))
			ordinal = int(n.ID)
		case *expr.Call:
			ok = ok && expr.SignatureOf(n).Volatility != expr.Volatile
		}
		return ok
	})
	return ordinal, ok && ordinal >= 0
}

// strict reports whether the expression is NULL whenever its only column is:
// every way from the root to the column goes through strict functions, and there
// is at least one.
func strict(e expr.Expr) bool {
	switch n := e.(type) {
	case *expr.Column:
		return true
	case *expr.Cast:
		return strict(n.Arg)
	case *expr.InList:
		return strict(n.Arg)
	case *expr.Call:
		if !expr.SignatureOf(n).Strict {
			return false
		}
		for _, a := range n.Args {
			if strict(a) {
				return true
			}
		}
	}
	return false
}

// remembered is how many dictionaries a step keeps results for: the row groups
// and pages that scans interleave.
const remembered = 4

// entries is what is known of one dictionary.
type entries struct {
	dict   *vector.Dict
	rows   int           // rows seen with it
	done   bool          // values holds every entry's result
	failed bool          // some entry's evaluation is an error: entries are evaluated where used
	values vector.Column // flat, without nulls
	dictOf *vector.Dict  // over values
	valid  vector.Bitmap // entries whose result is not NULL; nil: all
	bytes  int64         // charged to the account
}

// dictStep computes an expression over one column: on a dictionary column once
// per entry, remembered by the dictionary's address, and the codes are kept.
type dictStep struct {
	inner   step
	ordinal int
	strict  bool
	opts    Options
	known   [remembered]*entries
	next    int
}

func newDictStep(inner step, ordinal int, strict bool, o Options) *dictStep {
	return &dictStep{inner: inner, ordinal: ordinal, strict: strict, opts: o}
}

func (s *dictStep) eval(f *frame, sel vector.Selection) (vector.Column, error) {
	c := &f.cols[s.ordinal]
	if c.Dict == nil || c.Width == 0 || c.Valid != nil && !s.strict {
		return s.inner.eval(f, sel)
	}
	e := s.lookup(c, f.count(sel))
	if !e.done && !e.failed && worthwhile(e, c) {
		if err := s.fill(e, f); err != nil {
			return vector.Column{}, err
		}
	}
	if !e.done {
		return s.inner.eval(f, sel)
	}
	out := vector.Column{Kind: e.values.Kind, Width: c.Width, Len: c.Len, Valid: c.Valid, Data: c.Data, Dict: e.dictOf}
	if e.valid == nil {
		return out, nil
	}
	return out, s.pushNulls(f, e, c, sel, &out)
}

// worthwhile reports whether evaluating every entry costs less than the rows
// seen so far.
func worthwhile(e *entries, c *vector.Column) bool { return c.Dict.Values.Len <= e.rows }

func (s *dictStep) lookup(c *vector.Column, rows int) *entries {
	for _, e := range s.known {
		if e != nil && e.dict == c.Dict {
			e.rows += rows
			return e
		}
	}
	old := s.known[s.next]
	if old != nil {
		s.opts.kept.release(old.bytes)
	}
	e := &entries{dict: c.Dict, rows: rows}
	s.known[s.next] = e
	s.next = (s.next + 1) % remembered
	return e
}

// fill evaluates every entry into memory that outlives the batch. An entry whose
// evaluation fails makes the whole dictionary fall back to evaluation by row,
// which raises the error only if a selected row uses it.
func (s *dictStep) fill(e *entries, f *frame) error {
	sub := &frame{cols: make([]vector.Column, len(f.cols)), n: e.dict.Values.Len}
	sub.cols[s.ordinal] = e.dict.Values
	out, err := s.inner.eval(sub, nil)
	if err != nil {
		e.failed = true
		return nil
	}
	if out.Dict != nil { // a constant
		out = vector.Flatten(&out)
	}
	e.valid = out.Valid
	out.Valid = nil
	if out.Kind == vector.Bool { // these become lookup tables of 0 and 1
		for i, b := range out.Bools() {
			if b > 1 || e.valid != nil && !e.valid.Get(i) {
				out.Data[i] = 0
			}
		}
	}
	if err := s.opts.kept.reserve(int64(len(out.Data))); err != nil {
		return err
	}
	e.values, e.dictOf, e.done, e.bytes = out, &vector.Dict{Values: out}, true, int64(len(out.Data))
	return nil
}

// pushNulls moves the NULL results of entries into the rows' validity.
func (s *dictStep) pushNulls(f *frame, e *entries, c *vector.Column, sel vector.Selection, out *vector.Column) error {
	null, err := alloc[uint8](f, e.values.Len)
	if err != nil {
		return err
	}
	kernel.BitsToBytes(e.valid, true, null)
	room, err := f.selection(sel)
	if err != nil {
		return err
	}
	nulls := selectCodes(c, null, sel, room)
	if len(nulls) == 0 {
		return nil
	}
	valid, err := f.bitmap()
	if err != nil {
		return err
	}
	if c.Valid != nil {
		copy(valid, c.Valid)
	}
	kernel.ClearBits(valid, nulls)
	out.Valid = valid
	return nil
}

// selectCodes gives the rows whose dictionary entry passes.
func selectCodes(c *vector.Column, lut []uint8, sel, out vector.Selection) vector.Selection {
	switch c.Width {
	case 1:
		return kernel.SelectCodes(c.Codes8(), lut, sel, out)
	case 2:
		return kernel.SelectCodes(c.Codes16(), lut, sel, out)
	}
	return kernel.SelectCodes(c.Codes32(), lut, sel, out)
}

// selectValid gives the rows that are not null.
func selectValid(valid vector.Bitmap, n int, sel, out vector.Selection) vector.Selection {
	if len(valid) == 0 {
		return out[:0]
	}
	return kernel.SelectBits(valid, false, n, sel, out)
}
