package parquet_test

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// condition is a predicate for tests: lo ≤ value ≤ hi, value in a list, or null or
// not. It says as much about itself as it knows, or hides it.
type condition struct {
	column  int // position in Scan.Columns
	kind    vector.Kind
	lo, hi  *parquet.Scalar
	in      []parquet.Scalar
	isNull  bool
	blind   bool // gives no bounds
	decline bool // does not try dictionaries

	asked, selected atomic.Int64 // dictionaries, rows
}

func (p *condition) Columns() []int { return []int{p.column} }

func (p *condition) Bounds() []parquet.Bound {
	if p.blind || p.isNull {
		return nil
	}
	return []parquet.Bound{{Column: p.column, Lo: p.lo, Hi: p.hi, In: p.in, NotNull: true}}
}

func (p *condition) Dictionary(dict *vector.Column) (vector.Bitmap, error) {
	if p.decline || p.isNull {
		return nil, nil
	}
	p.asked.Add(1)
	pass := vector.NewBitmap(dict.Len)
	for i := range dict.Len {
		if p.passes(dict, i) {
			pass.Set(i)
		}
	}
	return pass, nil
}

func (p *condition) Select(cols []vector.Column, rows int, sel vector.Selection) (vector.Selection, error) {
	if sel == nil {
		sel = vector.All(rows)
	}
	p.selected.Add(int64(len(sel)))
	return slices.DeleteFunc(sel, func(row uint32) bool { return !p.passes(&cols[0], int(row)) }), nil
}

func (p *condition) passes(c *vector.Column, i int) bool {
	if c.IsNull(i) || p.isNull {
		return p.isNull && c.IsNull(i)
	}
	v := scalarAt(c, i)
	if p.in != nil {
		return slices.ContainsFunc(p.in, func(x parquet.Scalar) bool { return compareScalars(p.kind, v, x) == 0 })
	}
	return (p.lo == nil || compareScalars(p.kind, v, *p.lo) >= 0) && (p.hi == nil || compareScalars(p.kind, v, *p.hi) <= 0)
}

func scalarAt(c *vector.Column, i int) (s parquet.Scalar) {
	c, i = c.At(i)
	switch c.Kind {
	case vector.Bool:
		s.I = int64(c.Bools()[i])
	case vector.Int16:
		s.I = int64(c.Int16s()[i])
	case vector.Int32:
		s.I = int64(c.Int32s()[i])
	case vector.Int64:
		s.I = c.Int64s()[i]
	case vector.Int128:
		s.Wide = c.Int128s()[i]
	case vector.Float32:
		s.F = float64(c.Float32s()[i])
	case vector.Float64:
		s.F = c.Float64s()[i]
	case vector.String:
		s.S = string([]byte(c.StringAt(i)))
	}
	return s
}

func compareScalars(kind vector.Kind, a, b parquet.Scalar) int {
	switch kind {
	case vector.Int128:
		return cmp.Or(cmp.Compare(a.Wide.Hi, b.Wide.Hi), cmp.Compare(a.Wide.Lo, b.Wide.Lo))
	case vector.Float32, vector.Float64:
		return cmp.Compare(a.F, b.F)
	case vector.String:
		return cmp.Compare(a.S, b.S)
	}
	return cmp.Compare(a.I, b.I)
}

// randomCondition is about a column of values, sometimes hardly ever true and
// sometimes nearly always.
func randomCondition(r *rand.Rand, column int, kind vector.Kind, values []parquet.Scalar) *condition {
	p := &condition{column: column, kind: kind, blind: r.IntN(3) == 0, decline: r.IntN(3) == 0}
	if len(values) == 0 || r.IntN(8) == 0 {
		p.isNull = true
		return p
	}
	one := func() *parquet.Scalar { v := values[r.IntN(len(values))]; return &v }
	switch r.IntN(5) {
	case 0:
		p.lo = one()
	case 1:
		p.hi = one()
	case 2:
		p.lo = one()
		p.hi = p.lo
	case 3:
		p.in = []parquet.Scalar{*one(), *one()}
	default:
		p.lo, p.hi = one(), one()
	}
	return p
}

func TestPredicatesPassTheRowsThatSatisfyThem(t *testing.T) {
	fixtures(t, func(t *testing.T, path string, rows [][]any) {
		f := openFile(t, &object.Local{}, path)
		fields := f.Fields()
		columns := all(len(fields))
		values := make([][]parquet.Scalar, len(fields))
		full := &parquet.Scan{Columns: columns, Emit: columns, Pool: memory.NewPool()}
		for g := range f.RowGroups() {
			drain(t, f, g, full, func(b *vector.Batch) {
				for k := range b.Cols {
					for i := range b.Len {
						if !b.Cols[k].IsNull(i) {
							values[k] = append(values[k], scalarAt(&b.Cols[k], i))
						}
					}
				}
			})
		}
		r := rand.New(rand.NewPCG(1, uint64(len(path))))
		for range 12 {
			var conditions []*condition
			for range 1 + r.IntN(3) {
				k := r.IntN(len(fields))
				kind := parquet.ArrowKind(fields[k].Type)
				if kind == vector.List || kind == vector.Struct || kind == vector.Interval {
					continue
				}
				conditions = append(conditions, randomCondition(r, k, kind, values[k]))
			}
			batch := []int{1, 3, 50, 1000, 8192}[r.IntN(5)]
			emit := columns[r.IntN(len(columns)):]
			want := naive(t, f, full, conditions, emit)
			late := r.IntN(len(conditions) + 1)
			s := &parquet.Scan{Columns: columns, Emit: emit, BatchRows: batch, Pool: memory.NewPoisonPool(), Metrics: &parquet.Metrics{}}
			for _, p := range conditions[:late] {
				s.Predicates = append(s.Predicates, p)
			}
			calls := 0
			s.Dynamic = func() (list []parquet.Predicate) {
				calls++
				for i, p := range conditions[late:] {
					if p.Bounds(); calls > i { // one more at every call; those that miss rows are tried below
						list = append(list, p)
					}
				}
				return list
			}
			got := collect(t, f, s)
			if late < len(conditions) {
				contains(t, got, want) // rows read before a filter came are not filtered by it
				continue
			}
			compareRows(t, got, want)
			if out := s.Metrics.RowsOut.Load(); out != int64(len(want)) {
				t.Fatalf("the metrics say that %d rows came out, it were %d", out, len(want))
			}
		}
	})
}

