package table

import (
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

func newTestStore(t *testing.T, limit int64) (*Store, *memory.Ledger) {
	t.Helper()
	ledger := memory.NewLedger(limit)
	return NewStore("here", 0, ledger.NewAccount("tables")), ledger
}

func create(t *testing.T, s *Store, fields ...parquet.Field) *Table {
	t.Helper()
	out, err := s.Create(fields)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func insert(t *testing.T, table *Table, batches ...*vector.Batch) {
	t.Helper()
	w, err := table.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for _, b := range batches {
		if err := w.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// read gives the rows of parts as Arrow records of the schema, as scans see them.
func read(t *testing.T, s *Store, parts []object.Info, fields []parquet.Field) []arrow.RecordBatch {
	t.Helper()
	files := parquet.NewCache(s, 1<<20)
	defer files.Close()
	var out []arrow.RecordBatch
	var schema []arrow.Field
	for _, f := range fields {
		schema = append(schema, arrow.Field{Name: f.Name, Type: f.Type, Nullable: true})
	}
	for _, p := range parts {
		f, err := files.Open(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		spec := &parquet.Scan{Pool: memory.NewPool()}
		for i, have := range f.Fields() {
			if have.Name != fields[i].Name || have.Nullable != fields[i].Nullable {
				t.Errorf("the part has the field %v, not %v", have, fields[i])
			}
			spec.Columns, spec.Emit = append(spec.Columns, i), append(spec.Emit, i)
		}
		for g := range f.RowGroupCount() {
			r, err := f.PrepareRowGroup(t.Context(), g, spec, true)
			if err == nil {
				err = r.Start(t.Context())
			}
			for err == nil {
				var b *vector.Batch
				if b, err = r.Next(t.Context()); err == nil {
					rec, cerr := vector.ToArrow(b, arrow.NewSchema(schema, nil))
					if cerr != nil {
						t.Fatal(cerr)
					}
					out = append(out, rec)
					b.Release()
				}
			}
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			_ = r.Close()
		}
	}
	return out
}

func numbers(from, n int) *vector.Batch {
	values := make([]int64, n)
	for i := range values {
		values[i] = int64(from + i)
	}
	return vector.New([]vector.Column{vector.Flat(vector.Int64, values, nil)}, n)
}

var bigint = parquet.Field{Name: "n", Type: arrow.PrimitiveTypes.Int64}

// all gives the numbers that a table of one has.
func all(t *testing.T, table *Table) []int64 {
	t.Helper()
	parts, err := table.store.List(t.Context(), table.Location())
	if err != nil {
		t.Fatal(err)
	}
	return values(t, table, parts)
}

func values(t *testing.T, table *Table, parts []object.Info) []int64 {
	t.Helper()
	var out []int64
	for _, r := range read(t, table.store, parts, table.fields) {
		out = append(out, r.Column(0).(*array.Int64).Int64Values()...)
	}
	return out
}

func TestRowsComeBackInTheOrderOfTheirInserts(t *testing.T) {
	s, _ := newTestStore(t, 0)
	table := create(t, s, bigint)
	var want []int64
	for i := range 100 {
		insert(t, table, numbers(10*i, 10))
	}
	for i := range 1000 {
		want = append(want, int64(i))
	}
	if got := all(t, table); !slices.Equal(got, want) {
		t.Errorf("%d rows came back, %v …", len(got), got[:min(20, len(got))])
	}
	parts, _ := s.List(t.Context(), table.Location())
	if len(parts) >= 2*mergeFrom {
		t.Errorf("100 inserts left %d parts", len(parts))
	}
}

func TestManyRowsMakeSeveralRowGroups(t *testing.T) {
	s, _ := newTestStore(t, 0)
	table := create(t, s, bigint)
	w, err := table.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	const rows = 3*groupRows + 5
	for at := 0; at < rows; at += vector.MaxRows {
		if err := w.Write(t.Context(), numbers(at, min(vector.MaxRows, rows-at))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := all(t, table)
	if len(got) != rows {
		t.Fatalf("%d rows of %d came back", len(got), rows)
	}
	for i, v := range got {
		if v != int64(i) {
			t.Fatalf("row %d is %d", i, v)
		}
	}
}

func TestNothingIsSeenBeforeItIsPublished(t *testing.T) {
	s, ledger := newTestStore(t, 0)
	table := create(t, s, bigint)
	w, err := table.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(t.Context(), numbers(0, 5)); err != nil {
		t.Fatal(err)
	}
	parts, err := w.Parts()
	if err != nil {
		t.Fatal(err)
	}
	if got := all(t, table); len(got) != 0 {
		t.Errorf("the table has %v before they are published", got)
	}
	if got := values(t, table, parts); len(got) != 5 {
		t.Errorf("the writer's parts have %v", got)
	}
	w.Close()
	if got := all(t, table); len(got) != 0 || ledger.UsedBytes() != 0 {
		t.Errorf("after giving up the table has %v, and %d bytes are held", got, ledger.UsedBytes())
	}
}

func TestReadersFinishWhatTheyHavePinned(t *testing.T) {
	s, ledger := newTestStore(t, 0)
	table := create(t, s, bigint)
	insert(t, table, numbers(0, 5))
	parts, err := s.List(t.Context(), table.Location())
	if err != nil {
		t.Fatal(err)
	}
	open, err := s.Open(t.Context(), parts[0])
	if err != nil {
		t.Fatal(err)
	}
	pins, err := s.Pin([]string{parts[0].Path, "/elsewhere.parquet"})
	if err != nil {
		t.Fatal(err)
	}
	table.Drop()
	if got := values(t, table, parts); len(got) != 5 {
		t.Errorf("the reader finds %v", got)
	}
	pins.Release()
	pins.Release()
	if err := open.ReadAt(t.Context(), make([]byte, 1), 0); !errors.Is(err, ErrGone) || open.View(0, 1) != nil || !errors.Is(open.Check(), ErrGone) {
		t.Errorf("what is open of a part that is gone gives %v", err)
	}
	if used := ledger.UsedBytes(); used != 0 {
		t.Errorf("%d bytes are held of a table that was dropped", used)
	}
	if _, err := s.Pin([]string{parts[0].Path}); !errors.Is(err, ErrGone) {
		t.Errorf("pinning a part that is gone gives %v", err)
	}
	if _, err := s.List(t.Context(), table.Location()); !errors.Is(err, ErrGone) {
		t.Errorf("listing a table that is gone gives %v", err)
	}
	w, err := table.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Write(t.Context(), numbers(0, 1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Publish(t.Context()); sqlerr.CodeOf(err) != sqlerr.UndefinedTable {
		t.Errorf("publishing to a table that is gone gives %v", err)
	}
}

func TestFullMemoryIsAnErrorAndLeavesNothing(t *testing.T) {
	s, ledger := newTestStore(t, 1<<20)
	table := create(t, s, bigint)
	insert(t, table, numbers(0, 1000))
	before := ledger.UsedBytes()
	w, err := table.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; err == nil; at += 8192 {
		err = w.Write(t.Context(), numbers(at, 8192))
	}
	if sqlerr.CodeOf(err) != sqlerr.OutOfMemory {
		t.Errorf("a full memory gives %v", err)
	}
	w.Close()
	if got := ledger.UsedBytes(); got != before {
		t.Errorf("%d bytes are held, %d before", got, before)
	}
	if got := len(all(t, table)); got != 1000 {
		t.Errorf("the table has %d rows", got)
	}
}

func TestReplaceTakesThePlaceOfAllRows(t *testing.T) {
	s, _ := newTestStore(t, 0)
	table := create(t, s, bigint)
	insert(t, table, numbers(0, 5))
	w, err := table.NewWriter()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Write(t.Context(), numbers(7, 1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Replace(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := all(t, table); !slices.Equal(got, []int64{7}) {
		t.Errorf("the table has %v", got)
	}
	table.Truncate()
	if got := all(t, table); len(got) != 0 {
		t.Errorf("the table has %v", got)
	}
}
