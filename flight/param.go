package flight

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/flight"

	"github.com/skein-query/skein/flight/value"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// maxParameterRows bounds what one DoPut may bind; more is a job for ingestion.
const maxParameterRows = 1 << 20

// readRows reads the rows of parameters of a stream, in the types the statement
// declares. The stream is read to its end also on error: a client that is still
// sending would not see it. A stream without batches gives no rows.
func readRows(r flight.MessageReader, types []expr.Type) ([][]expr.Value, error) {
	var rows [][]expr.Value
	var failed error
	for r.Next() {
		if failed != nil {
			continue
		}
		batch := r.RecordBatch()
		if len(types) == 0 && batch.NumCols() == 0 {
			continue // an empty batch for a statement without parameters
		}
		if int(batch.NumCols()) != len(types) {
			failed = sqlerr.New(protocolViolation, "%d parameters were bound, the statement has %d", batch.NumCols(), len(types))
			continue
		}
		if int64(len(rows))+batch.NumRows() > maxParameterRows {
			failed = sqlerr.New(sqlerr.ConfigurationLimit, "more than %d rows of parameters", maxParameterRows).
				WithHint("Use bulk ingestion.")
			continue
		}
		rows, failed = appendRows(rows, batch, types)
	}
	if failed == nil && len(types) > 0 && r.Err() != nil {
		failed = sqlerr.New(protocolViolation, "the parameters cannot be read: %v", r.Err())
	}
	return rows, failed
}

func appendRows(rows [][]expr.Value, batch arrow.RecordBatch, types []expr.Type) ([][]expr.Value, error) {
	for row := range int(batch.NumRows()) {
		values := make([]expr.Value, len(types))
		for i, to := range types {
			v, from, err := value.At(batch.Column(i), row)
			if err == nil {
				v, err = value.Argument(v, from, to)
			}
			if err != nil {
				return nil, sqlerr.Wrap(err, "parameter $%d", i+1)
			}
			values[i] = v
		}
		rows = append(rows, values)
	}
	return rows, nil
}
