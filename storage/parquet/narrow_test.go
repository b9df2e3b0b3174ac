package parquet_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	parquetgo "github.com/parquet-go/parquet-go"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/storage/object"
	"github.com/skein-query/skein/storage/parquet"
)

// keyed is a row of a table in the order of its key.
type keyed struct {
	Key  int64  `parquet:"key"`
	Code int64  `parquet:"code,dict"` // ascends with key
	Name string `parquet:"name,dict"`
}

const keyedRows, keyedGroup = 40_000, 10_000

func keyedFile(t *testing.T) *parquet.File {
	t.Helper()
	var buf bytes.Buffer
	w := parquetgo.NewGenericWriter[keyed](&buf, parquetgo.PageBufferSize(8192), parquetgo.MaxRowsPerRowGroup(keyedGroup))
	for i := range int64(keyedRows) {
		if _, err := w.Write([]keyed{{i, i / 2, fmt.Sprintf("name %d", i%5000)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	store := object.NewMem()
	if err := store.Put(context.Background(), "keyed.parquet", buf.Bytes()); err != nil {
		t.Fatal(err)
	}
	return openFile(t, store, "keyed.parquet")
}

// TestOneRowIsReadOfOneRowGroupAndFewPages looks rows up by a plain column, and by one
// with a dictionary that is asked for nothing.
func TestOneRowIsReadOfOneRowGroupAndFewPages(t *testing.T) {
	f := keyedFile(t)
	for _, test := range []struct{ column, value, rows int64 }{
		{0, 0, 1}, {0, 123, 1}, {0, 9_999, 1}, {0, 10_000, 1}, {0, 39_999, 1}, {0, 40_000, 0}, {1, 7_001, 2}, {1, 19_999, 2},
	} {
		v := &parquet.Scalar{I: test.value}
		p := &condition{column: 0, kind: vector.Int64, lo: v, hi: v}
		m := &parquet.Metrics{}
		s := &parquet.Scan{Columns: []int{int(test.column), 2}, Emit: []int{1}, Predicates: []parquet.Predicate{p}, Pool: memory.NewPoisonPool(), Metrics: m}
		rows := collect(t, f, s)
		if int64(len(rows)) != test.rows {
			t.Errorf("column %d = %d: %d rows", test.column, test.value, len(rows))
		}
		at := test.value
		if test.column == 1 {
			at *= 2
		}
		for i, row := range rows {
			if want := fmt.Sprintf("name %d", (at+int64(i))%5000); fmt.Sprint(row[0]) != want {
				t.Errorf("column %d = %d: %v, want %s", test.column, test.value, row[0], want)
			}
		}
		if groups := m.RowGroupsRead.Load(); groups != min(1, test.rows) {
			t.Errorf("column %d = %d: %d row groups were read", test.column, test.value, groups)
		}
		if tried := m.RowsRead.Load(); tried > keyedGroup/2 {
			t.Errorf("column %d = %d: tried on %d rows", test.column, test.value, tried)
		}
		if test.rows > 0 && m.PagesPruned.Load() == 0 {
			t.Errorf("column %d = %d: every page was decompressed", test.column, test.value)
		}
		if p.asked.Load() > 0 {
			t.Errorf("column %d = %d: a dictionary was asked for few rows", test.column, test.value)
		}
	}
}

// TestManyRowsOfANarrowReadAllCome: the rows that pass are more than there is room for
// at a time.
func TestManyRowsOfANarrowReadAllCome(t *testing.T) {
	f := keyedFile(t)
	lo, hi := &parquet.Scalar{I: 10_100}, &parquet.Scalar{I: 14_900}
	within := &condition{column: 0, kind: vector.Int64, lo: lo, hi: hi}
	some := &condition{column: 1, kind: vector.String, in: []parquet.Scalar{}, blind: true}
	for i := range 1000 {
		some.in = append(some.in, parquet.Scalar{S: fmt.Sprintf("name %d", i*9)})
	}
	for _, batch := range []int{0, 1, 100, 700} {
		s := &parquet.Scan{Columns: []int{0, 2}, Emit: []int{0}, Predicates: []parquet.Predicate{within, some}, BatchRows: batch, Pool: memory.NewPoisonPool()}
		rows := collect(t, f, s)
		want := 0
		for i := int64(10_100); i <= 14_900; i++ {
			if i%5000%9 == 0 {
				if want < len(rows) && fmt.Sprint(rows[want][0]) != fmt.Sprint(i) {
					t.Fatalf("batches of %d: row %d is %v, want %d", batch, want, rows[want][0], i)
				}
				want++
			}
		}
		if len(rows) != want {
			t.Errorf("batches of %d: %d rows, want %d", batch, len(rows), want)
		}
	}
}
