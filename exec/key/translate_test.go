package key

import (
	"fmt"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// Rows packed with one interner and translated are those packed with the other.
func TestTranslatedRowsAreThoseOfTheOtherInterner(t *testing.T) {
	types := []expr.Type{expr.Of(expr.Text), expr.Of(expr.Int4), expr.Of(expr.Text), expr.Of(expr.Bool)}
	layout := NewLayout(types, []bool{true, true, true, false})
	const n = 500
	var a, b vector.StringBuilder
	numbers, flags := make([]int32, n), make([]uint8, n)
	valid := vector.NewBitmapSet(n)
	for i := range n {
		a.AppendString(fmt.Sprintf("a string of some length %d", i%37))
		b.AppendString(fmt.Sprint(i % 11))
		numbers[i], flags[i] = int32(i*7), uint8(i%2)
		if i%13 == 0 {
			valid.Clear(i)
		}
	}
	cols := []vector.Column{a.Column(valid), vector.Flat(vector.Int32, numbers, nil), b.Column(nil), vector.Flat(vector.Bool, flags, nil)}
	from, to := NewStrings(nil), NewStrings(nil)
	for i := range 20 { // ids differ
		if _, err := to.Intern([]byte{byte('0' + i)}, HashBytes([]byte{byte('0' + i)})); err != nil {
			t.Fatal(err)
		}
	}
	var packed, want Block
	if err := NewEncoder(layout, from).Encode(cols, n, nil, &packed); err != nil {
		t.Fatal(err)
	}
	for _, uses := range []int{from.Len(), 0} { // ids are remembered, or are not
		words := slices.Clone(packed.Words)
		if err := layout.Translate(words, NewTranslation(from, to, uses)); err != nil {
			t.Fatal(err)
		}
		if err := NewEncoder(layout, to).Encode(cols, n, nil, &want); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(words, want.Words) || !slices.Equal(packed.Hashes, want.Hashes) {
			t.Errorf("the rows differ with %d uses", uses)
		}
	}
}
