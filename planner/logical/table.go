package logical

import (
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// Table is one version of a table as the catalog gives it to the planner.
type Table struct {
	Catalog, Schema, Name string
	Fields                []expr.Field
	Files                 []physical.File // external tables
	Rows                  [][]expr.Value  // tables that are computed (information_schema); Files is empty then
	Stats                 Stats
	Guard                 *Guard // nil: whoever asked may see all of it
}

// Guard is what somebody may not see of a table.
type Guard struct {
	// Denied are fields that may not be read; nil is none.
	Denied []bool
	// Restricted says that only rows are seen on which one of Policies is true.
	Restricted bool
	Policies   []Policy
}

// Policy is a condition on rows, in SQL over the table's columns.
type Policy struct{ Name, Using string }

// Stats is what is known of a table's contents.
type Stats struct {
	RowCount float64
	Columns  []ColumnStats // one per field; may be empty
}

// ColumnStats is what is known of one column. Values are guesses unless said
// otherwise.
type ColumnStats struct {
	Distinct     float64     // number of distinct values; 0 when unknown
	NullFraction float64     // share of NULLs
	Min, Max     *expr.Value // exact bounds, nil when unknown
	AvgBytes     float64     // compressed bytes a value in the files
	// Clustered says that files and row groups hold ascending, barely overlapping
	// ranges of this column.
	Clustered bool
}

// Restricted reports whether conditions of a query must not run on rows that its user may
// not see: they would tell of them by their errors.
func (t *Table) Restricted() bool { return t.Guard != nil && t.Guard.Restricted }

// Denies reports whether field i may not be read.
func (t *Table) Denies(i int) bool {
	return t.Guard != nil && i < len(t.Guard.Denied) && t.Guard.Denied[i]
}

// Column is the statistics of field i, zero when there are none.
func (s Stats) Column(i int) ColumnStats {
	if i < len(s.Columns) {
		return s.Columns[i]
	}
	return ColumnStats{}
}
