package shell

import (
	"bufio"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
)

// csvFormatter writes what PostgreSQL's COPY … (FORMAT csv, HEADER) writes: NULL is
// nothing, the empty text is "".
type csvFormatter struct{ out *bufio.Writer }

func newCSVFormatter(out io.Writer, schema *arrow.Schema) (formatter, error) {
	f := csvFormatter{bufio.NewWriterSize(out, 64<<10)}
	for i, field := range schema.Fields() {
		f.cell(i, field.Name)
	}
	_, err := f.out.WriteString("\n")
	return f, err
}

func (f csvFormatter) cell(column int, s string) {
	if column > 0 {
		f.out.WriteByte(',')
	}
	if s == "" || strings.ContainsAny(s, ",\"\r\n") || s == `\.` {
		s = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	f.out.WriteString(s) // an error comes back from the line's end
}

func (f csvFormatter) write(batch arrow.RecordBatch) error {
	for row := range int(batch.NumRows()) {
		for i, column := range batch.Columns() {
			s, null, err := text(column, row)
			if err != nil {
				return err
			}
			if !null {
				f.cell(i, s)
			} else if i > 0 {
				f.out.WriteByte(',')
			}
		}
		if _, err := f.out.WriteString("\n"); err != nil {
			return err
		}
	}
	return nil
}

func (f csvFormatter) close() error { return f.out.Flush() }

func (f csvFormatter) abandon() error { return f.out.Flush() }
