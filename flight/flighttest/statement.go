package flighttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/skein-query/skein/flight"
	"github.com/skein-query/skein/flight/value"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
)

// statement is a prepared statement of the language.
type statement struct {
	fake    *Fake
	session *flight.Session
	text    string
	words   []string
	columns []expr.Field
	params  []expr.Type
	update  bool
	from    int // the first of the rows of a share
	rows    int // and how many; 0: it is no share
}

func (s *statement) echo(types string) error {
	depth, start := 0, 0
	for i, r := range types + "," {
		switch {
		case r == '(' || r == '<':
			depth++
		case r == ')' || r == '>':
			depth--
		case r == ',' && depth == 0:
			t, err := parseType(strings.TrimSpace(types[start:i]))
			if err != nil {
				return err
			}
			s.columns = append(s.columns, expr.Field{Name: string(rune('a' + len(s.params))), Type: t})
			s.params = append(s.params, t)
			start = i + 1
		}
	}
	return nil
}

func (s *statement) Columns() []expr.Field   { return s.columns }
func (s *statement) Parameters() []expr.Type { return s.params }
func (s *statement) IsUpdate() bool          { return s.update }

func (s *statement) number(word int) int {
	if word >= len(s.words) {
		return 0
	}
	n, _ := strconv.Atoi(s.words[word])
	return n
}

// Execute starts the statement.
func (s *statement) Execute(ctx context.Context, args []expr.Value) (flight.Result, error) {
	if len(args) != len(s.params) {
		return nil, fmt.Errorf("%d arguments for %d parameters", len(args), len(s.params))
	}
	args = slices.Clone(args)
	for i, a := range args {
		if _, ok := expr.DigitsType(a); !ok || s.params[i].Kind != expr.Numeric {
			continue
		}
		var err error
		if args[i], err = expr.ParseValue(a.S, s.params[i]); err != nil {
			return nil, sqlerr.Wrap(err, "parameter $%d", i+1)
		}
	}
	r := &result{statement: s, ctx: ctx, id: fmt.Sprintf("q%d", s.fake.Started.Add(1)), affected: -1}
	s.fake.Open.Add(1)
	switch s.words[0] {
	case "rows", "wide":
		r.left, r.n = s.number(1), s.from
		if s.rows > 0 {
			r.left = s.rows
		}
	case "echo":
		r.rows = [][]expr.Value{args}
	case "types":
		nulls := make([]expr.Value, len(s.columns))
		for i := range nulls {
			nulls[i] = expr.Null
		}
		r.rows = [][]expr.Value{allValues(), nulls}
	case "show":
		options, _ := s.fake.Options(ctx, s.session)
		r.rows = [][]expr.Value{{expr.Str(fmt.Sprint(options[s.words[1]]))}}
	case "set":
		if err := s.fake.SetOption(ctx, s.session, s.words[1], s.words[2]); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	case "insert":
		r.affected = 1
		s.fake.affect("insert " + expr.FormatValue(args[0], s.params[0]))
	case "returning":
		r.affected, r.rows = 1, [][]expr.Value{{expr.Int(42)}}
		s.fake.affect(s.text)
	case "create":
		s.fake.affect(s.text)
	case "private":
		s.session.SetPrivate(true)
	case "warn":
		flight.Warn(ctx, strings.Join(s.words[1:], " "))
	}
	return r, nil
}

// Update executes the statement for every row.
func (s *statement) Update(ctx context.Context, args [][]expr.Value) (flight.Result, error) {
	var all *result
	for _, row := range args {
		one, err := s.Execute(ctx, row)
		if err != nil {
			return nil, err
		}
		r := one.(*result)
		if all == nil {
			all = r
			continue
		}
		all.rows = append(all.rows, r.rows...)
		all.affected += r.affected
		_ = r.Close() // never fails
	}
	return all, nil
}

// result is a running statement.
type result struct {
	statement *statement
	ctx       context.Context
	id        string
	affected  int64
	rows      [][]expr.Value // given in one batch
	left, n   int            // rows still to make, and made
	closed    bool
}

func (r *result) QueryID() string { return r.id }

// Columns says that the columns are those announced.
func (r *result) Columns() []expr.Field { return nil }

// Affected is the number of rows that an update changed.
func (r *result) Affected() int64 { return r.affected }

// Next makes the next batch.
func (r *result) Next(ctx context.Context) (arrow.RecordBatch, error) {
	switch r.statement.words[0] {
	case "wait":
		select {
		case <-ctx.Done():
		case <-r.ctx.Done():
		}
		r.statement.fake.Cancelled.Add(1)
		return nil, sqlerr.New(sqlerr.QueryCanceled, "the wait was cancelled")
	case "panic":
		panic("asked to panic")
	case "fail":
		if r.n++; r.n == 1 {
			return r.batch([][]expr.Value{{expr.Int(1)}})
		}
		start := int32(strings.Index(r.statement.text, "fail"))
		return nil, sqlerr.At(sqlerr.DivisionByZero, sqlerr.Span{Start: start, End: start + 4}, "division by zero")
	}
	if rows := r.rows; rows != nil {
		r.rows = nil
		return r.batch(rows)
	}
	if r.left == 0 {
		return nil, io.EOF
	}
	const most = 1000
	rows := make([][]expr.Value, min(r.left, most))
	for i := range rows {
		name := fmt.Sprintf("row %d", r.n+i)
		if width := r.statement.number(2); width > 0 {
			name = strings.Repeat("x", width)
		}
		rows[i] = []expr.Value{expr.Int(int64(r.n + i)), expr.Str(name)}
	}
	r.left -= len(rows)
	r.n += len(rows)
	return r.batch(rows)
}

func (r *result) batch(rows [][]expr.Value) (arrow.RecordBatch, error) {
	columns := r.statement.columns
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(expr.ArrowFields(columns), nil))
	defer b.Release()
	for _, row := range rows {
		for i, v := range row {
			if err := value.Append(b.Field(i), columns[i].Type, v); err != nil {
				return nil, err
			}
		}
	}
	return b.NewRecordBatch(), nil
}

// Close counts.
func (r *result) Close() error {
	if !r.closed {
		r.closed = true
		r.statement.fake.Open.Add(-1)
	}
	return nil
}
