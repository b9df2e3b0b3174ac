package exec

import (
	"errors"
	"io"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

const (
	// smallPart says which batches are worth putting together: those with less than
	// this part of the rows a batch may have, 64 as a rule. Measured with three joins
	// and an aggregate above each other: below that the copy costs less than the
	// operators above save, by a tenth; at 512 rows it costs more.
	smallPart = 128
	// coalescedRows is how many rows are waited for.
	coalescedRows = 1024
)

// coalescer puts small batches of an operator together, in order: a join that
// rejects nearly everything gives a few rows per probe batch, and every operator
// above pays per batch. The rows are copied, so that they do not pin the pages
// they came from.
//
// It waits for no more rows than it has given out already: the first rows leave at
// once, and a LIMIT above costs at most twice the work.
type coalescer struct {
	env     *Env
	fields  []expr.Field
	given   int            // rows given out
	buffers []columnBuffer // rows waiting
	rows    int            // how many these are
	kept    *vector.Batch  // comes after them
	ended   bool
}

// next is the next batch of an operator whose own next is produce.
func (c *coalescer) next(produce func() (*vector.Batch, error)) (*vector.Batch, error) {
	if b := c.kept; b != nil {
		c.kept = nil
		return b, nil
	}
	for !c.ended {
		b, err := produce()
		switch {
		case errors.Is(err, io.EOF):
			c.ended = true
		case err != nil:
			return nil, err
		case c.waitsFor(b.Rows()):
			if err := c.add(b); err != nil {
				return nil, err
			}
		default:
			c.given += b.Rows()
			if c.rows == 0 {
				return b, nil
			}
			c.kept = b
		}
		if c.rows > 0 && (c.ended || c.kept != nil || c.rows >= c.target()) {
			return c.flush()
		}
	}
	return nil, io.EOF
}

// target is how many rows are waited for now.
func (c *coalescer) target() int { return min(coalescedRows, c.env.Rows()/2, c.given) }

// waitsFor reports whether a batch of n rows is put together with others.
func (c *coalescer) waitsFor(n int) bool { return n*smallPart < c.env.Rows() && c.rows+n <= c.target() }

// add copies a batch and releases it.
func (c *coalescer) add(b *vector.Batch) error {
	defer b.Release()
	if c.buffers == nil {
		c.buffers = newColumnBuffers(len(c.fields), c.env.Account)
	}
	rows := explicit(b.Sel, b.Len)
	for i := range c.buffers {
		if err := c.buffers[i].add(&b.Cols[i], rows); err != nil {
			return err
		}
	}
	c.rows += len(rows)
	return nil
}

// flush gives the waiting rows, in memory that is short-lived and the garbage
// collector's.
func (c *coalescer) flush() (*vector.Batch, error) {
	store, err := newJoinStore(c.fields, []storePart{{rows: c.rows, buffers: c.buffers}}, budget{account: c.env.Account})
	if err != nil {
		return nil, err
	}
	store.copyPart(&store.part[0])
	b := vector.New(store.cols, store.rows)
	store.release()
	c.given += c.rows
	c.buffers, c.rows = nil, 0
	return b, nil
}

// close frees what was not given out.
func (c *coalescer) close() {
	c.ended = true
	c.kept.Release()
	c.kept = nil
	releaseBuffers(c.buffers)
	c.buffers, c.rows = nil, 0
}
