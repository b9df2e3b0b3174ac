package flight

import (
	"context"
	"errors"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/skein-query/skein/internal/sqlerr"
)

// maxBatchBytes is the most bytes of buffers in one message. Grafana and every
// client with gRPC's default take 4 MiB with headers and padding.
const maxBatchBytes = 7 << 19

// send streams a query's batches until they end, the client goes or the query is
// cancelled. It does not close the query. The schema goes ahead of the first rows,
// which may take long: clients wait for it before they hand out a reader.
func send(q *query, stream flight.FlightService_DoGetServer) (err error) {
	rows := int64(0)
	defer func() {
		q.span.Int("db.response.returned_rows", rows)
		q.span.Fail(err)
	}()
	ctx, cancel := context.WithCancelCause(stream.Context())
	defer cancel(nil)
	stop := context.AfterFunc(q.ctx, func() { cancel(context.Cause(q.ctx)) })
	defer stop()
	w := sender{stream: stream, schema: q.schema}
	if err := w.payload(ipc.GetSchemaPayload(q.schema, memory.DefaultAllocator), 0); err != nil {
		return err
	}
	for {
		batch, err := q.next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return q.failed(causeOf(ctx, err)) // the query may end before ctx hears of it
		}
		err = w.batch(batch)
		rows += batch.NumRows()
		batch.Release()
		if err != nil {
			return err
		}
	}
}

// sender writes batches as Flight messages. It is arrow-go's record writer without
// its wait for the first batch, without its second encoding of a message that has been
// measured, and without copying it.
type sender struct {
	stream flight.FlightService_DoGetServer
	schema *arrow.Schema
}

// batch sends a batch under the schema that was promised.
func (w *sender) batch(batch arrow.RecordBatch) error {
	if int(batch.NumCols()) != w.schema.NumFields() {
		return sqlerr.New(sqlerr.InternalError, "the result has %d columns instead of %d", batch.NumCols(), w.schema.NumFields())
	}
	for i, f := range w.schema.Fields() {
		if got := batch.Column(i).DataType(); !arrow.TypeEqual(got, f.Type) {
			return sqlerr.New(sqlerr.InternalError, "result column %q has type %s instead of %s", f.Name, got, f.Type)
		}
	}
	return w.slices(batch)
}

// slices sends a batch in parts that fit a message; a single row is sent whatever its
// size.
func (w *sender) slices(batch arrow.RecordBatch) error {
	rows := batch.NumRows()
	if rows == 0 {
		return nil
	}
	payload, err := ipc.GetRecordBatchPayload(batch)
	if err != nil {
		return err
	}
	var size counter
	_ = payload.SerializeBody(&size) // a counter never fails
	if rows == 1 || size <= maxBatchBytes {
		return w.payload(payload, int(size))
	}
	payload.Release()
	each := max(1, min(rows/2, rows*maxBatchBytes/int64(size))) // rows that fit if all are of one size
	for from := int64(0); from < rows; from += each {
		part := batch.NewSlice(from, min(from+each, rows))
		err := w.slices(part)
		part.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// payload sends one message and releases it, now or when it has left. The message is a
// frame, which the server's codec knows.
func (w *sender) payload(p ipc.Payload, size int) error {
	meta := p.Meta()
	defer meta.Release()
	f := &frame{payload: p, header: meta.Bytes(), size: size}
	err := w.stream.SendMsg(f)
	if !f.given {
		p.Release()
	}
	return err
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
		batch, err := q.next(ctx)
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, q.failed(causeOf(ctx, err))
		}
		rows += batch.NumRows()
		batch.Release()
	}
}
