package logictest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skein-query/skein/internal/sqlerr"
)

// statementTimeout bounds one statement; a hanging engine fails the record
// instead of the whole test binary.
const statementTimeout = 60 * time.Second

// Run runs the file at path in one session of its own and reports every record
// that fails under the configuration, by file and line. It goes on after a
// failure: one look shows all of them.
func Run(t testing.TB, path string, open func(ctx context.Context) (Conn, error), config string) {
	t.Helper()
	records, err := readScript(path)
	if err != nil {
		t.Fatalf("read script: %v", err)
	}
	conn, err := open(t.Context())
	if err != nil {
		t.Fatalf("%s: open: %v", path, err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Errorf("%s: close: %v", path, err)
		}
	}()
	s := session{conn: conn, labels: map[string]labelled{}}
	for i := range records {
		r := &records[i]
		if !r.runs(config) {
			continue
		}
		if fault := s.check(t.Context(), r); fault != "" {
			t.Errorf("%s:%d: %s\n%s", r.file, r.line, fault, indent(r.sql))
		}
	}
}

// session is one run of one file.
type session struct {
	conn   Conn
	labels map[string]labelled
}

// labelled is the first answer to a query with a label.
type labelled struct {
	line  int
	types []string
	rows  [][]Value
}

// check runs one record and says what is wrong with the answer, "" for nothing.
func (s *session) check(ctx context.Context, r *record) string {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	res, err := s.conn.Query(ctx, r.sql)
	if r.kind == statementError {
		return checkError(r, res, err)
	}
	if err != nil {
		return "unexpected error\n" + indent(sqlerr.Render(err, r.sql))
	}
	if r.kind == statementOK {
		return ""
	}
	return s.checkQuery(r, res)
}

func checkError(r *record, res *Result, err error) string {
	if err == nil {
		return fmt.Sprintf("want error %s, got %d rows", r.code, len(res.Rows))
	}
	if code := string(sqlerr.CodeOf(err)); code != r.code {
		return fmt.Sprintf("want error %s\n%s", r.code, indent(sqlerr.Render(err, r.sql)))
	}
	if r.message != nil && !r.message.MatchString(err.Error()) {
		return fmt.Sprintf("want a message that matches %s, got: %s", r.message, err)
	}
	return ""
}

func (s *session) checkQuery(r *record, res *Result) string {
	w := &r.want
	names, types := make([]string, len(res.Columns)), make([]string, len(res.Columns))
	for i, c := range res.Columns {
		names[i], types[i] = c.Name, c.Type
	}
	if !slices.EqualFunc(w.types, types, sameType) {
		return fmt.Sprintf("want types %s, got %s", strings.Join(w.types, ","), strings.Join(types, ","))
	}
	if w.names != nil && !slices.Equal(w.names, names) {
		return fmt.Sprintf("want names %q, got %q", w.names, names)
	}
	for i, row := range res.Rows {
		if len(row) != len(w.types) {
			return fmt.Sprintf("row %d has %d values for %d columns", i, len(row), len(w.types))
		}
	}
	got, compared := sorted(res.Rows, w.types, w.sort)
	want, _ := sorted(w.rows, w.types, w.sort)
	if d := diff(want, got, compared); d != "" {
		return "rows differ (- expected, + came)\n" + indent(d)
	}
	return s.checkLabel(r, got, compared)
}

// checkLabel compares with the first answer under the same label.
func (s *session) checkLabel(r *record, rows [][]Value, types []string) string {
	if r.want.label == "" {
		return ""
	}
	first, seen := s.labels[r.want.label]
	if !seen {
		s.labels[r.want.label] = labelled{line: r.line, types: types, rows: rows}
		return ""
	}
	if !slices.EqualFunc(first.types, types, sameType) {
		return fmt.Sprintf("types differ from label %s of line %d", r.want.label, first.line)
	}
	if d := diff(first.rows, rows, types); d != "" {
		return fmt.Sprintf("rows differ from label %s of line %d\n%s", r.want.label, first.line, indent(d))
	}
	return ""
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}
