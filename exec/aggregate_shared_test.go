package exec

import (
	"fmt"
	"sync"
	"testing"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// A table of one instance is given out by some and merged by others at the same time,
// where its groups are found by value: each must find its states as they are.
func TestATableIsGivenOutAndMergedAtOnce(t *testing.T) {
	const groups, repeats = 300, 4
	text, number := expr.Of(expr.Text), expr.Of(expr.Int8)
	numbers := &expr.Column{Typ: number}
	sep := expr.NewLiteral(expr.Str(","), text)
	for _, call := range []expr.Aggregate{
		{Func: "count", Distinct: true, Typ: number, Args: []expr.Expr{numbers}},
		{Func: "array_agg", Distinct: true, Typ: number, Args: []expr.Expr{numbers}},
		{Func: "string_agg", Typ: text, Args: []expr.Expr{&expr.Column{Typ: text}, sep}},
	} {
		for _, unique := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, unique %v", call, unique), func(t *testing.T) {
				table, want := filled(t, call, groups, repeats, unique)
				at := numbered(0, groups)
				var all sync.WaitGroup
				for i := range 6 {
					all.Go(func() {
						from := table
						if i%2 == 1 {
							var err error
							if from, err = newAccumulator(call, &budget{}); err == nil {
								err = from.grow(groups)
							}
							if err == nil {
								err = from.merge(table, at, at)
							}
							if err != nil {
								t.Error(err)
								return
							}
						}
						cols, err := from.columns(0, groups)
						if err != nil {
							t.Error(err)
							return
						}
						if got := sizes(&cols[0]); fmt.Sprint(got) != fmt.Sprint(want) {
							t.Errorf("instance %d has %v, want %v", i, got, want)
						}
					})
				}
				all.Wait()
			})
		}
	}
}

// filled is the state of a call after each group met a few values, each of them twice,
// and the size of each group's result.
func filled(t *testing.T, call expr.Aggregate, groups, repeats int, unique bool) (accumulator, []int) {
	t.Helper()
	a, err := newAccumulator(call, &budget{})
	if err == nil {
		err = a.grow(groups)
	}
	if err != nil {
		t.Fatal(err)
	}
	d, isDistinct := a.(*distinct)
	if isDistinct {
		d.set.unique = unique
	}
	want := make([]int, groups)
	for round := range 2 {
		var values, gids []uint32
		var numbers []int64
		var texts vector.StringBuilder
		for i := range groups * repeats {
			g := i % groups
			if n := i / groups; n > g%repeats {
				continue
			}
			values, gids = append(values, uint32(len(values))), append(gids, uint32(g))
			numbers = append(numbers, int64(i))
			texts.AppendString("a text")
			switch {
			case !isDistinct && (round > 0 || i >= groups):
				want[g] += len(",a text")
			case !isDistinct:
				want[g] += len("a text")
			case round == 0:
				want[g]++
			}
		}
		in := addition{n: len(gids), gids: gids, sel: values, scratch: &scratch{}}
		in.cols = []vector.Column{vector.Flat(vector.Int64, numbers, nil)}
		switch {
		case !isDistinct:
			var sep vector.StringBuilder
			sep.AppendString(",")
			in.cols = []vector.Column{texts.Column(nil), vector.Const(sep.Column(nil), len(gids))}
		case len(d.order) > 0:
			in.cols = append(in.cols, in.cols[0])
		}
		if err := a.add(&in); err != nil {
			t.Fatal(err)
		}
	}
	return a, want
}

// sizes is the numbers of a column, or how long its lists or texts are.
func sizes(c *vector.Column) []int {
	out := make([]int, c.Len)
	for i := range out {
		switch c.Kind {
		case vector.List:
			out[i] = int(c.Offsets()[i+1] - c.Offsets()[i])
		case vector.String:
			out[i] = int(c.Views()[i].Len)
		default:
			out[i] = int(c.Int64s()[i])
		}
	}
	return out
}
