package key_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/skein-query/skein/exec/key"
	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// sample is a type with columns of values: entries of one class are equal as keys,
// entries of different classes are not.
type sample struct {
	typ    expr.Type
	values vector.Column // flat, no nulls
	class  []int
}

func texts(values ...string) vector.Column {
	var b vector.StringBuilder
	for _, v := range values {
		b.AppendString(v)
	}
	return b.Column(nil)
}

func samples() []sample {
	long := "a string that does not fit into a view"
	wide := func(hi int64, lo uint64) vector.I128 { return vector.I128{Hi: hi, Lo: lo} }
	ints := vector.Flat(vector.Int64, []int64{0, 1, -1, math.MaxInt64, math.MinInt64}, nil)
	list := vector.Column{Kind: vector.List, Len: 4, Data: vector.BytesOf([]int32{0, 1, 2, 4, 4}),
		Children: []vector.Column{vector.Flat(vector.Int32, []int32{7, 7, 7, 8}, nil)}}
	nan := math.Float64frombits(math.Float64bits(math.NaN()) ^ 1<<63 | 1<<3)
	return []sample{
		{expr.Of(expr.Bool), vector.Flat(vector.Bool, []uint8{0, 1}, nil), []int{0, 1}},
		{expr.Of(expr.Int2), vector.Flat(vector.Int16, []int16{0, 1, -1, -32768}, nil), []int{0, 1, 2, 3}},
		{expr.Of(expr.Int4), vector.Flat(vector.Int32, []int32{0, 1, -1, math.MinInt32}, nil), []int{0, 1, 2, 3}},
		{expr.Of(expr.Date), vector.Flat(vector.Int32, []int32{0, 10000, -1}, nil), []int{0, 1, 2}},
		{expr.Of(expr.Int8), ints, []int{0, 1, 2, 3, 4}},
		{expr.NumericOf(30, 2), ints, []int{0, 1, 2, 3, 4}},
		{expr.NumericOf(38, 0), vector.Flat(vector.Int128, []vector.I128{wide(0, 0), wide(0, 1), wide(1, 0), wide(-1, 0)}, nil), []int{0, 1, 2, 3}},
		{expr.Of(expr.Float4), vector.Flat(vector.Float32, []float32{0, float32(math.Copysign(0, -1)), 1.5, float32(math.NaN())}, nil), []int{0, 0, 1, 2}},
		{expr.Of(expr.Float8), vector.Flat(vector.Float64, []float64{0, math.Copysign(0, -1), 1.5, math.NaN(), nan, math.Inf(1)}, nil), []int{0, 0, 1, 2, 2, 3}},
		{expr.Of(expr.Text), texts("", "a", "a ", long, long+"x"), []int{0, 1, 2, 3, 4}},
		{expr.Type{Kind: expr.Char, Length: 50}, texts("", "  ", "a", "a ", long, long+"  ", " a"), []int{0, 0, 1, 1, 2, 2, 3}},
		{expr.Of(expr.Interval), vector.Flat(vector.Interval, []vector.MonthDayMicro{{}, {Months: 1}, {Days: 30}, {Days: 29, Micros: 86_400_000_000},
			{Months: -1}, {Months: 1, Days: -60}, {Months: math.MaxInt32, Days: math.MaxInt32, Micros: math.MaxInt64}}, nil), []int{0, 1, 1, 1, 2, 2, 3}},
		{expr.ListOf(expr.Of(expr.Int4)), list, []int{0, 0, 1, 2}},
	}
}

// shape gives rows entries of s (-1: NULL) in one of the encodings a column may have.
func shape(r *rand.Rand, s sample, entries []int) vector.Column {
	at := make(vector.Selection, len(entries))
	var valid vector.Bitmap
	for i, e := range entries {
		if e >= 0 {
			at[i] = uint32(e)
			continue
		}
		if valid == nil {
			valid = vector.NewBitmapSet(len(entries))
		}
		valid.Clear(i)
		at[i] = uint32(r.IntN(s.values.Len))
	}
	values := s.values
	if values.Kind == vector.Int64 && s.typ.IsWide() && r.IntN(2) == 0 {
		values = vector.Widen(&values)
	}
	if r.IntN(2) == 0 {
		c := vector.Gather(&values, at)
		c.Valid = valid
		return c
	}
	c := vector.Column{Kind: values.Kind, Width: 4, Len: len(at), Dict: &vector.Dict{Values: values}, Data: vector.BytesOf(at), Valid: valid}
	return c
}

