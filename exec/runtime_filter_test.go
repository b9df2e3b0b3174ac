package exec_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/skein-query/skein/exec"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// published runs a join of the given build keys, in two instances, and gives the
// filters on its keys that were published, by key.
func published(t *testing.T, kind physical.JoinKind, types []expr.Type, keys []row, change func(*physical.HashJoin)) *exec.FilterSet {
	c := &joinCase{kind: kind, keys: types}
	for _, k := range keys {
		c.build = append(c.build, append(slices.Clone(k), int64(1), "payload"))
	}
	node := c.plan().(*physical.HashJoin)
	for i := range types {
		node.RuntimeFilters = append(node.RuntimeFilters, physical.RuntimeFilter{ID: i, Key: i})
	}
	if change != nil {
		change(node)
	}
	set := exec.NewFilterSet()
	f := fragment{node: node, sources: c.sources(1000), instances: 2, batchRows: 1000, filters: set}
	if _, err := f.run(t); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestRuntimeFilterPassesExactlyTheKeysWhereItCan(t *testing.T) {
	text := func(i int64) any { return fmt.Sprintf("a customer's name %d", i) }
	number := func(step int64) func(i int64) any { return func(i int64) any { return i*step - 50 } }
	for _, c := range []struct {
		name     string
		typ      expr.Type
		keys     int
		value    func(i int64) any
		mayError float64 // share of other values that may pass
	}{
		{"bitmap of a dense table", expr.Of(expr.Int4), 500, number(1), 0},
		{"bitmap of smallint", expr.Of(expr.Int2), 40, number(3), 0},
		{"bitmap of a hashed table", expr.Of(expr.Int8), 500, number(5_000), 0},
		{"bitmap of decimals", expr.NumericOf(15, 2), 300, number(7), 0},
		{"small set", expr.Of(expr.Int8), 700, number(1 << 40), 0},
		{"Bloom filter", expr.Of(expr.Int8), 5000, number(1 << 40), 0.03},
		{"small set of strings", expr.Of(expr.Text), 500, text, 0},
		{"Bloom filter of strings", expr.Of(expr.Text), 5000, text, 0.03},
	} {
		t.Run(c.name, func(t *testing.T) {
			var keys []row
			for i := range int64(c.keys) {
				keys = append(keys, row{c.value(2 * i)})
			}
			keys = append(keys, row{nil}, keys[0])
			rand.New(rand.NewPCG(1, 1)).Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
			f, ok := published(t, physical.Inner, []expr.Type{c.typ}, keys, nil).Get(0)
			if !ok {
				t.Fatal("nothing was published")
			}
			if f.Keys() < c.keys || f.Keys() > c.keys+2 {
				t.Errorf("%d keys, want %d", f.Keys(), c.keys)
			}
			checkBounds(t, f, c.typ, c.value(0), c.value(2*int64(c.keys-1)))
			wrong := 0
			for seed := range uint64(6) {
				wrong += checkSelect(t, f, c.typ, c.keys, c.value, seed)
			}
			if share := float64(wrong) / 6 / float64(c.keys); share > c.mayError {
				t.Errorf("%g of the other values pass", share)
			}
		})
	}
}

func checkBounds(t *testing.T, f exec.RuntimeFilter, typ expr.Type, first, last any) {
	t.Helper()
	lo, hi, ok := f.Bounds()
	if typ.Kind == expr.Text { // 0 is the smallest by bytes, and 998 or 9998 the largest
		if !ok || lo.S != first || hi.S != last {
			t.Errorf("bounds %v %v %v", lo, hi, ok)
		}
		return
	}
	if !ok || lo.I != first.(int64) || hi.I != last.(int64) || lo.Hi != 0 && typ.Kind != expr.Numeric {
		t.Errorf("bounds %v %v %v, want %v %v", lo, hi, ok, first, last)
	}
}

// checkSelect tries all keys, as many other values and NULLs; it gives how many
// other values passed.
func checkSelect(t *testing.T, f exec.RuntimeFilter, typ expr.Type, keys int, value func(int64) any, seed uint64) (wrong int) {
	t.Helper()
	pool, account := memory.NewPoisonPool(), memory.NewLedger(0).NewAccount("test")
	rng := rand.New(rand.NewPCG(seed, 9))
	for from := 0; from < keys; from += 100 {
		var rows []row
		for i := from; i < min(from+100, keys); i++ {
			rows = append(rows, row{value(2 * int64(i))}, row{value(2*int64(i) + 1)}, row{nil})
		}
		b, err := makeBatch(&exec.Env{Pool: pool, Account: account}, []expr.Field{{Name: "k", Type: typ}}, rows, rng)
		if err != nil {
			t.Fatal(err)
		}
		passed := f.Select(&b.Cols[0], b.Len, b.Sel)
		if passed == nil {
			t.Fatal("a nil selection would select all rows")
		}
		var dict vector.Bitmap
		if c := &b.Cols[0]; c.Dict != nil {
			dict = f.Dictionary(&c.Dict.Values)
		}
		for i, place := range b.Selected() {
			_, in := slices.BinarySearch(passed, place)
			switch isKey := i%3 == 0; {
			case isKey && !in:
				t.Fatalf("key %s was dropped", show(b, int(place)))
			case i%3 == 2 && in:
				t.Fatal("NULL passes")
			case !isKey && in:
				wrong++
			}
			if c := &b.Cols[0]; dict != nil && i%3 != 2 && dict.Get(c.Code(int(place))) != in {
				t.Fatalf("%s: dictionary and rows disagree", show(b, int(place)))
			}
		}
		if len(passed) > len(b.Selected()) {
			t.Fatal("rows outside the selection pass")
		}
		b.Release()
	}
	return wrong
}

func TestRuntimeFilterOfOneKeyAmongSeveral(t *testing.T) {
	types := []expr.Type{expr.Of(expr.Int4), expr.Of(expr.Text), expr.Of(expr.Float8)}
	var keys []row
	for i := range int64(100) {
		keys = append(keys, row{i * 2, fmt.Sprint("name ", i*2), float64(i)})
	}
	// A row with a NULL in any key finds no partner: its other keys do not count.
	keys = append(keys, row{int64(1001), nil, 0.5})
	set := published(t, physical.ProbeSemi, types, keys, nil)
	numbers, ok := set.Get(0)
	if !ok {
		t.Fatal("no filter on the integer key")
	}
	names, ok := set.Get(1)
	if !ok {
		t.Fatal("no filter on the text key")
	}
	if _, ok := set.Get(2); ok {
		t.Error("a filter on floats, whose equality is not that of their bits")
	}
	checkSelect(t, numbers, types[0], 100, func(i int64) any { return i }, 1)
	if wrong := checkSelect(t, names, types[1], 100, func(i int64) any { return fmt.Sprint("name ", i) }, 1); wrong != 0 {
		t.Errorf("%d other names pass", wrong)
	}
	if _, hi, _ := numbers.Bounds(); hi.I != 198 {
		t.Errorf("largest key %d", hi.I)
	}
}

func TestRuntimeFilterIsPublishedOnlyWhereItIsRight(t *testing.T) {
	types := []expr.Type{expr.Of(expr.Int4)}
	keys := []row{{int64(1)}, {int64(2)}}
	right := []physical.JoinKind{physical.Inner, physical.BuildOuter, physical.ProbeSemi, physical.BuildSemi, physical.BuildAnti}
	for kind := physical.Inner; kind <= physical.ProbeSingle; kind++ {
		if _, ok := published(t, kind, types, keys, nil).Get(0); ok != slices.Contains(right, kind) {
			t.Errorf("%s: published %v", kind, ok)
		}
	}
	set := published(t, physical.Inner, types, keys, func(n *physical.HashJoin) { n.NullEqual = true })
	if _, ok := set.Get(0); ok {
		t.Error("published although NULL may match")
	}
}

func TestRuntimeFilterOfEmptyBuildSidePassesNothing(t *testing.T) {
	for _, typ := range []expr.Type{expr.Of(expr.Int4), expr.Of(expr.Text)} {
		f, ok := published(t, physical.Inner, []expr.Type{typ}, nil, nil).Get(0)
		if !ok {
			t.Fatal("nothing was published")
		}
		c := vector.Flat(vector.Int32, []int32{1, 2}, nil)
		if typ.Kind == expr.Text {
			var b vector.StringBuilder
			b.AppendString("x")
			b.AppendString("")
			c = b.Column(nil)
		}
		if sel := f.Select(&c, 2, nil); sel == nil || len(sel) != 0 {
			t.Errorf("selects %v", sel)
		}
		if _, _, ok := f.Bounds(); ok {
			t.Error("bounds of nothing")
		}
	}
}

func TestRuntimeFilterOfAPartitionIsNotPublished(t *testing.T) {
	c := largeCase(physical.Inner, false)
	node := c.plan().(*physical.HashJoin)
	node.RuntimeFilters = []physical.RuntimeFilter{{ID: 0, Key: 0}}
	set, group := exec.NewFilterSet(), exec.NewGroup(1)
	op, err := exec.Build(node, &exec.Env{Group: group, Fragment: exec.NewGroup(2), Sources: c.sources(100),
		Pool: memory.NewPool(), Account: memory.NewLedger(0).NewAccount("task"), Filters: set})
	if err != nil {
		t.Fatal(err)
	}
	defer op.Close()
	b, err := op.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b.Release()
	if _, ok := set.Get(0); ok {
		t.Error("one task published a filter that others' rows would fail")
	}
}
