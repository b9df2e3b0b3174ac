package parquet

import (
	"sync/atomic"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
)

// Scan says what to read of a row group. It may be used for many row groups at the
// same time; it is not changed.
type Scan struct {
	Columns    []int       // fields of the file that are read
	Emit       []int       // positions in Columns that are given out, in this order
	Predicates []Predicate // a row passes when all of them say so; tried in this order
	// Dynamic gives the runtime filters there are by now; may be nil. It is asked
	// at every range of rows: the list may only grow, at its end.
	Dynamic   func() []Predicate
	BatchRows int // most rows of a batch; 0: vector.MaxRows
	Pool      *memory.Pool
	Account   *memory.Account // may be nil: nothing is charged
	Metrics   *Metrics        // may be nil
}

// Metrics counts what scans did.
type Metrics struct {
	RowGroupsRead   atomic.Int64
	RowGroupsPruned atomic.Int64
	PagesPruned     atomic.Int64 // data pages that were never decompressed
	PagesCached     atomic.Int64 // data pages that were found decoded
	BytesRead       atomic.Int64 // compressed bytes of the pages that were
	RowsRead        atomic.Int64 // rows that predicates were tried on, or that were read without any
	RowsOut         atomic.Int64
}

// Predicate is a condition on rows, pushed into the scan. Its methods are called
// from several goroutines at once.
type Predicate interface {
	// Columns are the positions in Scan.Columns that the predicate reads.
	Columns() []int
	// Bounds are necessary conditions of a row passing; they prune by statistics.
	Bounds() []Bound
	// Dictionary tries the entries of the dictionary of the one column that the
	// predicate reads: pass has a bit for every entry. Rows that are null then do
	// not pass. A nil bitmap declines: the predicate may pass nulls, or an entry
	// cannot be decided alone.
	Dictionary(dict *vector.Column) (pass vector.Bitmap, err error)
	// Select gives those rows of sel (nil: all rows) that pass. The columns stand
	// in the order of Columns. It may reuse the memory of sel; nil says that all of
	// sel passed.
	Select(cols []vector.Column, rows int, sel vector.Selection) (vector.Selection, error)
}

// Bound is a range that a column's value must lie in, or a set, for a row to pass.
type Bound struct {
	Column         int     // position in Scan.Columns
	Lo, Hi         *Scalar // nil: no bound
	LoOpen, HiOpen bool    // the bound itself does not pass
	NotNull        bool    // nulls do not pass
	In             []Scalar
}

// Scalar is a value in the layout of its column's kind: I for booleans and
// integers up to 64 bits, Wide for Int128, F for floats, S for strings.
type Scalar struct {
	I    int64
	Wide vector.I128
	F    float64
	S    string
}

// Compare orders two scalars of a kind.
func Compare(kind vector.Kind, a, b *Scalar) int {
	switch kind {
	case vector.Int128:
		if a.Wide.Hi != b.Wide.Hi {
			return compare(a.Wide.Hi, b.Wide.Hi)
		}
		return compare(a.Wide.Lo, b.Wide.Lo)
	case vector.Float32, vector.Float64:
		return compare(a.F, b.F)
	case vector.String:
		return compare(a.S, b.S)
	}
	return compare(a.I, b.I)
}

func compare[T int64 | uint64 | float64 | string](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (s *Scan) batchRows() int {
	if s.BatchRows > 0 {
		return min(s.BatchRows, vector.MaxRows)
	}
	return vector.MaxRows
}

// count adds to a counter of the metrics, when there are any.
func (s *Scan) count(counter func(*Metrics) *atomic.Int64, n int64) {
	if s.Metrics != nil {
		counter(s.Metrics).Add(n)
	}
}

// The counters, for Scan.count.
func rowGroupsRead(m *Metrics) *atomic.Int64   { return &m.RowGroupsRead }
func rowGroupsPruned(m *Metrics) *atomic.Int64 { return &m.RowGroupsPruned }
func pagesPruned(m *Metrics) *atomic.Int64     { return &m.PagesPruned }
func pagesCached(m *Metrics) *atomic.Int64     { return &m.PagesCached }
func bytesRead(m *Metrics) *atomic.Int64       { return &m.BytesRead }
func rowsRead(m *Metrics) *atomic.Int64        { return &m.RowsRead }
func rowsOut(m *Metrics) *atomic.Int64         { return &m.RowsOut }
