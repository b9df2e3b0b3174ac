package flight

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/skein-query/skein/internal/sqlerr"
)

// maxBatchBytes is the most bytes of buffers in one message. Grafana and every
// client with gRPC's default take 4 MiB with headers and padding.
const maxBatchBytes = 7 << 19

// send streams a query's batches until they end, the client goes or the query is
// cancelled. It does not close the query.
func send(q *query, stream flight.FlightService_DoGetServer) error {
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	stop := context.AfterFunc(q.ctx, func() { cancel(context.Cause(q.ctx)) })
	defer stop()
	w := flight.NewRecordWriter(stream, ipc.WithSchema(q.schema))
	for {
		batch, err := q.result.Next(ctx)
		if errors.Is(err, io.EOF) {
			return w.Close() // sends the schema of a result without batches
		}
		if err != nil {
			return withText(causeOf(ctx, err), q.text)
		}
		err = write(w, q.schema, batch)
		batch.Release()
		if err != nil {
			return err
		}
	}
}

// write sends a batch under the schema that was promised.
func write(w *flight.Writer, schema *arrow.Schema, batch arrow.RecordBatch) error {
	if int(batch.NumCols()) != schema.NumFields() {
		return sqlerr.New(sqlerr.InternalError, "the result has %d columns instead of %d", batch.NumCols(), schema.NumFields())
	}
	for i, f := range schema.Fields() {
		if got := batch.Column(i).DataType(); !arrow.TypeEqual(got, f.Type) {
			return sqlerr.New(sqlerr.InternalError, "result column %q has type %s instead of %s", f.Name, got, f.Type)
		}
	}
	promised := array.NewRecordBatch(schema, batch.Columns(), batch.NumRows())
	defer promised.Release()
	return writeSlices(w, promised)
}

// writeSlices halves a batch until its parts fit a message; a single row is sent
// whatever its size.
func writeSlices(w *flight.Writer, batch arrow.RecordBatch) error {
	rows := batch.NumRows()
	if rows == 0 {
		return nil
	}
	if rows == 1 || fits(batch) {
		return w.Write(batch)
	}
	for _, r := range [2][2]int64{{0, rows / 2}, {rows / 2, rows}} {
		part := batch.NewSlice(r[0], r[1])
		err := writeSlices(w, part)
		part.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// fits reports whether a batch is small enough for one message. The buffers behind
// a slice may be larger than the slice: only when they are too large is the
// message made to measure it.
func fits(batch arrow.RecordBatch) bool {
	size := 0
	for _, c := range batch.Columns() {
		size += bufferBytes(c.Data())
	}
	if size <= maxBatchBytes {
		return true
	}
	payload, err := ipc.GetRecordBatchPayload(batch)
	if err != nil {
		return true // writing it will say why
	}
	defer payload.Release()
	var sent counter
	_ = payload.SerializeBody(&sent) // a counter never fails
	return sent <= maxBatchBytes
}

// bufferBytes is the size of all buffers behind an array.
func bufferBytes(d arrow.ArrayData) int {
	size := 0
	for _, b := range d.Buffers() {
		if b != nil {
			size += b.Len()
		}
	}
	for _, child := range d.Children() {
		size += bufferBytes(child)
	}
	return size
}

// counter counts what is written to it.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// drain reads a query to its end for the number of its rows.
func drain(ctx context.Context, q *query) (rows int64, err error) {
	for {
		batch, err := q.result.Next(ctx)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, withText(causeOf(ctx, err), q.text)
		}
		rows += batch.NumRows()
		batch.Release()
	}
}
