package eval

import (
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// Options is where results get their memory. Without Pool it comes from the
// garbage collector; without Account it is not charged.
type Options struct {
	Pool    *memory.Pool
	Account *memory.Account

	kept *charge // what the steps of one Evaluator or Filter remember
}

// charge is what was reserved for results that outlive a batch.
type charge struct {
	account *memory.Account // nil: nothing is charged
	bytes   int64
}

func (c *charge) reserve(bytes int64) error {
	if c.account == nil {
		return nil
	}
	if err := c.account.Reserve(bytes); err != nil {
		return err
	}
	c.bytes += bytes
	return nil
}

func (c *charge) release(bytes int64) {
	if c.account != nil {
		c.account.Release(bytes)
		c.bytes -= bytes
	}
}

// Evaluator computes one expression over batches. One goroutine at a time.
type Evaluator struct {
	root  step
	frame frame
}

// New compiles e over the columns of input: Column.ID is an ordinal in it.
func New(e expr.Expr, input []expr.Field, o Options) (*Evaluator, error) {
	e, err := Fold(e)
	if err != nil {
		return nil, err
	}
	return newEvaluator(e, input, o)
}

// newEvaluator is New for what is folded already, or is about to be.
func newEvaluator(e expr.Expr, input []expr.Field, o Options) (*Evaluator, error) {
	o.kept = &charge{account: o.Account}
	c := &compiler{input: input, opts: o}
	s, err := c.compile(e)
	if err != nil {
		return nil, err
	}
	return &Evaluator{root: s, frame: frame{opts: o}}, nil
}

// Eval computes the expression on the selected rows of b. The column is as long
// as the batch, lives as long as it (its memory is b's own or held by b), and may
// be a column of b, a constant or a dictionary column.
func (v *Evaluator) Eval(b *vector.Batch) (vector.Column, error) {
	f := &v.frame
	f.cols, f.n = b.Cols, b.Len
	col, err := v.root.eval(f, b.Sel)
	if err != nil {
		f.drop()
		return vector.Column{}, err
	}
	f.keep(b, nil, &col)
	f.cols = nil
	return col, nil
}

// Close gives back what is charged for results remembered per dictionary. The
// evaluator is not used any more; columns it gave stay readable. Close is
// idempotent.
func (v *Evaluator) Close() { v.frame.opts.kept.release(v.frame.opts.kept.bytes) }

// step is a compiled expression. eval gives a column of f.n rows that is defined
// on the rows of sel (nil: all); it may be flat, a dictionary or a constant.
type step interface {
	eval(f *frame, sel vector.Selection) (vector.Column, error)
}

// columnStep is a column of the input.
type columnStep struct{ ordinal int }

func (s columnStep) eval(f *frame, _ vector.Selection) (vector.Column, error) {
	return f.cols[s.ordinal], nil
}

// literalStep is a constant.
type literalStep struct {
	entry *vector.Dict // one entry; of a NULL, a zero
	null  bool
}

func (s *literalStep) eval(f *frame, _ vector.Selection) (vector.Column, error) {
	c := vector.Column{Kind: s.entry.Values.Kind, Len: f.n, Dict: s.entry}
	if s.null {
		valid, err := zeroed[uint64](f, vector.Words(f.n))
		if err != nil {
			return c, err
		}
		c.Valid = valid
		if valid == nil {
			c.Valid = vector.Bitmap{}
		}
	}
	return c, nil
}
