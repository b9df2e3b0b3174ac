package key

import (
	"fmt"
	"testing"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// A string key given back as codes has the values and NULLs it has as strings.
func TestCodesAreTheStrings(t *testing.T) {
	for _, distinct := range []int{1, 256, 257, 70_000} {
		layout := NewLayout([]expr.Type{expr.Of(expr.Int8), expr.Of(expr.Text)}, []bool{false, true})
		n := distinct + 64
		numbers, valid := make([]int64, n), vector.NewBitmapSet(n)
		var b vector.StringBuilder
		for i := range n {
			numbers[i] = int64(i)
			b.AppendString(fmt.Sprintf("a string of some length %d", i%distinct))
			if i%5 == 3 {
				valid.Clear(i)
			}
		}
		s := NewStrings(nil)
		var block Block
		if err := NewEncoder(layout, s).Encode([]vector.Column{vector.Flat(vector.Int64, numbers, nil), b.Column(valid)}, n, nil, &block); err != nil {
			t.Fatal(err)
		}
		want, codes := layout.Column(1, block.Words, n, s), layout.Codes(1, block.Words, n, s.Dict())
		got := vector.Flatten(&codes)
		for i := range n {
			if got.IsNull(i) != want.IsNull(i) ||
				!got.IsNull(i) && string(got.Views()[i].Bytes(got.Buffers)) != string(want.Views()[i].Bytes(want.Buffers)) {
				t.Fatalf("%d strings: row %d differs", distinct, i)
			}
		}
	}
}