// naive reads everything and tries the conditions afterwards.
func naive(t *testing.T, f *parquet.File, full *parquet.Scan, conditions []*condition, emit []int) [][]any {
	rows := [][]any{}
	for g := range f.RowGroups() {
		drain(t, f, g, full, func(b *vector.Batch) {
			for i := range b.Len {
				if slices.ContainsFunc(conditions, func(p *condition) bool { return !p.passes(&b.Cols[p.column], i) }) {
					continue
				}
				row := make([]any, len(emit))
				for k, pos := range emit {
					row[k] = cell(&b.Cols[pos], f.Fields()[pos].Type, i)
				}
				rows = append(rows, row)
			}
		})
	}
	return rows
}

// contains fails unless want is got without some rows.
func contains(t *testing.T, got, want [][]any) {
	t.Helper()
	k := 0
	for _, row := range want {
		for ; k < len(got); k++ {
			if slices.EqualFunc(got[k], row, equalCells) {
				break
			}
		}
		if k++; k > len(got) {
			t.Fatalf("a row that passes is missing: %v", row)
		}
	}
}

func equalCells(a, b any) bool {
	x, nested := a.([]any)
	y, nested2 := b.([]any)
	if nested || nested2 {
		return nested && nested2 && slices.EqualFunc(x, y, equalCells)
	}
	return a == b
}

// TestPruningLeavesPagesAlone counts what a scan did not have to read.
func TestPruningLeavesPagesAlone(t *testing.T) {
	number := func(v int64) *parquet.Scalar { return &parquet.Scalar{I: v} }
	text := func(v string) *parquet.Scalar { return &parquet.Scalar{S: v} }
	cases := []struct {
		name, file, field             string
		lo, hi                        *parquet.Scalar
		rows                          int64 // that pass
		groupsPruned, most, leastSkip int64 // row groups, rows tried, pages never decompressed
	}{
		{"statistics exclude a row group", "pyarrow_indexed", "sorted", number(0), number(299), 100, 1, 1000, 20},
		{"the page index leaves one page", "pyarrow_indexed", "sorted", number(1500), number(1502), 1, 1, 60, 60},
		{"null pages are skipped", "pyarrow_indexed", "steps", number(9), number(10), 200, 0, 700, 50},
		{"strings prune like numbers", "pyarrow_indexed", "name", text("row 01999"), nil, 1, 1, 60, 60},
		{"no entry of the dictionary passes", "pyarrow_types+v1", "few", text("b"), text("d"), 0, 2, 0, 0},
		{"a Bloom filter excludes a value", "duckdb+snappy", "s", text("shared 1x"), text("shared 1x"), 0, 1, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := openFile(t, &object.Local{}, "testdata/"+c.file+".parquet")
			k := slices.IndexFunc(f.Fields(), func(x parquet.Field) bool { return x.Name == c.field })
			p := &condition{column: k, kind: parquet.ArrowKind(f.Fields()[k].Type), lo: c.lo, hi: c.hi, decline: strings.Contains(c.name, "Bloom")}
			columns := all(len(f.Fields()))
			s := &parquet.Scan{Columns: columns, Emit: columns, Predicates: []parquet.Predicate{p}, Pool: memory.NewPool(), Metrics: &parquet.Metrics{}}
			rows := collect(t, f, s)
			m := s.Metrics
			if int64(len(rows)) != c.rows || m.RowGroupsPruned.Load() != c.groupsPruned || m.RowsRead.Load() > c.most || m.PagesPruned.Load() < c.leastSkip {
				t.Errorf("%d rows (want %d), %d row groups pruned (%d), %d rows read (at most %d), %d pages pruned (at least %d)", len(rows), c.rows,
					m.RowGroupsPruned.Load(), c.groupsPruned, m.RowsRead.Load(), c.most, m.PagesPruned.Load(), c.leastSkip)
			}
		})
	}
}

func TestFileThatChangedIsRefused(t *testing.T) {
	ctx := context.Background()
	data, err := os.ReadFile("testdata/pyarrow_types+v1.parquet")
	if err != nil {
		t.Fatal(err)
	}
	local := t.TempDir() + "/t.parquet"
	for name, store := range map[string]object.Store{"local": &object.Local{}, "mem": object.NewMem()} {
		t.Run(name, func(t *testing.T) { changedFile(t, ctx, store, local, data) })
	}
}