func TestWordsAreEqualExactlyWhenKeysAre(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := samples()
		keys := make([]sample, 1+r.IntN(4))
		types, nullable := make([]expr.Type, len(keys)), make([]bool, len(keys))
		for i := range keys {
			keys[i] = all[r.IntN(len(all))]
			types[i], nullable[i] = keys[i].typ, true
		}
		layout := key.NewLayout(types, nullable)
		account := memory.NewLedger(0).NewAccount("test")
		strings, others := key.NewStrings(account), key.NewStrings(account)
		// The second interner gives other ids for the same strings.
		if _, err := others.Intern([]byte("other"), key.HashBytes([]byte("other"))); err != nil {
			t.Fatal(err)
		}
		type row struct {
			class string
			words string
		}
		var rows []row
		hashes := map[string]uint64{}
		encoders := []*key.Encoder{key.NewEncoder(layout, strings), key.NewEncoder(layout, others)}
		for batch := range 6 {
			n := r.IntN(20)
			cols := make([]vector.Column, len(keys))
			class := make([]string, n)
			nulls := make([]bool, n)
			for i, k := range keys {
				entries := make([]int, n)
				for j := range entries {
					entries[j] = r.IntN(k.values.Len+1) - 1
					if entries[j] < 0 {
						class[j] += "null,"
						nulls[j] = true
						continue
					}
					class[j] += fmt.Sprint(k.class[entries[j]], ",")
				}
				cols[i] = shape(r, k, entries)
			}
			var sel vector.Selection
			if r.IntN(2) == 0 {
				sel = vector.Selection{}
				for j := range n {
					if r.IntN(2) == 0 {
						sel = append(sel, uint32(j))
					}
				}
			}
			var b key.Block
			e := encoders[batch%2]
			if err := e.Encode(cols, n, sel, &b); err != nil {
				t.Fatal(err)
			}
			for i := range b.N {
				j := i
				if sel != nil {
					j = int(sel[i])
				}
				if got := b.Nulls != nil && b.Nulls.Get(i); got != nulls[j] {
					t.Fatalf("seed %d: null of %s is %v", seed, class[j], got)
				}
				if h, ok := hashes[class[j]]; ok && h != b.Hashes[i] {
					t.Fatalf("seed %d: two hashes for %s", seed, class[j])
				}
				hashes[class[j]] = b.Hashes[i]
				words := b.Words[i*layout.Words() : (i+1)*layout.Words()]
				if layout.Hash(words, e.Strings()) != b.Hashes[i] {
					t.Fatalf("seed %d: Hash and Encode differ on %s", seed, class[j])
				}
				if batch%2 == 0 {
					rows = append(rows, row{class[j], fmt.Sprint(words)})
				}
			}
		}
		for _, a := range rows {
			for _, b := range rows {
				if (a.class == b.class) != (a.words == b.words) {
					t.Fatalf("seed %d: keys %s and %s have words %s and %s (types %v)", seed, a.class, b.class, a.words, b.words, types)
				}
			}
		}
		strings.Close()
		others.Close()
		if account.UsedBytes() != 0 {
			t.Fatalf("%d bytes left in the account", account.UsedBytes())
		}
	}
}

func TestColumnGivesKeysBack(t *testing.T) {
	for _, s := range samples() {
		layout := key.NewLayout([]expr.Type{expr.Of(expr.Bool), s.typ}, []bool{true, true})
		if layout.Lossy(1) {
			continue
		}
		strings := key.NewStrings(nil)
		n := s.values.Len + 1
		at := make(vector.Selection, n)
		for i := 1; i < n; i++ {
			at[i] = uint32(i - 1)
		}
		c := vector.Gather(&s.values, at)
		c.Valid = vector.NewBitmapSet(n)
		c.Valid.Clear(0)
		var b key.Block
		flags := vector.Const(vector.Flat(vector.Bool, []uint8{1}, nil), n)
		if err := key.NewEncoder(layout, strings).Encode([]vector.Column{flags, c}, n, nil, &b); err != nil {
			t.Fatal(err)
		}
		got := layout.Column(1, b.Words, n, strings)
		for i := range n {
			want, have := key.AppendValue(nil, &c, i), key.AppendValue(nil, &got, i)
			if string(want) != string(have) {
				t.Errorf("%s row %d: % x came back as % x", s.typ, i, want, have)
			}
		}
	}
}

