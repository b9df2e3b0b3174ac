package physical

import (
	"time"

	"github.com/skein-query/skein/planner/expr"
)

// File is one version of a data file.
type File struct {
	Path      string // local path or s3:// address, as the object store takes it
	SizeBytes int64
	ModTime   time.Time // local files; zero when the store has an ETag
	ETag      string
	// RowGroups are the ordinals of the row groups to read, in order; nil reads all.
	RowGroups []int
}

// Scan reads columns of Parquet files. Its output is the columns Fields[Emit[i]].
type Scan struct {
	Est
	Table string // for people: EXPLAIN and errors
	Files []File
	// Columns are the names of the file's top-level columns that are read, Fields
	// their names and types here; Filter and RuntimeFilters count in them.
	Columns []string
	Fields  []expr.Field
	Filter  []expr.Expr // conjuncts; those that can fail stand last
	// RuntimeFilters are filters that joins of the same fragment, or of fragments
	// this one waits for, publish while the query runs.
	RuntimeFilters []RuntimeFilterUse
	Emit           []int // which of Fields the operator gives out, in order
}

// RuntimeFilterUse applies the filter that a join publishes under ID to a column.
type RuntimeFilterUse struct {
	ID     int
	Column int // index in Scan.Fields
}

// Schema is the emitted fields.
func (n *Scan) Schema() []expr.Field {
	out := make([]expr.Field, len(n.Emit))
	for i, f := range n.Emit {
		out[i] = n.Fields[f]
	}
	return out
}

// Inputs of a scan are none.
func (n *Scan) Inputs() []Node { return nil }
