package sql

// Explain is EXPLAIN [ANALYZE] [VERBOSE] [(option, …)] statement. The old
// keywords come as options; FORMAT SUBSTRAIT and others are kept as written.
type Explain struct {
	Loc
	Options   []Option
	Statement Statement
}

// CreateSchema is CREATE SCHEMA [IF NOT EXISTS] name.
type CreateSchema struct {
	Loc
	Name        Ident
	IfNotExists bool
}

// CreateTable is CREATE [TEMPORARY] TABLE name (columns, constraints) [WITH (…)].
type CreateTable struct {
	Loc
	Name        Name
	IfNotExists bool
	Temporary   bool
	Columns     []ColumnDef
	Constraints []Constraint
	Like        []Name // LIKE table
	Options     []Option
}

// ColumnDef is a column of CREATE TABLE, CREATE EXTERNAL TABLE or of a table
// function's column list.
type ColumnDef struct {
	Loc
	Name        Ident
	Type        TypeName
	Constraints []Constraint
}

// ConstraintKind is the kind of a constraint.
type ConstraintKind uint8

// The kinds.
const (
	NotNull ConstraintKind = iota + 1
	Nullable
	DefaultValue
	Check
	PrimaryKey
	Unique
	ForeignKey
)

// Constraint is a constraint of a column or of a table.
type Constraint struct {
	Loc
	Kind       ConstraintKind
	Name       Ident
	Columns    []Ident // of a table's PRIMARY KEY, UNIQUE, FOREIGN KEY
	Value      Expr    // of DEFAULT and CHECK
	References Name    // of FOREIGN KEY
	Referenced []Ident
}

// CreateTableAs is CREATE [TEMPORARY] TABLE name [(columns)] AS query.
type CreateTableAs struct {
	Loc
	Name        Name
	Columns     []Ident
	IfNotExists bool
	Temporary   bool
	NoData      bool // WITH NO DATA
	Options     []Option
	Query       *Query
}

// CreateView is CREATE [OR REPLACE] [MATERIALIZED] VIEW name [(columns)] AS query.
type CreateView struct {
	Loc
	Name         Name
	Columns      []Ident
	OrReplace    bool
	Materialized bool
	IfNotExists  bool
	NoData       bool
	Temporary    bool
	Options      []Option
	Query        *Query
}

// RefreshView is REFRESH MATERIALIZED VIEW [CONCURRENTLY] name [WITH NO DATA].
type RefreshView struct {
	Loc
	Name         Name
	Concurrently bool
	NoData       bool
}

// CreateExternalTable is CREATE [OR REPLACE] EXTERNAL TABLE [IF NOT EXISTS] name
// [(columns)] STORED AS PARQUET LOCATION '…' [WITH (…)].
type CreateExternalTable struct {
	Loc
	Name        Name
	OrReplace   bool
	IfNotExists bool
	Columns     []ColumnDef // empty: taken from the files
	Format      string      // lower case, "parquet"
	Location    Literal
	Options     []Option
}

// ObjectKind is what a Drop drops.
type ObjectKind uint8

// The kinds.
const (
	Table ObjectKind = iota + 1
	ExternalTable
	View
	MaterializedView
	Schema
)

// Drop is DROP kind [IF EXISTS] name, … [CASCADE].
type Drop struct {
	Loc
	Kind     ObjectKind
	Names    []Name
	IfExists bool
	Cascade  bool
}

// Insert is INSERT INTO table [(columns)] query. DEFAULT VALUES has no Query.
type Insert struct {
	Loc
	With       *With
	Table      *TableName
	Columns    []Ident
	Query      *Query
	OnConflict *OnConflict // nil when absent
	Returning  []SelectItem
}

// OnConflict is ON CONFLICT [(columns)] DO NOTHING | DO UPDATE SET ….
type OnConflict struct {
	Loc
	Columns    []Ident
	Constraint Ident // ON CONSTRAINT name
	Set        []Assignment
	Where      Expr
	Update     bool // DO UPDATE
}

