package shell

import (
	"fmt"
	"io"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/rivo/uniseg"
)

// nullText stands for NULL in tables, where the empty text is nothing.
const nullText = "NULL"

// maxHeldRows is how many rows the widths of a table's columns are taken from; the
// rows after them are printed as they come.
const maxHeldRows = 10_000

// tableFormatter prints a table as psql does.
type tableFormatter struct {
	out      io.Writer
	progress *progress
	names    []string
	right    []bool // numbers
	widths   []int  // set when the header has been printed
	held     [][]string
	rows     int64
}

func newTableFormatter(out io.Writer, schema *arrow.Schema, p *progress) *tableFormatter {
	f := &tableFormatter{out: out, progress: p}
	for _, field := range schema.Fields() {
		f.names = append(f.names, field.Name)
		f.right = append(f.right, isNumber(field.Type))
	}
	return f
}

// cells are the texts of a row.
func cells(batch arrow.RecordBatch, row int) ([]string, error) {
	out := make([]string, batch.NumCols())
	for i, column := range batch.Columns() {
		s, null, err := text(column, row)
		if err != nil {
			return nil, err
		}
		if null {
			s = nullText
		}
		out[i] = printable(s)
	}
	return out, nil
}

// printable takes from a text what would move the cursor, other than line breaks.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r < ' ' && r != '\n' || r == 0x7f:
			return '\uFFFD'
		}
		return r
	}, s)
}

func (f *tableFormatter) write(batch arrow.RecordBatch) error {
	for row := range int(batch.NumRows()) {
		line, err := cells(batch, row)
		if err != nil {
			return err
		}
		f.rows++
		f.held = append(f.held, line)
	}
	if f.widths == nil && len(f.held) < maxHeldRows {
		return nil
	}
	return f.flush()
}

// flush prints the header, once, and the rows held back.
func (f *tableFormatter) flush() error {
	f.progress.stop()
	var b strings.Builder
	if f.widths == nil {
		f.measure()
		f.header(&b)
	}
	for _, row := range f.held {
		f.row(&b, row)
	}
	f.held = f.held[:0]
	_, err := io.WriteString(f.out, b.String())
	return err
}

func (f *tableFormatter) measure() {
	f.widths = make([]int, len(f.names))
	for _, row := range append([][]string{f.names}, f.held...) {
		for i, cell := range row {
			for line := range strings.SplitSeq(cell, "\n") {
				f.widths[i] = max(f.widths[i], uniseg.StringWidth(line))
			}
		}
	}
}

func (f *tableFormatter) header(b *strings.Builder) {
	for i, name := range f.names {
		if i > 0 {
			b.WriteByte('|')
		}
		gap := max(0, f.widths[i]-uniseg.StringWidth(name))
		b.WriteString(" " + strings.Repeat(" ", gap/2) + name + strings.Repeat(" ", gap-gap/2) + " ")
	}
	b.WriteByte('\n')
	for i, width := range f.widths {
		if i > 0 {
			b.WriteByte('+')
		}
		b.WriteString(strings.Repeat("-", width+2))
	}
	b.WriteByte('\n')
}

// row prints a row, on several lines when a cell has line breaks: a + at the end
// of a cell says that it goes on.
func (f *tableFormatter) row(b *strings.Builder, row []string) {
	parts := make([][]string, len(row))
	height := 1
	for i, cell := range row {
		parts[i] = strings.Split(cell, "\n")
		height = max(height, len(parts[i]))
	}
	for line := range height {
		for i := range row {
			if i > 0 {
				b.WriteByte('|')
			}
			cell, mark := "", " "
			if line < len(parts[i]) {
				cell = parts[i][line]
			}
			if line+1 < len(parts[i]) {
				mark = "+"
			}
			f.cell(b, i, cell, mark)
		}
		b.WriteByte('\n')
	}
}

func (f *tableFormatter) cell(b *strings.Builder, column int, cell, mark string) {
	pad := strings.Repeat(" ", max(0, f.widths[column]-uniseg.StringWidth(cell)))
	last := column == len(f.names)-1
	switch {
	case f.right[column]:
		b.WriteString(" " + pad + cell)
	case last && mark == " ":
		b.WriteString(" " + cell)
	default:
		b.WriteString(" " + cell + pad)
	}
	if !last || mark != " " {
		b.WriteString(mark)
	}
}

func (f *tableFormatter) close() error {
	if err := f.flush(); err != nil {
		return err
	}
	return rowCount(f.out, f.rows)
}

func (f *tableFormatter) abandon() error {
	if f.rows == 0 {
		return nil
	}
	return f.flush()
}

func rowCount(out io.Writer, n int64) error {
	_, err := fmt.Fprintf(out, "(%d %s)\n\n", n, plural(n, "row"))
	return err
}

// expandedFormatter prints a record for each row, as psql does after \x.
type expandedFormatter struct {
	out      io.Writer
	schema   *arrow.Schema
	progress *progress
	rows     int64
}

func (f *expandedFormatter) write(batch arrow.RecordBatch) error {
	f.progress.stop()
	width := 0
	for _, field := range f.schema.Fields() {
		width = max(width, uniseg.StringWidth(field.Name))
	}
	var b strings.Builder
	for row := range int(batch.NumRows()) {
		f.rows++
		title := fmt.Sprintf("-[ RECORD %d ]", f.rows)
		b.WriteString(title + strings.Repeat("-", max(0, width+1-len(title))) + "\n")
		line, err := cells(batch, row)
		if err != nil {
			return err
		}
		for i, cell := range line {
			name := f.schema.Field(i).Name
			pad := strings.Repeat(" ", width-uniseg.StringWidth(name))
			b.WriteString(name + pad + " | " + strings.ReplaceAll(cell, "\n", "\n"+strings.Repeat(" ", width)+" | ") + "\n")
		}
	}
	_, err := io.WriteString(f.out, b.String())
	return err
}

func (f *expandedFormatter) close() error {
	f.progress.stop()
	if f.rows == 0 {
		return rowCount(f.out, 0)
	}
	_, err := io.WriteString(f.out, "\n")
	return err
}

func (f *expandedFormatter) abandon() error { return nil }
