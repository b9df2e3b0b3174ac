package shell

import (
	"bytes"
	"encoding/json"
	"io"
	"math"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/skein-query/skein/flight/value"
	"github.com/skein-query/skein/planner/expr"
)

// jsonFormatter writes an array of objects, one a line, with values as
// PostgreSQL's to_json gives them: numbers with all their digits, NaN and
// infinities as text, times as text in ISO 8601's order.
type jsonFormatter struct {
	out    io.Writer
	schema *arrow.Schema
	rows   int64
	line   bytes.Buffer
}

func (f *jsonFormatter) write(batch arrow.RecordBatch) error {
	f.line.Reset()
	for row := range int(batch.NumRows()) {
		if f.rows++; f.rows == 1 {
			f.line.WriteString("[\n")
		} else {
			f.line.WriteString(",\n")
		}
		for i, column := range batch.Columns() {
			f.line.WriteByte("{,"[min(i, 1)])
			f.string(f.schema.Field(i).Name)
			f.line.WriteByte(':')
			v, t, err := value.At(column, row)
			if err != nil {
				return err
			}
			f.value(v, t)
		}
		f.line.WriteByte('}')
	}
	_, err := f.out.Write(f.line.Bytes())
	return err
}

func (f *jsonFormatter) string(s string) {
	quoted, _ := json.Marshal(s) // a string always can be
	f.line.Write(quoted)
}

func (f *jsonFormatter) value(v expr.Value, t expr.Type) {
	switch {
	case v.Null:
		f.line.WriteString("null")
	case t.Kind == expr.Bool, t.IsNumber() && !math.IsNaN(v.F) && !math.IsInf(v.F, 0):
		f.line.WriteString(expr.FormatValue(v, t))
	case t.Kind == expr.List:
		f.line.WriteByte('[')
		for i, e := range v.Elems {
			f.comma(i)
			f.value(e, t.Nested.Elem)
		}
		f.line.WriteByte(']')
	case t.Kind == expr.Struct:
		f.line.WriteByte('{')
		for i, e := range v.Elems {
			f.comma(i)
			f.string(t.Nested.Fields[i].Name)
			f.line.WriteByte(':')
			f.value(e, t.Nested.Fields[i].Type)
		}
		f.line.WriteByte('}')
	case t.Kind == expr.Map: // keys become text: JSON knows no others
		f.line.WriteByte('{')
		for i := 0; i+1 < len(v.Elems); i += 2 {
			f.comma(i)
			f.string(expr.FormatValue(v.Elems[i], t.Nested.Fields[0].Type))
			f.line.WriteByte(':')
			f.value(v.Elems[i+1], t.Nested.Fields[1].Type)
		}
		f.line.WriteByte('}')
	default:
		f.string(expr.FormatValue(v, t))
	}
}

func (f *jsonFormatter) comma(i int) {
	if i > 0 {
		f.line.WriteByte(',')
	}
}

func (f *jsonFormatter) close() error {
	end := "\n]\n"
	if f.rows == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(f.out, end)
	return err
}

// abandon leaves the array open, so that a reader sees that rows are missing.
func (f *jsonFormatter) abandon() error {
	_, err := io.WriteString(f.out, "\n")
	return err
}
