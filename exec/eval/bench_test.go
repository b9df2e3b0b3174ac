package eval

import (
	"math/rand/v2"
	"testing"

	"github.com/skein-query/skein/exec/memory"
	"github.com/skein-query/skein/exec/vector"
	"github.com/skein-query/skein/planner/expr"
)

// lineitem is a batch of the columns that TPC-H Q1 and Q6 compute with: quantity,
// extendedprice, discount and tax as numeric(15,2), shipdate.
func lineitem() ([]expr.Field, []vector.Column) {
	r := rand.New(rand.NewPCG(1, 2))
	money := expr.NumericOf(15, 2)
	var fields []expr.Field
	var cols []vector.Column
	add := func(name string, least, most int64) {
		v := make([]int64, vector.MaxRows)
		for i := range v {
			v[i] = least + r.Int64N(most-least+1)
		}
		fields = append(fields, expr.Field{Name: name, Type: money})
		cols = append(cols, vector.Flat(vector.Int64, v, nil))
	}
	add("quantity", 100, 5000)
	add("extendedprice", 90000, 10494950)
	add("discount", 0, 10)
	add("tax", 0, 8)
	dates := make([]int32, vector.MaxRows)
	for i := range dates {
		dates[i] = 8036 + r.Int32N(2526)
	}
	return append(fields, expr.Field{Name: "shipdate", Type: expr.Of(expr.Date)}),
		append(cols, vector.Flat(vector.Int32, dates, nil))
}

func columnsOf(fields []expr.Field) func(i int) expr.Expr {
	return func(i int) expr.Expr {
		return &expr.Column{ID: expr.ColumnID(i), Typ: fields[i].Type, Name: fields[i].Name}
	}
}

func BenchmarkQ1Charge(b *testing.B) {
	fields, cols := lineitem()
	c := columnsOf(fields)
	one := func() expr.Expr { return expr.NewLiteral(expr.Int(1), expr.Of(expr.Int4)) }
	charge := bindCall("*", bindCall("*", c(1), bindCall("-", one(), c(2))), bindCall("+", one(), c(3)))
	v, err := New(charge, fields, Options{Pool: memory.NewPool()})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(vector.MaxRows)
	b.ReportAllocs()
	for b.Loop() {
		batch := vector.New(cols, vector.MaxRows)
		if _, err := v.Eval(batch); err != nil {
			b.Fatal(err)
		}
		batch.Cols = nil
		batch.Release()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/vector.MaxRows, "ns/row")
}

func BenchmarkQ6Filter(b *testing.B) {
	fields, cols := lineitem()
	c := columnsOf(fields)
	date := func(s string) expr.Expr {
		return castTo(expr.NewLiteral(expr.Str(s), expr.Of(expr.Unknown)), expr.Of(expr.Date))
	}
	num := func(s string) expr.Expr {
		t, _ := expr.LiteralType(s)
		return expr.NewLiteral(must(expr.ParseValue(s, t)), t)
	}
	conds := []expr.Expr{
		bindCall(">=", c(4), date("1994-01-01")), bindCall("<", c(4), date("1995-01-01")),
		bindCall(">=", c(2), num("0.05")), bindCall("<=", c(2), num("0.07")), bindCall("<", c(0), num("24"))}
	f, err := NewFilter(conds, fields, Options{Pool: memory.NewPool()})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		batch := vector.New(cols, vector.MaxRows)
		if err := f.Apply(batch); err != nil {
			b.Fatal(err)
		}
		batch.Cols = nil
		batch.Release()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/vector.MaxRows, "ns/row")
}
