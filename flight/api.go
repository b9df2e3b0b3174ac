package flight

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/skein-query/skein/planner/expr"
)

// Statements runs SQL and Substrait plans.
type Statements interface {
	// Prepare parses, binds and plans one statement; it executes nothing. Errors
	// are *sqlerr.Error with spans of text.
	Prepare(ctx context.Context, s *Session, text string) (Prepared, error)
	// PrepareSubstrait reads a plan, in protobuf or JSON, and plans it as Prepare does.
	// version is the one of Substrait that the client says it is of, or empty.
	PrepareSubstrait(ctx context.Context, s *Session, plan []byte, version string) (Prepared, error)
	// Cancel stops a query by the id its Result gave; false when no such query runs.
	// The server asks for queries it does not itself hold.
	Cancel(ctx context.Context, queryID string) (bool, error)
	// Progress is how many of its tasks a running query has done; total is 0 when
	// that is not known yet, or never will be.
	Progress(queryID string) (done, total int)
	// Share prepares a statement of which each of several endpoints gives a share of the
	// rows. The first time want says how many shares are wanted and no version: the
	// answer has how many there are, 1 when the rows cannot be shared, and the version of
	// what they are read from. With a version the statement gives the rows of one share.
	Share(ctx context.Context, s *Session, text string, args []expr.Value, want Share) (Prepared, Share, error)
}

// Share is a part of the rows of a query, which is read without the others.
type Share struct {
	Index   int    `json:"i,omitempty"`
	Of      int    `json:"n,omitempty"`
	Version string `json:"v,omitempty"`
	// Plan is the share as a plan, and Names the columns of it, for servers that know no
	// catalog: they give its rows and nothing else. It may be missing.
	Plan  []byte   `json:"p,omitempty"`
	Names []string `json:"c,omitempty"`
	// Plans are those of all shares, when they are asked for.
	Plans [][]byte `json:"-"`
}

// Prepared is a planned statement. It may be executed any number of times, also
// concurrently, and is dropped without ceremony: it must hold nothing that needs
// closing. One whose tables have changed since plans itself anew.
type Prepared interface {
	// Columns are the result's columns; none for an update. The batches of a result
	// have the Arrow types of Columns (expr.Type.Arrow) in their order.
	Columns() []expr.Field
	// Parameters are the types of $1, $2, …, all concrete.
	Parameters() []expr.Type
	// IsUpdate says that the statement has an effect instead of rows: DDL, DML, SET.
	// A statement with an effect and rows (RETURNING) is an update with Columns.
	IsUpdate() bool
	// Execute starts the statement with one value for each parameter, in the
	// parameter's type, or of a numeric that this type does not hold exactly its
	// digits (value.Argument), and returns before the rows are made. The end of ctx, even
	// after Execute has returned, cancels the query. It is for what is no update.
	Execute(ctx context.Context, args []expr.Value) (Result, error)
	// Update executes an update once for each row of args, of which there is one at
	// least: all executions have had their effect when it returns, or none has.
	Update(ctx context.Context, args [][]expr.Value) (Result, error)
}

// Result is a running query. Its methods are called by one goroutine at a time.
type Result interface {
	// QueryID names the query in logs, in FlightInfo.app_metadata and for Cancel.
	QueryID() string
	// Columns are those of the batches where arguments gave numerics another
	// precision or scale than Prepared announced; else nil.
	Columns() []expr.Field
	// Next gives the next batch, which the caller releases; io.EOF ends.
	Next(ctx context.Context) (arrow.RecordBatch, error)
	// Affected is the number of rows an update changed, -1 when that means nothing.
	Affected() int64
	// Close frees what the query holds, cancelling it if it still runs; idempotent.
	Close() error
}

// Catalog lists what a session may see. The listings need no order; the server
// filters and sorts them.
type Catalog interface {
	// Schemas lists the schemas of every catalog.
	Schemas(ctx context.Context, s *Session) ([]Schema, error)
	// Tables lists the tables and views of every catalog.
	Tables(ctx context.Context, s *Session) ([]Table, error)
}

// Schema is a schema of a catalog.
type Schema struct {
	Catalog, Name string
}

// Table is a table, a view or a system table.
type Table struct {
	Catalog, Schema, Name string
	Type                  string // one of the TableType constants
	Remarks               string // a comment, may be empty
	Columns               []expr.Field
	KeyName               string   // of its primary key
	Key                   []string // the columns of that in their order, none without one
}

// The table types, in JDBC's words.
const (
	TableTypeTable  = "TABLE"
	TableTypeView   = "VIEW"
	TableTypeSystem = "SYSTEM TABLE"
	// TableTypeTemporary is that of tables that only one session has.
	TableTypeTemporary = "LOCAL TEMPORARY"
)

// Sessions knows which options a session has. What SET sets in SQL and what
// SetSessionOptions sets are the same thing: both end in Session.Set.
type Sessions interface {
	// SetOption checks and sets one option. The value is a string, bool, int64,
	// float64 or []string, converted to the option's own type; nil and the empty
	// string reset it. An unknown name is an *sqlerr.Error of code 42704, a bad value
	// one of 22023. The names "catalog" and "schema" are known by Flight SQL clients.
	SetOption(ctx context.Context, s *Session, name string, value any) error
	// Options are all options with the values in force, of the same types.
	Options(ctx context.Context, s *Session) (map[string]any, error)
	// End says that nobody will use the session again: what it had of its own goes.
	End(s *Session)
}

// Ingest takes bulk data into tables.
type Ingest interface {
	// Ingest stores all rows and gives their number, or stores none. The reader's
	// schema is the client's, whatever Arrow type a column has; its memory is freed by
	// the server, which also reads what is left after an error.
	Ingest(ctx context.Context, s *Session, into Target, rows array.RecordReader) (int64, error)
}

// Target says where ingested rows go and what to do about the table.
type Target struct {
	Catalog, Schema, Table string // Catalog and Schema empty: the session's
	Temporary              bool
	IfMissing              IfMissing
	IfExists               IfExists
	Options                map[string]string
}

// IfMissing says what ingestion does when the table does not exist.
type IfMissing uint8

// The choices for a missing table.
const (
	FailIfMissing IfMissing = iota
	CreateIfMissing
)

// IfExists says what ingestion does when the table exists.
type IfExists uint8

// The choices for an existing table.
const (
	FailIfExists IfExists = iota
	AppendIfExists
	ReplaceIfExists
)
