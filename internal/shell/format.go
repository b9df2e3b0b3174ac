package shell

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/skein-query/skein/flight/value"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// The output formats.
const (
	FormatTable = "table"
	FormatCSV   = "csv"
	FormatJSON  = "json"
	FormatArrow = "arrow" // an IPC stream for each result
)

// Formats are the names of all output formats.
func Formats() []string { return []string{FormatTable, FormatCSV, FormatJSON, FormatArrow} }

// formatter prints one result.
type formatter interface {
	write(batch arrow.RecordBatch) error // the batch stays the caller's
	close() error                        // the result is whole
	abandon() error                      // an error ended it: print what is held back
}

func (s *Shell) newFormatter(schema *arrow.Schema, p *progress) (formatter, error) {
	switch s.Format {
	case FormatTable:
		if s.Expanded {
			return &expandedFormatter{out: s.Out, schema: schema, progress: p}, nil
		}
		return newTableFormatter(s.Out, schema, p), nil
	case FormatCSV:
		p.stop()
		return newCSVFormatter(s.Out, schema)
	case FormatJSON:
		p.stop()
		return &jsonFormatter{out: s.Out, schema: schema}, nil
	case FormatArrow:
		p.stop()
		return arrowFormatter{ipc.NewWriter(s.Out, ipc.WithSchema(schema))}, nil
	}
	return nil, sqlerr.New(sqlerr.InvalidParameterValue, "unknown output format %q", s.Format).
		WithHint("The formats are table, csv, json and arrow.")
}

// arrowFormatter writes an Arrow IPC stream.
type arrowFormatter struct{ w *ipc.Writer }

func (f arrowFormatter) write(batch arrow.RecordBatch) error { return f.w.Write(batch) }

func (f arrowFormatter) close() error { return f.w.Close() }

// abandon leaves the stream without its end mark, so that a reader sees that
// rows are missing.
func (f arrowFormatter) abandon() error { return nil }

// text is a cell as PostgreSQL prints it; null is true for NULL.
func text(a arrow.Array, row int) (s string, null bool, err error) {
	v, t, err := value.At(a, row)
	if err != nil || v.Null {
		return "", true, err
	}
	return expr.FormatValue(v, t), false, nil
}

// isNumber reports whether a column's values are aligned to the right.
func isNumber(t arrow.DataType) bool {
	typ, ok := expr.FromArrow(t)
	return ok && typ.IsNumber()
}
