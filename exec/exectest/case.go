package exectest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/skein-query/skein/internal/sqlerr"
	"github.com/skein-query/skein/planner/expr"
	"github.com/skein-query/skein/planner/physical"
)

// Table is one input: columns (see Columns) and rows of text (see parseRow).
type Table struct {
	Columns string
	Rows    []string
}

// Case is a test of an operator, or of several.
type Case struct {
	Inputs []Table
	// Plan makes the plan over scans of the inputs. It is called once per run.
	Plan func(inputs ...physical.Node) physical.Node
	Want []string // the rows that must come out
	// Ordered: they come in this order, from one instance. Else in any order.
	Ordered bool
	// Code is the error that must come out in place of rows.
	Code sqlerr.Code
	// OneInstance says why the rows depend on the number of instances, or on how
	// rows are spread over them; such a case runs with one instance only.
	OneInstance string
	// Large says why so many rows are needed that only large batches are tried.
	Large string
	// SpillBytes is what a Large case may hold before it spills; 0: 300,000.
	SpillBytes int64
	// Approximate says why numbers need to agree only to 12 digits, and numerics to
	// the digits that the shorter one has.
	Approximate string
	// Any says why the rows are not determined: only their number is looked at.
	Any string
}

var (
	batchSizes = []int{1, 2, 3, 1024}
	instances  = []int{1, 2, 3}
)

// Run runs a case under all variations.
func Run(t *testing.T, c Case) {
	t.Helper()
	leaks := goleak.IgnoreCurrent()
	defer func() {
		if err := goleak.Find(leaks); err != nil {
			t.Errorf("goroutines are left after Close: %v", err)
		}
	}()
	counts := instances
	if c.OneInstance != "" {
		counts = instances[:1]
	}
	sizes, seeds := batchSizes, uint64(3)
	if c.Large != "" {
		sizes, seeds = sizes[len(sizes)-1:], 2
	}
	tables := parseTables(c.Inputs)
	for _, n := range counts {
		for _, size := range sizes {
			for seed := range seeds {
				v := variation{instances: n, batchRows: size, seed: seed, plain: seed == 0}
				t.Run(v.String(), func(t *testing.T) { c.check(t, v, c.run(t, tables, v)) })
			}
		}
		c.runSpilling(t, tables, n, sizes)
		c.runTrouble(t, tables, variation{instances: n, batchRows: sizes[min(1, len(sizes)-1)], seed: uint64(n)})
	}
}

// variation is one way to run a case.
type variation struct {
	instances  int
	batchRows  int
	seed       uint64
	plain      bool  // inputs are flat and without selections
	failAfter  int   // the inputs' batch number, from 1, that is an error in its place
	cancelAt   int   // likewise, at which the context is cancelled
	stopAfter  int   // the first instance closes after so many batches, plus one
	limitBytes int64 // of the ledger
	spillBytes int64 // what an operator may hold before it spills; 0: none spills
	spillFails int   // the operation of the spill store that is an error, from 1
	spillError sqlerr.Code
}

func (v variation) String() string {
	s := fmt.Sprintf("%d instances, %d rows, seed %d", v.instances, v.batchRows, v.seed)
	for _, p := range []struct {
		name string
		n    int64
	}{{"input fails at", int64(v.failAfter)}, {"cancel at", int64(v.cancelAt)}, {"stop after", int64(v.stopAfter)}, {"bytes", v.limitBytes},
		{"spill from bytes", v.spillBytes}, {"spill fails at", int64(v.spillFails)}} {
		if p.n > 0 {
			s += fmt.Sprintf(", %s %d", p.name, p.n)
		}
	}
	return s
}

// runSpilling runs the variations in which operators spill, at once or when they have
// some rows, and those in which what they spill to fails.
func (c Case) runSpilling(t *testing.T, tables []tableRows, n int, sizes []int) {
	small, large := sizes[min(1, len(sizes)-1)], sizes[len(sizes)-1]
	limits, fails, ats := []int64{1, 12_000}, []int{1, 2, 9, 28}, []int{1, 2, 3}
	if c.Large != "" {
		limits, fails, ats = []int64{cmp.Or(c.SpillBytes, 300_000)}, []int{40}, nil
	}
	for i, limit := range limits {
		v := variation{instances: n, batchRows: []int{large, small}[i], seed: uint64(i + n), spillBytes: limit}
		t.Run(v.String(), func(t *testing.T) { c.check(t, v, c.run(t, tables, v)) })
	}
	v := variation{instances: n, batchRows: large, seed: uint64(n), spillBytes: limits[0]}
	for _, at := range fails {
		for _, code := range []sqlerr.Code{sqlerr.DiskFull, sqlerr.DataCorrupted}[:1+at%2] {
			v := v
			v.spillFails, v.spillError = at, code
			t.Run(v.String(), func(t *testing.T) {
				r := c.run(t, tables, v)
				if r.err == nil {
					c.check(t, v, r) // the plan has not so many operations
				} else if got := sqlerr.CodeOf(r.err); got != code && got != c.Code {
					t.Errorf("error is %v, want code %s", r.err, code)
				}
			})
		}
	}
	for _, at := range ats {
		cancelled, stopped := v, v
		cancelled.cancelAt, stopped.stopAfter = at, at
		t.Run(cancelled.String(), func(t *testing.T) {
			r := c.run(t, tables, cancelled)
			if code := sqlerr.CodeOf(r.err); r.err != nil && code != sqlerr.QueryCanceled && code != c.Code {
				t.Errorf("error is %v, want a cancelled context", r.err)
			}
		})
		t.Run(stopped.String(), func(t *testing.T) {
			if r := c.run(t, tables, stopped); r.err != nil && sqlerr.CodeOf(r.err) != c.Code {
				t.Errorf("an instance that stops makes another fail: %v", r.err)
			}
		})
	}
}

