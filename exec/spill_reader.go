package exec

import (
	"context"
	"io"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// spillReader gives out the batches of a file from number at on, up to number to, and
// fewer rows at a time where a test wants it.
type spillReader struct {
	fields []expr.Field
	file   SpillFile
	at, to int
	rows   int // most rows of a batch
	rest   *vector.Batch
}

// newSpillReader reads a whole file.
func newSpillReader(f SpillFile, fields []expr.Field, env *Env) *spillReader {
	return &spillReader{fields: fields, file: f, to: f.Batches(), rows: env.Rows()}
}

func (r *spillReader) Schema() []expr.Field { return r.fields }

func (r *spillReader) Next(ctx context.Context) (*vector.Batch, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if r.rest == nil {
		if r.at >= r.to {
			return nil, io.EOF
		}
		b, err := r.file.Read(r.at)
		if err != nil {
			return nil, err
		}
		r.at++
		r.rest = b
	}
	b := r.rest
	if b.Rows() <= r.rows {
		r.rest = nil
		return b, nil
	}
	first, rest := b.Slice(0, r.rows), b.Slice(r.rows, b.Rows())
	b.Release()
	r.rest = rest
	return first, nil
}

// Close forgets the file, which is not the reader's; at stays.
func (r *spillReader) Close() error {
	r.rest.Release()
	r.rest, r.to = nil, r.at
	return nil
}