func TestLookupMarksUnknownStrings(t *testing.T) {
	layout := key.NewLayout([]expr.Type{expr.Of(expr.Text), expr.Of(expr.Int4)}, []bool{false, false})
	strings := key.NewStrings(nil)
	build := []vector.Column{texts("x", "y"), vector.Flat(vector.Int32, []int32{1, 2}, nil)}
	var in, out key.Block
	if err := key.NewEncoder(layout, strings).Encode(build, 2, nil, &in); err != nil {
		t.Fatal(err)
	}
	dict := &vector.Dict{Values: texts("z", "y", "x")}
	probe := []vector.Column{
		{Kind: vector.String, Width: 1, Len: 4, Dict: dict, Data: []byte{0, 1, 2, 0}, Valid: vector.Bitmap{0b0111}},
		vector.Flat(vector.Int32, []int32{1, 2, 1, 1}, nil),
	}
	e := key.NewEncoder(layout, strings)
	for range 2 { // the second time from the encoder's memory
		if err := e.Lookup(probe, 4, nil, &out); err != nil {
			t.Fatal(err)
		}
		if out.Misses == nil || out.Misses[0] != 0b0001 {
			t.Errorf("misses are %b", out.Misses)
		}
		if out.Nulls == nil || out.Nulls[0] != 0b1000 {
			t.Errorf("nulls are %b", out.Nulls)
		}
		if out.Words[1] != in.Words[1] || out.Words[2] != in.Words[0] || out.Hashes[1] != in.Hashes[1] {
			t.Errorf("known rows differ: %x, want %x", out.Words, in.Words)
		}
	}
	if strings.Len() != 3 {
		t.Errorf("lookup interned: %d ids", strings.Len())
	}
}

func TestInterningStopsAtTheBudget(t *testing.T) {
	account := memory.NewLedger(1 << 20).NewAccount("test")
	s := key.NewStrings(account)
	var err error
	for i := 0; err == nil && i < 1<<20; i++ {
		b := fmt.Appendf(nil, "string number %d", i)
		_, err = s.Intern(b, key.HashBytes(b))
	}
	if err == nil {
		t.Error("a million strings fit into a mebibyte")
	}
	s.Close()
	if account.UsedBytes() != 0 {
		t.Errorf("%d bytes left in the account", account.UsedBytes())
	}
}

// TestLookupsRunAtTheSameTime is for the race detector: instances of a join probe
// one table, each with an encoder and dictionaries of its own.
func TestLookupsRunAtTheSameTime(t *testing.T) {
	account := memory.NewLedger(0).NewAccount("test")
	layout := key.NewLayout([]expr.Type{expr.Of(expr.Text)}, []bool{false})
	strings := key.NewStrings(account)
	var in key.Block
	if err := key.NewEncoder(layout, strings).Encode([]vector.Column{texts("x", "y")}, 2, nil, &in); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			e := key.NewEncoder(layout, strings)
			var out key.Block
			for range 20 {
				dict := &vector.Dict{Values: texts("z", "y")}
				probe := []vector.Column{{Kind: vector.String, Width: 1, Len: 2, Dict: dict, Data: []byte{0, 1}}}
				if err := e.Lookup(probe, 2, nil, &out); err != nil {
					t.Error(err)
				} else if out.Misses[0] != 0b01 || out.Words[1] != in.Words[1] {
					t.Errorf("misses are %b, words %x", out.Misses, out.Words)
				}
			}
		})
	}
	all.Wait()
	strings.Close()
	if account.UsedBytes() != 0 {
		t.Errorf("%d bytes left in the account", account.UsedBytes())
	}
}
