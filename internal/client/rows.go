package client

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"

	"github.com/apache/arrow-adbc/go/adbc"
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// Rows is the answer to one statement.
type Rows struct {
	statement adbc.Statement
	reader    array.RecordReader
	affected  int64
	cancel    context.CancelFunc
	closed    bool
}

// Schema is that of the batches; it has no fields for a statement without rows.
func (r *Rows) Schema() *arrow.Schema { return r.reader.Schema() }

// warningKey is where the metadata of a result's schema has what the server tells beside
// the rows (flight.WarningKey).
const warningKey = "skein:warning"

// Warnings are what the server tells of the statement that is no error, a line each.
func (r *Rows) Warnings() []string {
	text, ok := r.Schema().Metadata().GetValue(warningKey)
	if !ok || text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// Affected is the number of rows an update changed, -1 when there is none to say.
func (r *Rows) Affected() int64 { return r.affected }

// Next gives the next batch, which the caller releases; io.EOF ends.
func (r *Rows) Next() (arrow.RecordBatch, error) {
	if r.closed {
		return nil, io.EOF
	}
	if r.reader.Next() {
		batch := r.reader.RecordBatch()
		batch.Retain()
		return batch, nil
	}
	if err := r.reader.Err(); err != nil {
		return nil, fromADBC(err)
	}
	return nil, io.EOF
}

// Batches ranges over the batches, each of which the loop releases, until their
// end or the first error.
func (r *Rows) Batches() iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		for {
			batch, err := r.Next()
			if errors.Is(err, io.EOF) || !yield(batch, err) || err != nil {
				return
			}
		}
	}
}

// Close cancels what still runs and frees the rest; idempotent.
func (r *Rows) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.cancel()
	r.reader.Release()
	return r.statement.Close()
}