// runTrouble runs the variations in which something goes wrong.
func (c Case) runTrouble(t *testing.T, tables []tableRows, v variation) {
	first, limits := 1, []int64{1, 5_000, 30_000, 200_000}
	if c.Large != "" {
		first, limits = 3, []int64{500_000}
	}
	for at := first; at <= 3; at++ {
		fails, cancelled, stopped := v, v, v
		fails.failAfter, cancelled.cancelAt, stopped.stopAfter = at, at, at
		t.Run(fails.String(), func(t *testing.T) {
			r := c.run(t, tables, fails)
			if r.err == nil {
				c.check(t, fails, r) // the plan did not need to read so far
			} else if r.err.Error() != errInput.Error() && !strings.Contains(r.err.Error(), errInput.Error()) && sqlerr.CodeOf(r.err) != c.Code {
				t.Errorf("error is %v, want %v", r.err, errInput)
			}
		})
		t.Run(cancelled.String(), func(t *testing.T) {
			r := c.run(t, tables, cancelled)
			if r.err == nil {
				c.check(t, cancelled, r)
			} else if sqlerr.CodeOf(r.err) != sqlerr.QueryCanceled && sqlerr.CodeOf(r.err) != c.Code {
				t.Errorf("error is %v, want a cancelled context", r.err)
			}
		})
		t.Run(stopped.String(), func(t *testing.T) {
			if r := c.run(t, tables, stopped); r.err != nil && sqlerr.CodeOf(r.err) != c.Code {
				t.Errorf("an instance that stops makes another fail: %v", r.err)
			}
		})
	}
	for _, limit := range limits {
		v := v
		v.limitBytes = limit
		t.Run(v.String(), func(t *testing.T) {
			r := c.run(t, tables, v)
			if r.err == nil {
				c.check(t, v, r)
			} else if code := sqlerr.CodeOf(r.err); code != sqlerr.OutOfMemory && code != c.Code {
				t.Errorf("error is %v, want out of memory", r.err)
			}
		})
	}
}

// check compares what a run gave with what the case wants.
func (c Case) check(t *testing.T, v variation, r result) {
	t.Helper()
	if c.Code != "" {
		if sqlerr.CodeOf(r.err) != c.Code || r.err == nil {
			t.Errorf("error is %v, want code %s", r.err, c.Code)
		}
		return
	}
	if r.err != nil {
		t.Errorf("error: %v", r.err)
		return
	}
	want, got := slices.Clone(c.Want), r.rows
	for i, row := range want { // in the form that rows are printed in
		want[i] = strings.Join(splitRow(row), " ")
	}
	if c.Any != "" {
		if len(got) != len(want) {
			t.Errorf("%d rows, want %d", len(got), len(want))
		}
		return
	}
	if c.Ordered {
		if r.sources > 1 {
			t.Errorf("%d instances gave ordered rows", r.sources)
		}
	} else {
		slices.Sort(want)
		slices.Sort(got)
	}
	equal := func(a, b string) bool { return a == b }
	if c.Approximate != "" {
		equal = agree
	}
	if !slices.EqualFunc(got, want, equal) {
		t.Errorf("rows are\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// Random is a table of n rows drawn from few values per column, one in five of a
// nullable column NULL: so keys repeat and meet.
func Random(columns string, n int, seed uint64) Table {
	r := rand.New(rand.NewPCG(seed, 7))
	fields := Columns(columns)
	t := Table{Columns: columns, Rows: make([]string, n)}
	for i := range t.Rows {
		row := make([]expr.Value, len(fields))
		for j, f := range fields {
			if f.Nullable && r.IntN(5) == 0 {
				row[j] = expr.Null
				continue
			}
			row[j] = randomValue(r, f.Type)
		}
		t.Rows[i] = formatRow(row, fields)
	}
	return t
}

func randomValue(r *rand.Rand, t expr.Type) expr.Value {
	n := int64(r.IntN(7) - 3)
	switch t.Kind {
	case expr.Bool:
		return expr.Int(n & 1)
	case expr.Numeric:
		if t.IsWide() && r.IntN(3) == 0 {
			return expr.Value{I: n * 1_000_003, Hi: n} // more than 64 bits
		}
		return expr.Decimal64(n)
	case expr.Float4, expr.Float8:
		return expr.Float(float64(n) / 2)
	case expr.Text, expr.Char, expr.Bytea:
		words := []string{"", "a", "b", "a b", "a string longer than a view", "a string longer than a vieW", "zz"}
		return expr.Str(words[n+3])
	case expr.Interval:
		return expr.IntervalValue(int32(n), int32(-n), n*1000)
	}
	return expr.Int(n)
}

// Tuples is a table's rows as values, for tests that compute what they want.
func (t Table) Tuples() [][]expr.Value {
	fields := Columns(t.Columns)
	out := make([][]expr.Value, len(t.Rows))
	for i, row := range t.Rows {
		out[i] = parseRow(row, fields)
	}
	return out
}

// Format is a row of values as it stands in Want.
func Format(values []expr.Value, fields []expr.Field) string { return formatRow(values, fields) }