// Assignment is one SET clause: column = value, or (a, b) = row or query.
type Assignment struct {
	Loc
	Columns []Ident
	Value   Expr // with several columns a *Row or a *ScalarSubquery
}

// Update is UPDATE table SET … [FROM …] [WHERE …] [RETURNING …].
type Update struct {
	Loc
	With      *With
	Table     *TableName
	Set       []Assignment
	From      []TableExpr
	Where     Expr
	Returning []SelectItem
}

// Delete is DELETE FROM table [USING …] [WHERE …] [RETURNING …].
type Delete struct {
	Loc
	With      *With
	Table     *TableName
	Using     []TableExpr
	Where     Expr
	Returning []SelectItem
}

// Truncate is TRUNCATE table, ….
type Truncate struct {
	Loc
	Tables  []Name
	Cascade bool
}

// Copy is COPY table | (query) FROM | TO 'file' | STDIN | STDOUT.
type Copy struct {
	Loc
	Table   Name // empty when Query is given
	Columns []Ident
	Query   *Query
	From    bool
	File    string // empty for STDIN and STDOUT
	Options []Option
	Where   Expr
}

// Set is SET [LOCAL] name = value, …; SET TIME ZONE comes as timezone.
type Set struct {
	Loc
	Name   string
	Local  bool
	Values []Expr // empty for DEFAULT
}

// SetTransaction is SET [SESSION CHARACTERISTICS AS] TRANSACTION modes.
type SetTransaction struct {
	Loc
	Session bool
	Modes   []Option
}

// Reset is RESET name, or RESET ALL with an empty name.
type Reset struct {
	Loc
	Name string
}

// Show is SHOW name; "all" for SHOW ALL.
type Show struct {
	Loc
	Name string
}

// ShowQueries is SHOW QUERIES.
type ShowQueries struct{ Loc }

// ShowMembers is SHOW MEMBERS.
type ShowMembers struct{ Loc }

// Kill is KILL [QUERY] 'id'.
type Kill struct {
	Loc
	ID Literal
}

// ShowTables is SHOW TABLES [FROM schema].
type ShowTables struct {
	Loc
	Schema Ident
}

// Describe is DESCRIBE [TABLE] name, or DESC name.
type Describe struct {
	Loc
	Name Name
}

// Begin is BEGIN or START TRANSACTION.
type Begin struct {
	Loc
	Modes []Option // transaction_isolation, transaction_read_only, transaction_deferrable
}

// Commit is COMMIT or END.
type Commit struct{ Loc }

// Rollback is ROLLBACK or ABORT.
type Rollback struct{ Loc }

// Prepare is PREPARE name [(types)] AS statement.
type Prepare struct {
	Loc
	Name      Ident
	Types     []TypeName
	Statement Statement
}

// Execute is EXECUTE name [(values)].
type Execute struct {
	Loc
	Name Ident
	Args []Expr
}

// Deallocate is DEALLOCATE name, or ALL with no name.
type Deallocate struct {
	Loc
	Name Ident
}

func (*Explain) statement()             {}
func (*CreateSchema) statement()        {}
func (*CreateTable) statement()         {}
func (*CreateTableAs) statement()       {}
func (*CreateView) statement()          {}
func (*RefreshView) statement()         {}
func (*CreateExternalTable) statement() {}
func (*Drop) statement()                {}
func (*Insert) statement()              {}
func (*Update) statement()              {}
func (*Delete) statement()              {}
func (*Truncate) statement()            {}
func (*Copy) statement()                {}
func (*Set) statement()                 {}
func (*SetTransaction) statement()      {}
func (*Reset) statement()               {}
func (*Show) statement()                {}
func (*ShowTables) statement()          {}
func (*ShowQueries) statement()         {}
func (*ShowMembers) statement()         {}
func (*Kill) statement()                {}
func (*Describe) statement()            {}
func (*Begin) statement()               {}
func (*Commit) statement()              {}
func (*Rollback) statement()            {}
func (*Prepare) statement()             {}
func (*Execute) statement()             {}
func (*Deallocate) statement()          {}
