package eval

import (
	"math"
	"testing"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// TestTheOnlyRowMayBeNull has a batch of one row, a NULL, and memory in which
// anything stands: a column of length one is not always a constant.
func TestTheOnlyRowMayBeNull(t *testing.T) {
	pool := memory.NewPool()
	dirty := func() { // slabs full of what is no value of any numeric
		var slabs []*memory.Slab
		for range 8 {
			slab, err := pool.Get(1, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := range slab.Bytes() {
				slab.Bytes()[i] = 0x7f
			}
			slabs = append(slabs, slab)
		}
		for _, slab := range slabs {
			slab.Release()
		}
	}
	fields := []expr.Field{{Name: "n", Type: expr.NumericOf(4, 2), Nullable: true}}
	c := &expr.Column{Typ: fields[0].Type, Nullable: true, Name: "n"}
	for _, op := range []string{expr.OpAdd, expr.OpMod} {
		v, err := New(bindCall(op, c, c), fields, Options{Pool: pool})
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			dirty()
			b := vector.New([]vector.Column{vector.Flat(vector.Int64, []int64{math.MinInt64}, vector.NewBitmap(1))}, 1)
			out, err := v.Eval(b)
			if err != nil {
				t.Fatalf("%s: %v", op, err)
			}
			if !out.IsNull(0) {
				t.Fatalf("NULL %s NULL is not NULL", op)
			}
			b.Release()
		}
	}
}
