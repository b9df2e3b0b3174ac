package logictest

import "context"

// Conn runs statements one after another in one session. Errors carry their
// SQLSTATE as sqlerr.CodeOf finds it.
type Conn interface {
	// Query runs one statement. A statement without rows gives a Result without columns.
	Query(ctx context.Context, sql string) (*Result, error)
	Close() error
}

// Open gives a new session of the engine under test.
type Open func(ctx context.Context) (Conn, error)

// Result is the whole answer to one statement.
type Result struct {
	Columns []Column
	Rows    [][]Value // each as long as Columns
}

// Column describes one column of a result.
type Column struct {
	Name string
	Type string // PostgreSQL's internal name without modifiers: int4, float8, numeric, timestamptz, …
}

// Value is one value in PostgreSQL's text form.
type Value struct {
	Text string
	Null bool // Text is empty then
}
