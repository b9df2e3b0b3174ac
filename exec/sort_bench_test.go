package exec_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// textColumn is n texts, all in one dictionary of the distinct ones if dict is set.
func textColumn(n int, dict bool, text func(i int) string) vector.Column {
	var b vector.StringBuilder
	if !dict {
		for i := range n {
			b.AppendString(text(i))
		}
		return b.Column(nil)
	}
	codes, known := make([]uint32, n), map[string]uint32{}
	for i := range codes {
		s := text(i)
		code, ok := known[s]
		if !ok {
			code = uint32(len(known))
			known[s] = code
			b.AppendString(s)
		}
		codes[i] = code
	}
	return vector.Column{Kind: vector.String, Width: 4, Len: n, Data: vector.BytesOf(codes), Dict: &vector.Dict{Values: b.Column(nil)}}
}

// BenchmarkSort sorts a million rows in two instances.
func BenchmarkSort(b *testing.B) {
	const rows = 1 << 20
	rng := rand.New(rand.NewPCG(1, 2))
	ints := func(values int64) vector.Column {
		out := make([]int64, rows)
		for i := range out {
			out[i] = rng.Int64N(values)
		}
		return vector.Flat(vector.Int64, out, nil)
	}
	name := func(int) string { return fmt.Sprintf("Customer#%09d", rng.IntN(rows)) }
	kind := func(int) string { return fmt.Sprintf("STANDARD ANODIZED %02d", rng.IntN(25)) }
	for _, shape := range []struct {
		name string
		cols []vector.Column // all are keys
	}{
		{"bigints", []vector.Column{ints(1 << 62)}},
		{"numbers of a million", []vector.Column{ints(1 << 20)}},
		{"few and many", []vector.Column{ints(10), ints(50), ints(1 << 40)}},
		{"texts", []vector.Column{textColumn(rows, false, name)}},
		{"few texts", []vector.Column{ints(50), textColumn(rows, true, kind), textColumn(rows, true, kind), ints(50)}},
		{"few texts, plain", []vector.Column{ints(50), textColumn(rows, false, kind), textColumn(rows, false, kind), ints(50)}},
	} {
		fields, node := make([]expr.Field, len(shape.cols)), &physical.Sort{}
		for i, c := range shape.cols {
			fields[i] = expr.Field{Name: fmt.Sprint("c", i), Type: expr.Of(expr.Int8)}
			if c.Kind == vector.String {
				fields[i].Type = expr.Of(expr.Text)
			}
			node.Keys = append(node.Keys, expr.SortKey{Expr: &expr.Column{ID: expr.ColumnID(i), Typ: fields[i].Type}})
		}
		node.Input = scanOf("t", fields)
		b.Run(shape.name, func(b *testing.B) {
			for b.Loop() {
				if got := runInstances(b, node, map[string][]vector.Column{"t": shape.cols}, 2); got != rows {
					b.Fatalf("%d rows", got)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}
